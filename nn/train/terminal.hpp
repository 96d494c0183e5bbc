// What progress bars and dashboards need of a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "../../core/inspect/clock.hpp"

namespace xg::nn::detail {

using xg::detail::now;
/// Whether lines can be drawn anew there.
bool is_terminal(std::FILE* out);

struct TerminalSize {
  int columns = 80, rows = 24;
};
/// 80 by 24 where it is not known.
TerminalSize terminal_size(std::FILE* out);

/// "01:23", "1:02:03", "--:--" for no sensible time.
std::string clock(double seconds);
/// `width` cells, filled to an eighth of a cell.
std::string bar(double fraction, int width);
/// Bars of eight heights, scaled by logarithms, in `width` cells; a blank for what is not finite or not positive. Of
/// more values than cells some are left out.
std::string spark(const std::vector<double>& values, int width);
/// The first `columns` characters of UTF-8 text.
std::string cut(const std::string& text, int columns);

}  // namespace xg::nn::detail
