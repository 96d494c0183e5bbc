// Reading UTF-8 with care.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace xg::nn::data {

/// Length of the UTF-8 sequence that `text` starts with, or 0. No overlong forms, surrogates, or more than U+10FFFF.
inline std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return text.empty() ? 0 : 1;
  std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                       : (first & 0xf0) == 0xe0         ? 3
                       : first >= 0xf0 && first <= 0xf4 ? 4
                                                        : 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
      (first == 0xf4 && second > 0x8f))
    return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length;
}

/// Where `text` stops being UTF-8; npos if it does not.
inline std::size_t find_not_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

/// Calls f(character, byte) for each character (code point); for a byte that is not UTF-8, with that byte.
template <class F>
void each_character(std::string_view text, const F& f) {
  for (std::size_t at = 0; at < text.size();) {
    std::string_view character = text.substr(at, std::max<std::size_t>(utf8_length(text.substr(at)), 1));
    f(character, at);
    at += character.size();
  }
}

}  // namespace xg::nn::data
