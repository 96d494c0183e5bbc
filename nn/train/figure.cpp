#include "figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../../core/error/error.hpp"
#include "../data/atomic_file.hpp"
#include "axis.hpp"
#include "number.hpp"

namespace xg::nn {
namespace {

constexpr int panel_width = 520, panel_height = 420, title_height = 40, head = 34, line = 20;

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '&') result += "&amp;";
    else if (c == '"') result += "&quot;";
    else result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result;
}

/// `anchor` is start, middle or end.
std::string label(double x, double y, const std::string& text, const char* anchor = "start", const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escaped(text));
}

std::string heading(const std::string& title) {
  return label(panel_width / 2.0, 22, title, "middle", " font-size=\"15\" font-weight=\"bold\"");
}

std::string stroke(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" {}/>\n", x1, y1, x2, y2, style);
}

struct Style {
  const char* colour;
  const char* dashes;
};
Style style(std::size_t curve) {
  static constexpr const char* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
  static constexpr const char* dashes[] = {"none", "7 4", "2 3", "9 3 2 3"};
  return {colours[curve % 6], dashes[curve % 4]};
}

/// Where the curves stand in their panel.
struct Field {
  double left = 66, top = head + line + 6, right = panel_width - 20, bottom = panel_height - 48;
  double x(double along) const { return left + along * (right - left); }
  double y(double up) const { return bottom - up * (bottom - top); }
};

/// A curve, in pieces where values are missing; few points are marked.
std::string curve_path(const Field& field, const Series& curve, std::size_t points, const detail::Scale& scale,
                       const Style& style) {
  std::string path, marks;
  bool gap = true;
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    double v = scale.transformed(curve.values[i]);
    if (!std::isfinite(v)) {
      gap = true;
      continue;
    }
    double along = points > 1 ? static_cast<double>(i) / static_cast<double>(points - 1) : 0;
    double x = field.x(along), y = field.y(scale.place(v));
    path += fmt::format("{}{:.1f} {:.1f}", gap ? "M" : "L", x, y);
    if (points <= 40) marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\"/>", x, y);
    gap = false;
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\" "
      "stroke-linejoin=\"round\"/><g fill=\"{}\">{}</g>\n",
      path, style.colour, style.dashes, style.colour, marks);
}

std::string base64(const std::string& bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto byte = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u; };
    unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// Each pixel as a square of `times` × `times`: viewers differ in how they enlarge.
Tensor enlarged(const Tensor& picture, std::int64_t times) {
  Shape shape = picture.shape();
  bool coloured = shape.size() == 3;
  std::int64_t channels = coloured ? shape[0] : 1, h = shape[shape.size() - 2], w = shape.back();
  Array from = picture.array().reshaped({channels, h, 1, w, 1}).broadcast_to({channels, h, times, w, times});
  return Tensor(coloured ? from.reshaped({channels, h * times, w * times}) : from.reshaped({h * times, w * times}));
}

/// Cells in rows and columns with names.
struct Grid {
  const std::vector<std::string>&rows, &columns;
  double left, top = head + 6, cell;

  Grid(const std::vector<std::string>& rows, const std::vector<std::string>& columns)
      : rows(rows), columns(columns), left(margin(rows)),
        cell(std::min((panel_width - left - 60) / static_cast<double>(columns.size()),
                      (panel_height - top - margin(columns) * 0.75) / static_cast<double>(rows.size()))) {}

  static double margin(const std::vector<std::string>& names) {
    std::size_t longest = 0;
    for (const std::string& name : names) longest = std::max(longest, name.size());
    return std::min(150.0, 24 + 6.2 * static_cast<double>(longest));
  }

  /// `shade` from 0 to 1, and what stands in a cell where there is room.
  template <class Shade, class Text>
  std::string draw(const Shade& shade, const Text& text) const {
    std::string panel;
    double bottom = top + cell * static_cast<double>(rows.size());
    for (std::size_t c = 0; c < columns.size(); ++c)
      panel += fmt::format(
          "<text transform=\"translate({:.1f} {:.1f}) rotate(-40)\" text-anchor=\"end\" font-size=\"11\">{}</text>\n",
          left + (static_cast<double>(c) + 0.5) * cell + 4, bottom + 12, escaped(columns[c]));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double y = top + static_cast<double>(r) * cell;
      panel += label(left - 6, y + cell / 2 + 4, rows[r], "end", " font-size=\"11\"");
      for (std::size_t c = 0; c < columns.size(); ++c) {
        double part = shade(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c));
        // From white to the first curve's blue; the root shows what is rare.
        auto mixed = [&](double full) { return std::lround(255 + std::sqrt(part) * (full - 255)); };
        double x = left + static_cast<double>(c) * cell;
        panel += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"rgb({},{},{})\" stroke=\"#ccc\" "
            "stroke-width=\"0.5\"/>\n",
            x, y, cell, cell, mixed(0), mixed(114), mixed(178));
        std::string words = text(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c));
        if (!words.empty() && cell >= 20)
          panel += label(x + cell / 2, y + cell / 2 + 4, words, "middle",
                         part > 0.3 ? " font-size=\"10\" fill=\"#fff\"" : " font-size=\"10\"");
      }
    }
    return panel;
  }
};

}  // namespace

Figure::Figure(std::string title, int columns, Site site) : title_(std::move(title)), columns_(columns) {
  if (columns < 1)
    Complaint("Figure", fmt::format("there must be at least 1 column, not {}", columns)).at(site).raise<ValueError>();
}

Figure& Figure::curves(const std::vector<Series>& curves, const PlotOptions& options) {
  Field field;
  detail::Scale scale(curves, options.logarithmic, 6);
  std::size_t points = 0;
  for (const Series& curve : curves) points = std::max(points, curve.values.size());
  std::string panel = heading(options.title);

  // The names take as many lines as they need, but leave half of the panel to the curves.
  double x = field.left, y = head;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    std::string name = curves[k].name;
    if (!curves[k].values.empty()) name += fmt::format(" {}", steady_number(curves[k].values.back()));
    double width = 32 + 7.2 * static_cast<double>(name.size());
    if (x > field.left && x + width > field.right) x = field.left, y += line;
    if (y > panel_height / 2.0) break;
    std::string dashes =
        fmt::format("stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"", style(k).colour, style(k).dashes);
    panel += stroke(x, y + 6, x + 26, y + 6, dashes.c_str());
    panel += label(x + 32, y + 10, name);
    x += width + 18;
    field.top = y + line + 6;
  }
  for (const auto& [place, text] : scale.ticks) {
    panel += stroke(field.left, field.y(place), field.right, field.y(place), "stroke=\"#ddd\"");
    panel += label(field.left - 8, field.y(place) + 4, text, "end");
  }
  double first = options.first, last = first + options.spacing * static_cast<double>(points > 0 ? points - 1 : 0);
  detail::Ticks ticks(first, last > first ? last : first + 1, 8, options.spacing);
  for (double value : ticks.at) {
    if (value > last + 1e-9 * (last - first)) continue;
    double x = field.x(last > first ? (value - first) / (last - first) : 0);
    panel += stroke(x, field.bottom, x, field.bottom + 5, "stroke=\"#333\"");
    panel += label(x, field.bottom + 20, ticks.label(value), "middle");
  }
  panel += stroke(field.left, field.bottom, field.right, field.bottom, "stroke=\"#333\"");
  panel += label((field.left + field.right) / 2, field.bottom + 38, options.unit, "middle");

  for (std::size_t k = 0; k < curves.size(); ++k) panel += curve_path(field, curves[k], points, scale, style(k));
  panels_.push_back(std::move(panel));
  return *this;
}

Figure& Figure::images(const std::string& title, const Operand& pictures, const TileOptions& options) {
  Tensor tiles = tile(pictures, options);
  std::int64_t w = tiles.shape().back(), h = tiles.shape()[tiles.shape().size() - 2];
  double room_x = panel_width - 40, room_y = panel_height - head - 30;
  double times = std::min(room_x / static_cast<double>(w), room_y / static_cast<double>(h));
  std::string file = png(enlarged(tiles, std::clamp<std::int64_t>(std::lround(2 * times), 1, 32)));
  double width = times * static_cast<double>(w), height = times * static_cast<double>(h);
  panels_.push_back(heading(title) + fmt::format("<image x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                                                 "href=\"data:image/png;base64,{}\"/>\n",
                                                 (panel_width - width) / 2, head + 8, width, height, base64(file)));
  return *this;
}

Figure& Figure::matrix(const std::string& title, const ConfusionMatrix& confusion) {
  std::int64_t n = confusion.classes();
  std::vector<double> totals(static_cast<std::size_t>(n));
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t c = 0; c < n; ++c)
      totals[static_cast<std::size_t>(r)] += static_cast<double>(confusion.count(r, c));
  auto shade = [&](std::int64_t r, std::int64_t c) {
    double total = totals[static_cast<std::size_t>(r)];
    return total > 0 ? static_cast<double>(confusion.count(r, c)) / total : 0;
  };
  auto text = [&](std::int64_t r, std::int64_t c) {
    return confusion.count(r, c) > 0 ? std::to_string(confusion.count(r, c)) : "";
  };
  Grid grid(confusion.names(), confusion.names());
  double size = grid.cell * static_cast<double>(n);
  std::string panel = heading(title) + grid.draw(shade, text);
  panel += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(90)\" text-anchor=\"middle\">label</text>\n",
                       grid.left + size + 12, grid.top + size / 2);
  panel += label(grid.left + size / 2, panel_height - 8, "prediction", "middle");
  panels_.push_back(std::move(panel));
  return *this;
}

Figure& Figure::matrix(const std::string& title, const Operand& values, const std::vector<std::string>& rows,
                       const std::vector<std::string>& columns) {
  Shape named{std::ssize(rows), std::ssize(columns)};
  if (values.shape() != named || named.elements() == 0)
    Complaint("Figure::matrix", fmt::format("the values have shape {}, and {} rows and {} columns have names",
                                            to_string(values.shape()), rows.size(), columns.size()))
        .fact("values", describe(values))
        .at(values.site())
        .raise<ShapeError>();
  std::vector<double> numbers = values.tensor().to_vector();
  double most = 0;
  for (double& x : numbers) most = std::max(most, x = std::isfinite(x) ? std::max(x, 0.0) : 0);
  auto shade = [&](std::int64_t r, std::int64_t c) {
    return most > 0 ? numbers[static_cast<std::size_t>(r * named[1] + c)] / most : 0;
  };
  panels_.push_back(heading(title) + Grid(rows, columns).draw(shade, [](std::int64_t, std::int64_t) { return ""; }));
  return *this;
}

std::string Figure::svg() const {
  int count = static_cast<int>(panels_.size()), columns = std::clamp(count, 1, columns_);
  int top = title_.empty() ? 0 : title_height, width = columns * panel_width;
  int height = top + (count + columns - 1) / columns * panel_height;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n<rect width=\"{0}\" height=\"{1}\" "
      "fill=\"#fff\"/>\n",
      width, height);
  if (top) text += label(width / 2.0, 28, title_, "middle", " font-size=\"18\" font-weight=\"bold\"");
  for (int i = 0; i < count; ++i)
    text += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", i % columns * panel_width,
                        top + i / columns * panel_height, panels_[static_cast<std::size_t>(i)]);
  return text + "</svg>\n";
}

void Figure::write(const std::string& path, Site site) const { data::write_file({"Figure", path, site}, svg()); }

}  // namespace xg::nn
