// What a call complains about.
#pragma once

#include <string>

/// The first line of the E that `f` throws; "" when it throws none. If `place` is given, some line must contain it:
/// the user's file.
template <class E, class F>
std::string message(const F& f, const std::string& place = "") {
  try {
    f();
  } catch (const E& error) {
    std::string text = error.what();
    if (text.find(place) == std::string::npos) return "no mention of " + place + " in: " + text;
    return text.substr(0, text.find('\n'));
  }
  return "";
}
