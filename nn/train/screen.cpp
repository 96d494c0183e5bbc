#include "screen.hpp"

#include <algorithm>

namespace xg::nn::detail {

void Screen::draw(const std::vector<std::string>& lines) {
  TerminalSize now = size();
  std::string text = "\x1b[?25l";
  if (drawn_ > 0) {
    if (now.columns != known_.columns || now.rows != known_.rows) text += "\x1b[2J\x1b[H";
    else text += "\x1b[" + std::to_string(drawn_) + "A\r";
  }
  known_ = now;
  // The last row stays free for the cursor, so that nothing scrolls.
  drawn_ = std::min(lines.size(), static_cast<std::size_t>(std::max(now.rows - 1, 1)));
  for (std::size_t i = 0; i < drawn_; ++i) text += cut(lines[i], now.columns) + "\x1b[K\n";
  text += "\x1b[J\x1b[?25h";
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace xg::nn::detail
