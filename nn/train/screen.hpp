// Lines on a terminal that are drawn again and again in the same place.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "terminal.hpp"

namespace xg::nn::detail {

/// The cursor is hidden only while lines are drawn, and rests below them: whatever ends the program, the terminal is
/// left as it should be.
class Screen {
 public:
  explicit Screen(std::FILE* out) : out_(out) {}

  /// Draws the lines over those drawn before, cut to the terminal's width. After a change of the terminal's size the
  /// screen is cleared, since nobody knows what became of the old lines.
  void draw(const std::vector<std::string>& lines);
  TerminalSize size() const { return terminal_size(out_); }

 private:
  std::FILE* out_;
  TerminalSize known_;
  std::size_t drawn_ = 0;
};

}  // namespace xg::nn::detail
