#include "dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../../core/array/memory.hpp"
#include "../../core/inspect/table.hpp"
#include "number.hpp"
#include "plot.hpp"
#include "terminal.hpp"

namespace xg::nn::detail {
namespace {

std::string count(std::int64_t done, std::int64_t all) {
  return all > 0 ? fmt::format("{:>{}}/{}", done, std::to_string(all).size(), all) : fmt::format("{}", done);
}

std::string rate(double per_second, const char* what) {
  return per_second < 1000 ? fmt::format("{:.3g} {}/s", per_second, what)
                           : fmt::format("{:.0f} {}/s", per_second, what);
}

std::string times(const DashboardState& state) {
  return state.steps > 0 ? clock(state.elapsed) + "<" + clock(state.seconds_left()) : clock(state.elapsed);
}

std::string numbers(const DashboardState& state) {
  std::string text;
  for (const Scalar& scalar : state.shown)
    text += inspect::one_line(scalar.name) + " " + steady_number(scalar.value) + "  ";
  text += "lr " + steady_number(state.learning_rate);
  if (!std::isnan(state.gradient_norm)) text += "  |gradient| " + steady_number(state.gradient_norm);
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string padded(const std::string& text, int columns) {
  std::string shown = cut(text, columns);
  return shown + std::string(static_cast<std::size_t>(columns) - inspect::display_width(shown), ' ');
}

/// A head and a line a layer, at most `rows` lines.
std::vector<std::string> layer_lines(const std::vector<LayerRow>& layers, int columns, int rows) {
  int name_width = 5, verdict_width = 0;
  for (const LayerRow& layer : layers) {
    name_width = std::max(name_width, static_cast<int>(inspect::display_width(layer.name)));
    verdict_width = std::max(verdict_width, static_cast<int>(layer.verdict.size()));
  }
  name_width = std::min(name_width, columns / 3);
  int spark_width = std::clamp(columns - name_width - verdict_width - 24, 10, 60);
  std::vector<std::string> lines = {padded("layer", name_width) + "  " + padded("|gradient|", spark_width) +
                                    "      now   update" + (verdict_width > 0 ? "  verdict" : "")};
  std::size_t room = static_cast<std::size_t>(std::max(rows - 1, 0)), shown = std::min(layers.size(), room);
  if (shown < layers.size() && shown > 0) --shown;
  for (std::size_t i = 0; i < shown; ++i) {
    const LayerRow& layer = layers[i];
    double now = layer.gradient_norms.empty() ? NAN : layer.gradient_norms.back();
    std::string update = std::isfinite(layer.update_ratio) ? fmt::format("{:.1e}", layer.update_ratio) : "–";
    std::string size = std::isnan(now) ? "–" : fmt::format("{:.1e}", now);
    lines.push_back(fmt::format("{}  {}  {:>7}  {:>7}  {}", padded(inspect::one_line(layer.name), name_width),
                                spark(layer.gradient_norms, spark_width), size, update, layer.verdict));
  }
  if (shown < layers.size()) lines.push_back(fmt::format("and {} layers more", layers.size() - shown));
  return lines;
}

}  // namespace

double DashboardState::seconds_left() const {
  double per_second = steps_per_second();
  return steps > 0 && per_second > 0 ? static_cast<double>(std::max<std::int64_t>(steps - step, 0)) / per_second
                                     : INFINITY;
}

std::string dashboard_line(const DashboardState& state) {
  std::string line = inspect::one_line(state.title) + " " + count(state.step, state.steps);
  if (state.last_epoch > 0) line += fmt::format("  epoch {}", count(state.epoch, state.last_epoch));
  line += "  " + numbers(state);
  if (state.samples_per_second > 0) line += "  " + rate(state.samples_per_second, "samples");
  return line + "  " + times(state);
}

std::vector<std::string> dashboard_lines(const DashboardState& state, int columns, int rows) {
  std::vector<std::string> lines;
  std::string head = inspect::one_line(state.title) + "  step " + count(state.step, state.steps);
  if (state.last_epoch > 0) head += "  epoch " + count(state.epoch, state.last_epoch);
  head += "  " + times(state) + "  " + rate(state.steps_per_second(), "steps");
  if (state.samples_per_second > 0) head += "  " + rate(state.samples_per_second, "samples");
  lines.push_back(head);
  if (state.steps > 0)
    lines.push_back("│" + bar(static_cast<double>(state.step) / static_cast<double>(state.steps), columns - 2) + "│");
  lines.push_back(numbers(state));
  std::string memory = fmt::format("  peak memory {:.0f} MB", static_cast<double>(memory_stats().peak_bytes) / 1e6);
  if (inspect::display_width(lines.back() + memory) <= static_cast<std::size_t>(std::max(columns, 0)))
    lines.back() += memory;

  // The field of the curve takes five lines more than its height; it gives way before the layers do.
  constexpr int shortest = 4, around = 5;
  int left = rows - static_cast<int>(lines.size());
  int wanted = state.layers.empty() ? 0 : static_cast<int>(state.layers.size()) + 2;
  bool has_curve = state.losses && !state.losses->means().empty() && left - around >= shortest && columns >= 40;
  int for_layers = has_curve ? std::min(wanted, std::max(left - around - 8, 0)) : std::min(wanted, left);
  if (for_layers < 3) for_layers = 0;
  if (has_curve) {
    int height = std::clamp(left - around - for_layers, shortest, 16);
    auto spacing = static_cast<double>(state.losses->spacing());
    std::string field =
        plot({{"loss", state.losses->means()}},
             {.unit = "step", .first = spacing, .spacing = spacing, .width = columns - 18, .height = height});
    lines.push_back("");
    for (const std::string& line : split(field)) lines.push_back(line);
  }
  if (for_layers > 0) {
    lines.push_back("");
    for (const std::string& line : layer_lines(state.layers, columns, for_layers - 1)) lines.push_back(line);
  }
  if (lines.size() > static_cast<std::size_t>(std::max(rows, 1))) lines.resize(static_cast<std::size_t>(rows));
  for (std::string& line : lines) line = cut(line, columns);
  return lines;
}

}  // namespace xg::nn::detail
