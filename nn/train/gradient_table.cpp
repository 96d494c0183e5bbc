#include "gradient_table.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace xg::nn {
namespace {

double norm_of(const Tensor& x) {
  Array values = x.array().cast(f64).contiguous();
  double sum = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) sum += values.data<double>()[i] * values.data<double>()[i];
  return std::sqrt(sum);
}

}  // namespace

std::string gradient_table(const AnyModel& model) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows{{"parameter", "shape", "|grad|", "|weight|", "ratio"}};
  for (const auto& [name, p] : named_parameters(model)) {
    double weight = norm_of(p);
    Row row{name, to_string(p.shape()), "–", fmt::format("{:.3e}", weight), "–"};
    if (!p.requires_grad()) {
      row[2] = "frozen";
    } else if (p.has_grad()) {
      double gradient = norm_of(p.grad());
      row[2] = fmt::format("{:.3e}", gradient);
      if (weight > 0) row[4] = fmt::format("{:.1e}", gradient / weight);
    }
    rows.push_back(row);
  }
  std::array<std::size_t, 5> width{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i] == "–" ? 1 : row[i].size());
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Row& row = rows[r];
    text += fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>{}}  {:>{}}\n", row[0], width[0], row[1], width[1], row[2],
                        width[2], row[3], width[3], row[4], width[4]);
    if (r > 0) continue;
    std::size_t total = 8;
    for (std::size_t w : width) total += w;
    for (std::size_t i = 0; i < total; ++i) text += "─";
    text += "\n";
  }
  return text;
}

}  // namespace xg::nn
