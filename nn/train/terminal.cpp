#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace xg::nn::detail {

bool is_terminal(std::FILE* out) {
  const char* kind = std::getenv("TERM");
  return isatty(fileno(out)) && kind && std::strcmp(kind, "dumb") != 0;
}

TerminalSize terminal_size(std::FILE* out) {
  winsize size{};
  TerminalSize found;
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0) return found;
  if (size.ws_col > 0) found.columns = size.ws_col;
  if (size.ws_row > 0) found.rows = size.ws_row;
  return found;
}

std::string clock(double seconds) {
  if (!(seconds < 360000)) return "--:--";
  auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

std::string bar(double fraction, int width) {
  static const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  width = std::max(width, 0);
  int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 8 * width);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  text += parts[eighths % 8];
  int used = eighths / 8 + (eighths % 8 ? 1 : 0);
  return text + std::string(static_cast<std::size_t>(width - used), ' ');
}

std::string spark(const std::vector<double>& values, int width) {
  static const char* heights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::size_t room = static_cast<std::size_t>(std::max(width, 0)), cells = std::min(values.size(), room);
  auto value = [&](std::size_t cell) { return values[cells > 1 ? cell * (values.size() - 1) / (cells - 1) : 0]; };
  auto shown = [](double value) { return std::isfinite(value) && value > 0; };
  double low = INFINITY, high = -INFINITY;
  for (std::size_t i = 0; i < cells; ++i)
    if (shown(value(i))) low = std::min(low, std::log(value(i))), high = std::max(high, std::log(value(i)));
  std::string text;
  for (std::size_t i = 0; i < cells; ++i) {
    if (!shown(value(i))) text += ' ';
    else text += heights[high > low ? std::lround(7 * (std::log(value(i)) - low) / (high - low)) : 3];
  }
  return text + std::string(room - cells, ' ');
}

std::string cut(const std::string& text, int columns) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] & 0xc0) != 0x80 && count++ == columns) return text.substr(0, i);
  return text;
}

}  // namespace xg::nn::detail
