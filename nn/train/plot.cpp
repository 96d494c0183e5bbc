#include "plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "axis.hpp"
#include "number.hpp"

namespace xg::nn {
namespace {

using detail::Scale;
using detail::Ticks;

/// Dots in cells of two columns and four rows, shown as braille characters.
class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width), height_(height), cells_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}
  int columns() const { return 2 * width_; }
  int rows() const { return 4 * height_; }

  void dot(int x, int y) {
    static constexpr std::uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    cells_[static_cast<std::size_t>(y / 4 * width_ + x / 2)] |= bits[y % 4][x % 2];
  }
  std::string line(int row) const {
    std::string text;
    for (int i = 0; i < width_; ++i) {
      std::uint8_t cell =
          cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(i)];
      if (cell) text += {'\xe2', static_cast<char>(0xa0 + (cell >> 6)), static_cast<char>(0x80 + (cell & 63))};
      else text += ' ';
    }
    return text;
  }

 private:
  int width_, height_;
  std::vector<std::uint8_t> cells_;
};

/// Dots on the way from one point to the next; `drawn` counts them, for dots and dashes.
void draw_line(Canvas& canvas, int x0, int y0, int x1, int y1, std::size_t style, int& drawn) {
  int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
  for (int i = drawn ? 1 : 0; i <= steps; ++i, ++drawn) {
    bool on = style == 0 || (style == 1 ? drawn % 3 == 0 : drawn % 8 < 4);
    if (!on) continue;
    double part = static_cast<double>(i) / steps;
    canvas.dot(static_cast<int>(std::lround(x0 + part * (x1 - x0))),
               static_cast<int>(std::lround(y0 + part * (y1 - y0))));
  }
}

void draw_curve(Canvas& canvas, const Series& curve, std::size_t points, const Scale& scale, std::size_t style) {
  int before_x = 0, before_y = 0, drawn = 0;
  bool has_before = false;
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    double v = scale.transformed(curve.values[i]);
    if (!std::isfinite(v)) {
      has_before = false;
      continue;
    }
    double along = points > 1 ? static_cast<double>(i) / static_cast<double>(points - 1) : 0;
    int x = static_cast<int>(std::lround(along * (canvas.columns() - 1)));
    int y = static_cast<int>(std::lround((1 - scale.place(v)) * (canvas.rows() - 1)));
    if (has_before) draw_line(canvas, before_x, before_y, x, y, style, drawn);
    else canvas.dot(x, y);
    before_x = x, before_y = y, has_before = true;
  }
}

/// The axis below the field: a line with its ticks, and a line with their numbers.
std::string abscissa(double first, double last, double spacing, int width, int margin, const std::string& unit) {
  std::string line, numbers(static_cast<std::size_t>(width + margin + 8), ' ');
  std::vector<bool> marked(static_cast<std::size_t>(width));
  Ticks ticks(first, last > first ? last : first + 1, std::max(2, width / 10), spacing);
  std::size_t free_from = 0;
  for (double value : ticks.at) {
    if (value > last + 1e-9 * (last - first)) break;
    double along = last > first ? (value - first) / (last - first) : 0;
    int cell = std::min(width - 1, static_cast<int>(std::lround(along * (2 * width - 1))) / 2);
    std::string label = ticks.label(value);
    std::size_t start = static_cast<std::size_t>(std::max(0, margin + cell - static_cast<int>(label.size()) / 2));
    if (start < free_from) continue;
    marked[static_cast<std::size_t>(cell)] = true;
    numbers.replace(start, label.size(), label);
    free_from = start + label.size() + 2;
  }
  for (bool mark : marked) line += mark ? "┬" : "─";
  numbers.resize(numbers.find_last_not_of(' ') + 1);
  return fmt::format("{:>{}}{}\n{}  {}\n", "└", margin, line, numbers, unit);
}

}  // namespace

std::string plot(const std::vector<Series>& curves, const PlotOptions& options) {
  int width = std::max(options.width, 10), height = std::max(options.height, 3);
  Scale scale(curves, options.logarithmic, std::max(2, height / 2));
  std::size_t points = 0;
  for (const Series& curve : curves) points = std::max(points, curve.values.size());
  Canvas canvas(width, height);
  for (std::size_t k = 0; k < curves.size(); ++k) draw_curve(canvas, curves[k], points, scale, k % 3);

  std::size_t label_width = 0;
  std::vector<std::string> labels(static_cast<std::size_t>(height));
  for (const auto& [place, label] : scale.ticks) {
    auto row = static_cast<std::size_t>(std::lround((1 - place) * (canvas.rows() - 1)) / 4);
    if (labels[row].empty()) labels[row] = label;
    label_width = std::max(label_width, label.size());
  }
  std::string text = fmt::format("{:>{}}\n", options.title, std::max(label_width + 2, options.title.size()));
  for (int row = 0; row < height; ++row) {
    const std::string& label = labels[static_cast<std::size_t>(row)];
    std::string line = canvas.line(row);
    line.resize(line.find_last_not_of(' ') + 1);
    text += fmt::format("{:>{}} {}{}\n", label, label_width, label.empty() ? "│" : "┤", line);
  }
  int margin = static_cast<int>(label_width) + 2;
  double first = options.first, last = first + options.spacing * static_cast<double>(points > 0 ? points - 1 : 0);
  text += abscissa(first, last, options.spacing, width, margin, options.unit);
  static const char* strokes[] = {"──", "┈┈", "╌╌"};
  text += std::string(static_cast<std::size_t>(margin), ' ');
  for (std::size_t k = 0; k < curves.size(); ++k) {
    text += fmt::format("{}{} {}", k ? "    " : "", strokes[k % 3], curves[k].name);
    if (!curves[k].values.empty()) text += "  " + steady_number(curves[k].values.back());
  }
  return text + "\n";
}

}  // namespace xg::nn
