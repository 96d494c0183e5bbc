#include "statistics.hpp"

#include <algorithm>
#include <limits>

namespace xg::inspect {
namespace {

constexpr std::int64_t lanes = 8;

/// Sums over numbers, in lanes so that the compiler makes vectors of them. `shift` keeps the squares small.
struct Sums {
  double norm[lanes]{}, sum[lanes]{}, squares[lanes]{};
  std::int64_t zeros[lanes]{}, bad[lanes]{};
  double least[lanes], greatest[lanes];
  Sums() {
    std::fill(least, least + lanes, std::numeric_limits<double>::infinity());
    std::fill(greatest, greatest + lanes, -std::numeric_limits<double>::infinity());
  }

  void add(std::int64_t lane, double x, double shift) {
    bool good = std::abs(x) <= std::numeric_limits<double>::max();
    double from_shift = good ? x - shift : 0, value = good ? x : 0;
    norm[lane] += value * value;
    sum[lane] += from_shift;
    squares[lane] += from_shift * from_shift;
    zeros[lane] += x == 0;
    bad[lane] += !good;
    least[lane] = good && x < least[lane] ? x : least[lane];
    greatest[lane] = good && x > greatest[lane] ? x : greatest[lane];
  }
};

template <class T>
T total(const T (&parts)[lanes]) {
  T all{};
  for (T part : parts) all += part;
  return all;
}

template <class T>
Statistics look(const T* x, std::int64_t count) {
  Statistics found;
  found.count = count;
  double shift = 0;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(count, 64); ++i)
    if (std::isfinite(static_cast<double>(x[i]))) {
      shift = static_cast<double>(x[i]);
      break;
    }
  Sums sums;
  std::int64_t whole = count / lanes * lanes;
  for (std::int64_t i = 0; i < whole; i += lanes)
    for (std::int64_t lane = 0; lane < lanes; ++lane) sums.add(lane, static_cast<double>(x[i + lane]), shift);
  for (std::int64_t i = whole; i < count; ++i) sums.add(i - whole, static_cast<double>(x[i]), shift);

  found.zeros = total(sums.zeros);
  std::int64_t bad = total(sums.bad);
  if (bad > 0)
    for (std::int64_t i = 0; i < count; ++i) {
      double value = static_cast<double>(x[i]);
      if (std::isfinite(value)) continue;
      ++(std::isnan(value) ? found.nans : found.infinities);
      if (found.first_bad < 0) found.first_bad = i;
    }
  if (bad == count) return found;
  auto good = static_cast<double>(count - bad);
  found.least = *std::min_element(sums.least, sums.least + lanes);
  found.greatest = *std::max_element(sums.greatest, sums.greatest + lanes);
  double mean = total(sums.sum) / good;
  found.mean = shift + mean;
  found.deviation = std::sqrt(std::max(0.0, total(sums.squares) / good - mean * mean));
  found.norm = std::sqrt(total(sums.norm));
  // Squares of f64 may overflow, or vanish, where the numbers do not.
  double most = std::max(std::abs(found.least), std::abs(found.greatest));
  if (most > 0 && (!std::isfinite(found.norm) || !std::isfinite(found.deviation) || found.norm < 1e-150)) {
    double norm = 0, scaled = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      double value = static_cast<double>(x[i]) / most;
      if (std::isfinite(value)) norm += value * value, scaled += value;
    }
    scaled /= good;
    found.norm = most * std::sqrt(norm);
    found.mean = most * scaled;
    found.deviation = most * std::sqrt(std::max(0.0, norm / good - scaled * scaled));
  }
  return found;
}

template <class F>
auto visit(const Array& values, const F& f) {
  Array dense = values.contiguous();
  if (dense.dtype() == f32) return f(dense.data<float>(), dense.size());
  if (dense.dtype() == f64) return f(dense.data<double>(), dense.size());
  if (dense.dtype() == i64) return f(dense.data<std::int64_t>(), dense.size());
  return f(dense.data<bool>(), dense.size());
}

}  // namespace

double Statistics::root_mean_square() const {
  std::int64_t finite_ones = count - nans - infinities;
  return finite_ones > 0 ? norm / std::sqrt(static_cast<double>(finite_ones)) : 0;
}

Statistics statistics(const Array& values) {
  return visit(values, [](const auto* x, std::int64_t count) { return look(x, count); });
}

bool is_zero(const Array& values) {
  return visit(values, [](const auto* x, std::int64_t count) {
    return std::all_of(x, x + count, [](auto one) { return one == 0; });
  });
}

double Histogram::end(std::size_t i) const {
  if (i + 1 >= counts.size()) return high;
  double part = static_cast<double>(i + 1) / static_cast<double>(counts.size());
  return low * (1 - part) + high * part;
}

Histogram histogram(const Array& values, int bins) { return histogram(values, statistics(values), bins); }

Histogram histogram(const Array& values, const Statistics& known, int bins) {
  Histogram made;
  made.counts.resize(static_cast<std::size_t>(std::max(bins, 1)));
  if (known.count == known.nans + known.infinities) return made;
  made.low = known.least, made.high = known.greatest;
  auto last = static_cast<std::int64_t>(made.counts.size()) - 1;
  double half = made.high / 2 - made.low / 2;  // the range of f64 may be wider than f64
  double scale = half > 0 ? static_cast<double>(last + 1) / half : 0;
  if (!std::isfinite(scale)) scale = 0;
  visit(values, [&](const auto* x, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      auto value = static_cast<double>(x[i]);
      if (!(std::abs(value) <= std::numeric_limits<double>::max())) continue;
      double place = (value / 2 - made.low / 2) * scale;
      ++made.counts[static_cast<std::size_t>(std::clamp<std::int64_t>(static_cast<std::int64_t>(place), 0, last))];
    }
    return 0;
  });
  return made;
}

}  // namespace xg::inspect
