#include "softmax.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include "lane_functions.hpp"
#include "lane_rows.hpp"
#include "rows.hpp"

namespace xg::kernels {
namespace {

template <class T>
T row_max(const T* x, std::int64_t count) {
  using L = Lane<T>;
  constexpr std::int64_t width = L::width;
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  L tops[4] = {L(lowest), L(lowest), L(lowest), L(lowest)};
  std::int64_t i = 0;
  for (; i + 4 * width <= count; i += 4 * width)
    for (int k = 0; k < 4; ++k) tops[k] = xsimd::max(L::load(x + i + k * width).batch, tops[k].batch);
  for (; i < count; i += width)
    tops[0] = xsimd::max(load(x + i, std::min(width, count - i), lowest).batch, tops[0].batch);
  alignas(64) T lanes[width];
  L(xsimd::max(xsimd::max(tops[0].batch, tops[1].batch), xsimd::max(tops[2].batch, tops[3].batch))).store(lanes);
  T top = *std::max_element(lanes, lanes + width);
  if (top == lowest)  // SIMD maxima pass over NaN
    for (i = 0; i < count; ++i)
      if (x[i] != x[i]) return x[i];
  return top;
}

template <class T>
constexpr T minus_infinity = -std::numeric_limits<T>::infinity();

template <class T>
void softmax_row(const T* x, T* y, std::int64_t count) {
  T top = row_max(x, count);
  if (top == minus_infinity<T>) return std::fill_n(y, count, T(0)), void();
  Lane<T> shift = top;
  double sum = row_sum<T>(count, [&](std::int64_t i, std::int64_t n) {
    Lane<T> e = exp(load(x + i, n, minus_infinity<T>) - shift);
    store(e, y + i, n);
    return e;
  });
  T scale = static_cast<T>(1 / sum);
  for (std::int64_t i = 0; i < count; ++i) y[i] *= scale;
}

// max and log Σ exp(x − max)
template <class T>
std::pair<T, double> row_logsumexp(const T* x, std::int64_t count) {
  T top = row_max(x, count);
  if (top == minus_infinity<T>) return {top, 0.0};
  Lane<T> shift = top;
  double sum =
      row_sum<T>(count, [&](std::int64_t i, std::int64_t n) { return exp(load(x + i, n, minus_infinity<T>) - shift); });
  return {top, std::log(sum)};
}

template <class T>
void log_softmax_row(const T* x, T* y, std::int64_t count) {
  auto [top, log_sum] = row_logsumexp(x, count);
  if (top == minus_infinity<T>) return std::fill_n(y, count, top), void();
  T shift = top, rest = static_cast<T>(log_sum);
  for (std::int64_t i = 0; i < count; ++i) y[i] = (x[i] - shift) - rest;
}

template <class T>
void softmax_vjp_row(const T* y, const T* g, T* dx, std::int64_t count) {
  double sum =
      row_sum<T>(count, [&](std::int64_t i, std::int64_t n) { return load(y + i, n, T(0)) * load(g + i, n, T(0)); });
  T mean = static_cast<T>(sum);
  for (std::int64_t i = 0; i < count; ++i) dx[i] = y[i] * (g[i] - mean);
}

template <class T>
void log_softmax_vjp_row(const T* y, const T* g, T* dx, std::int64_t count) {
  if (count == 0) return;
  if (y[0] == minus_infinity<T> && row_max(y, count) == minus_infinity<T>) return std::fill_n(dx, count, T(0)), void();
  T sum = static_cast<T>(row_sum<T>(count, [&](std::int64_t i, std::int64_t n) { return load(g + i, n, T(0)); }));
  Lane<T> total = sum;
  for_row<T>(count, [&](std::int64_t i, std::int64_t n) {
    store(load(g + i, n, T(0)) - exp(load(y + i, n, T(0))) * total, dx + i, n);
  });
}

template <class F>
Array each_row(const Array& x, const Shape& axes, const F& row) {
  std::optional<Rows> rows;
  bool lie_there = axes.size() == 1 && axes[0] == x.rank() - 1 && x.is_contiguous();
  if (!lie_there) rows.emplace(x, axes);
  const Array& values = lie_there ? x : rows->values;
  std::int64_t length = lie_there ? x.shape().back() : rows->length;
  std::int64_t count = lie_there ? (length == 0 ? 0 : x.size() / length) : rows->count;
  Array y(values.shape(), x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = values.data<T>();
    T* to = y.fill<T>();
    for_each_row(count, length, [&](std::int64_t r) { row(from + r * length, to + r * length, length); });
  });
  return lie_there ? std::move(y) : rows->restored(std::move(y));
}

template <class F>
Array each_row(const Array& y, const Array& g, const Shape& axes, const F& row) {
  Rows rows(y, axes), cotangents(g, axes);
  Array dx(rows.values.shape(), y.dtype());
  visit_real(y.dtype(), [&](auto t) {
    using T = decltype(t);
    rows.each([&](std::int64_t r) {
      std::int64_t at = r * rows.length;
      row(rows.values.template data<T>() + at, cotangents.values.template data<T>() + at, dx.fill<T>() + at,
          rows.length);
    });
  });
  return rows.restored(std::move(dx));
}

}  // namespace

Array softmax(const Array& x, const Shape& axes) {
  return each_row(x, axes, [](const auto* from, auto* to, std::int64_t n) { softmax_row(from, to, n); });
}

Array log_softmax(const Array& x, const Shape& axes) {
  return each_row(x, axes, [](const auto* from, auto* to, std::int64_t n) { log_softmax_row(from, to, n); });
}

Array softmax_vjp(const Array& y, const Array& g, const Shape& axes) {
  return each_row(y, g, axes,
                  [](const auto* v, const auto* c, auto* to, std::int64_t n) { softmax_vjp_row(v, c, to, n); });
}

Array log_softmax_vjp(const Array& y, const Array& g, const Shape& axes) {
  return each_row(y, g, axes,
                  [](const auto* v, const auto* c, auto* to, std::int64_t n) { log_softmax_vjp_row(v, c, to, n); });
}

Array logsumexp(const Array& x, const Shape& axes) {
  Rows rows(x, axes);
  Array result(rows.kept, x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    rows.each([&](std::int64_t r) {
      auto [top, log_sum] = row_logsumexp(rows.values.template data<T>() + r * rows.length, rows.length);
      // An infinite maximum is the answer; +inf − +inf inside the sum is not.
      bool infinite = top - top != 0 && top == top;
      result.fill<T>()[r] = infinite ? top : static_cast<T>(static_cast<double>(top) + log_sum);
    });
  });
  return result;
}

}  // namespace xg::kernels
