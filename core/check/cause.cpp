#include "cause.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xg::detail {
namespace {

using List = std::vector<double>;

double largest(const List& values) {
  double size = 0;
  for (double value : values) size = std::max(size, std::abs(value));
  return size;
}

bool all_close(const List& analytic, const List& numeric, const GradCheckOptions& options) {
  for (std::size_t i = 0; i < analytic.size(); ++i)
    if (!is_close(analytic[i], numeric[i], options)) return false;
  return analytic.size() == numeric.size();
}

/// The last two axes of the input exchanged in every row, kept in the input's own shape.
List with_input_transposed(const List& rows, const Shape& shape) {
  std::int64_t m = shape[shape.size() - 2], n = shape.back(), matrix = m * n;
  List result(rows.size());
  for (std::int64_t b = 0; b < static_cast<std::int64_t>(rows.size()); b += matrix)
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) result[b + j * m + i] = rows[b + i * n + j];
  return result;
}

List transposed(const List& values, std::int64_t rows, std::int64_t columns) {
  List result(values.size());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) result[j * rows + i] = values[i * columns + j];
  return result;
}

/// Whether the rules give the same, and not nothing, whatever the cotangent is.
bool ignore_cotangent(Subject& subject, const GradCheckOptions& options) {
  Dice dice(options.seed), other(options.seed + 5);
  auto once = subject.pull(subject.random_cotangents(dice));
  for (const List& gradient : once)
    if (largest(gradient) > 0 && std::isfinite(largest(gradient)))
      return once == subject.pull(subject.random_cotangents(other));
  return false;
}

/// What the two one-sided differences say about the worst element.
std::string kink(Subject& subject, const Mismatch& worst, std::int64_t element, const GradCheckOptions& options) {
  const Slot& slot = subject.slots[worst.slot];
  auto gap = [&](double eps, double& right, double& left) {
    right = subject.difference(slot, element, eps, 1)[worst.row];
    left = subject.difference(slot, element, eps, -1)[worst.row];
    return std::abs(right - left);
  };
  double right, left, nearer_right, nearer_left;
  double wide = gap(options.eps, right, left), narrow = gap(options.eps / 8, nearer_right, nearer_left);
  if (std::isfinite(right) != std::isfinite(left))
    return fmt::format("the edge of the domain: a step of {:g} to one side the function is not finite", options.eps);
  double size = std::max(std::abs(right), std::abs(left));
  if (wide > 10 * (options.atol + options.rtol * size) && narrow > wide / 2)
    return fmt::format("a kink at this point: the slope is {} to the left and {} to the right", number_text(left),
                       number_text(right));
  return {};
}

}  // namespace

bool is_close(double analytic, double numeric, const GradCheckOptions& options) {
  return std::abs(analytic - numeric) <= options.atol + options.rtol * std::abs(numeric);
}

bool have_common_factor(const List& analytic, const List& numeric, double spread, double& factor) {
  double size = std::max(largest(numeric), largest(analytic)), low = 0, high = 0;
  bool any = false;
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    if (!std::isfinite(analytic[i]) || !std::isfinite(numeric[i])) return false;
    if (std::abs(numeric[i]) < 1e-3 * size) {
      if (std::abs(analytic[i]) > 2e-3 * size) return false;
      continue;
    }
    double ratio = analytic[i] / numeric[i];
    low = any ? std::min(low, ratio) : ratio;
    high = any ? std::max(high, ratio) : ratio;
    any = true;
  }
  factor = (low + high) / 2;
  return any && high - low <= spread;
}

std::string likely_cause(Subject& subject, const std::vector<Derivatives>& all, const Mismatch& worst,
                         const GradCheckOptions& options) {
  const Derivatives& here = all[worst.slot];
  const Slot& slot = subject.slots[worst.slot];
  bool is_whole = static_cast<std::int64_t>(here.columns.size()) == slot.size();
  bool is_full = is_whole && here.rows == subject.output_size();

  if (ignore_cotangent(subject, options))
    return "a missing cotangent: the rule gives the same whatever the cotangent is";
  if (is_full)
    if (std::string found = kink(subject, worst, worst.column, options); !found.empty()) return found;
  if (std::isfinite(worst.numeric) && !std::isfinite(worst.analytic))
    return "the rule meets 0 · inf, inf − inf or 0 / 0";
  if (largest(here.analytic) == 0)
    return "no gradient arrives: a value was detached, or the rule returns zero or an undefined tensor";
  if (largest(here.numeric) <= options.atol)
    return "the value does not depend on this input, but the rule gives a gradient";
  double factor = 0;
  if (have_common_factor(here.analytic, here.numeric, 1e-3, factor)) {
    if (std::abs(factor + 1) < 1e-3) return "the sign: every derivative is the negative of what it should be";
    return "a constant factor: every derivative is " + number_text(factor) + " times what it should be";
  }
  if (is_full && slot.values.rank() >= 2 &&
      all_close(here.analytic, with_input_transposed(here.numeric, slot.values.shape()), options))
    return "transposed: the gradient is right with its last two axes exchanged";
  if (is_full && here.rows == slot.size() &&
      all_close(here.analytic, transposed(here.numeric, here.rows, here.rows), options))
    return "transposed: the rule applies the Jacobian where its transpose belongs";
  if (is_full)
    for (std::size_t other = 0; other < all.size(); ++other)
      if (other != worst.slot && all_close(here.analytic, all[other].numeric, options))
        return "exchanged: this is the gradient of " + subject.slots[other].name;
  std::size_t wrong_sign = 0, failing = 0;
  for (std::size_t i = 0; i < here.analytic.size(); ++i)
    if (!is_close(here.analytic[i], here.numeric[i], options)) {
      ++failing;
      if (is_close(-here.analytic[i], here.numeric[i], options)) ++wrong_sign;
    }
  if (wrong_sign == failing) return "the sign, of those that fail";
  return {};
}

}  // namespace xg::detail
