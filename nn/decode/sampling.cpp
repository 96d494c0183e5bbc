#include "sampling.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/create.hpp"
#include "rows.hpp"

namespace xg::nn {
namespace {

/// Turns a row of scores into probabilities; those of −inf become 0.
void softmax_row(double* row, std::int64_t count) {
  double highest = *std::max_element(row, row + count), total = 0;
  for (std::int64_t i = 0; i < count; ++i) total += row[i] = std::exp(row[i] - highest);
  for (std::int64_t i = 0; i < count; ++i) row[i] /= total;
}

}  // namespace

detail::LogProbabilities::LogProbabilities(const char* op, const Operand& logits, const std::vector<bool>& unused) {
  auto refuse = [&](const std::string& what) {
    return Complaint(op, what).fact("logits", describe(logits)).at(logits.site());
  };
  if (!is_differentiable(logits.dtype())) refuse("logits must be real").raise<DTypeError>();
  const Shape& shape = logits.shape();
  if (shape.empty() || shape.back() == 0) refuse("logits need a last axis, the vocabulary").raise<ShapeError>();
  vocabulary = shape.back();
  values = logits.tensor().to_vector<double>();
  for (std::int64_t r = 0; r < rows(); ++r) {
    double* x = row(r);
    double highest = -INFINITY, total = 0;
    if (!unused.empty() && unused[static_cast<std::size_t>(r)]) std::fill_n(x, vocabulary, 0.0);
    for (std::int64_t i = 0; i < vocabulary; ++i) {
      if (std::isnan(x[i]) || x[i] == INFINITY)
        refuse("the logit of token " + std::to_string(i) + " in row " + std::to_string(r) + " is " +
               (std::isnan(x[i]) ? "NaN" : "+inf"))
            .raise<ValueError>();
      highest = std::max(highest, x[i]);
    }
    if (highest == -INFINITY)
      refuse("all logits of row " + std::to_string(r) + " are -inf: there is no token to choose").raise<ValueError>();
    for (std::int64_t i = 0; i < vocabulary; ++i) total += std::exp(x[i] - highest);
    double log_total = highest + std::log(total);
    for (std::int64_t i = 0; i < vocabulary; ++i) x[i] -= log_total;
  }
}

void detail::check_sampling(const char* op, const SamplingOptions& options, const Site& site) {
  if (!(options.temperature > 0) || !std::isfinite(options.temperature))
    Complaint(op, fmt::format("the temperature must be positive and finite, not {}", options.temperature))
        .at(site)
        .mend("the likeliest token: `greedy`, or top_k = 1")
        .raise<ValueError>();
  if (options.top_k < 0)
    Complaint(op, "top_k must be at least 1, or 0 for all tokens, not " + std::to_string(options.top_k))
        .at(site)
        .raise<ValueError>();
  if (!(options.top_p > 0 && options.top_p <= 1))
    Complaint(op, fmt::format("top_p must lie in (0, 1], not {}", options.top_p)).at(site).raise<ValueError>();
}

void detail::apply_sampling(LogProbabilities& scores, const SamplingOptions& options) {
  std::int64_t count = scores.vocabulary;
  bool only_top_k = options.top_k > 0 && options.top_k < count;
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  for (std::int64_t r = 0; r < scores.rows(); ++r) {
    double* row = scores.row(r);
    // The likeliest is 0 at any temperature, so that even the smallest leaves something finite.
    double highest = *std::max_element(row, row + count);
    for (std::int64_t i = 0; i < count; ++i) row[i] = (row[i] - highest) / options.temperature;
    if (only_top_k || options.top_p < 1) {
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [row](std::int64_t a, std::int64_t b) { return row[a] > row[b]; });
    }
    if (only_top_k)
      for (std::int64_t k = options.top_k; k < count; ++k) row[order[static_cast<std::size_t>(k)]] = -INFINITY;
    softmax_row(row, count);
    if (options.top_p == 1) continue;
    double sum = 0, kept = 0;
    for (std::int64_t i : order) {
      if (sum >= options.top_p) row[i] = 0;
      sum += row[i];
    }
    kept = std::accumulate(row, row + count, 0.0);
    for (std::int64_t i = 0; i < count; ++i) row[i] /= kept;
  }
}

std::vector<std::int64_t> detail::draw(const LogProbabilities& probabilities, Rng* rng) {
  std::vector<double> numbers =
      Tensor(xg::draw::uniform({probabilities.rows()}, DType::f64, rng ? *rng : default_rng())).to_vector();
  std::vector<std::int64_t> drawn;
  for (std::int64_t r = 0; r < probabilities.rows(); ++r) {
    const double* row = probabilities.row(r);
    double left = numbers[static_cast<std::size_t>(r)];
    std::int64_t last = 0;  // rounding may leave a little of the number behind the last token that can be drawn
    for (std::int64_t i = 0; i < probabilities.vocabulary; ++i) {
      if (row[i] == 0) continue;
      last = i;
      if ((left -= row[i]) < 0) break;
    }
    drawn.push_back(last);
  }
  return drawn;
}

Tensor sampling_probabilities(const Operand& logits, const SamplingOptions& options) {
  CallScope scope(logits.site());
  detail::check_sampling("sampling_probabilities", options, logits.site());
  detail::LogProbabilities rows("sampling_probabilities", logits);
  detail::apply_sampling(rows, options);
  return tensor(rows.values, logits.shape(), logits.dtype());
}

Tensor sample_tokens(const Operand& logits, const SamplingOptions& options) {
  CallScope scope(logits.site());
  detail::check_sampling("sample_tokens", options, logits.site());
  detail::LogProbabilities rows("sample_tokens", logits);
  detail::apply_sampling(rows, options);
  Shape shape(logits.shape().begin(), logits.shape().end() - 1);
  return tensor(detail::draw(rows, options.rng), shape);
}

}  // namespace xg::nn
