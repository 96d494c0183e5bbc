// What a call complains about.
#pragma once

#include <string>

/// All that the E that `f` throws says; "" when it throws none.
template <class E, class F>
std::string whole_message(const F& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

/// Its first line. If `place` is given, some line must contain it: the user's file.
template <class E, class F>
std::string message(const F& f, const std::string& place = "") {
  std::string text = whole_message<E>(f);
  if (!text.empty() && text.find(place) == std::string::npos) return "no mention of " + place + " in: " + text;
  return text.substr(0, text.find('\n'));
}
