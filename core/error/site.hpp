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

namespace detail {
/// Where the user called the composite op that this thread is inside of, or, while a rule runs, the op that the rule
/// belongs to; empty elsewhere. Errors and recorded ops name this place instead of one in the library.
Site& call_scope();
}  // namespace detail

/// While it lives, ops recorded and errors raised on this thread carry `site`: composite ops pass on where the user
/// called them. The outermost one counts.
class CallScope {
 public:
  explicit CallScope(const Site& site) : scope_(detail::call_scope()), before_(scope_) {
    if (!before_) scope_ = site;
  }
  ~CallScope() { scope_ = before_; }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  Site& scope_;
  Site before_;
};

}  // namespace xg
