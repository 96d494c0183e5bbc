// A place in the user's code. Every op takes one by default argument, so errors and reports can name the user's line.
#pragma once

namespace xg {

/// A source location: file, function and line of the caller. `Site::here()` as a default argument is the call's own
/// place, on g++ and clang (clang 14 has no std::source_location).
struct Site {
  const char* file = nullptr;
  const char* function = nullptr;
  int line = 0;

  static constexpr Site here(const char* file = __builtin_FILE(), const char* function = __builtin_FUNCTION(),
                             int line = __builtin_LINE()) {
    return {file, function, line};
  }
  explicit constexpr operator bool() const { return file != nullptr; }
};

}  // namespace xg
