#include "../array/threads.hpp"
#include "moments.hpp"
#include "normalize.hpp"
#include "reduce.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 14;  // elements
constexpr std::int64_t most_rows = 32;   // whose gradients of the weight add up in f32

template <class T>
void scale_row(const T* x, const T* weight, const T* bias, const Standard<T>& to, T* y, std::int64_t count) {
  T mean = to.mean, scale = to.scale, rest = to.rest;
  if (weight && bias)
    for (std::int64_t i = 0; i < count; ++i) y[i] = ((x[i] - mean) * scale + rest) * weight[i] + bias[i];
  else if (weight)
    for (std::int64_t i = 0; i < count; ++i) y[i] = ((x[i] - mean) * scale + rest) * weight[i];
  else if (bias)
    for (std::int64_t i = 0; i < count; ++i) y[i] = ((x[i] - mean) * scale + rest) + bias[i];
  else
    for (std::int64_t i = 0; i < count; ++i) y[i] = (x[i] - mean) * scale + rest;
}

/// dx of one row. With h = g · weight and the normalised x̂: scale (h − mean h − x̂ mean(h x̂)).
template <bool weighted, class T>
void row_vjp(const T* __restrict g, const T* __restrict x, const T* __restrict weight, const Standard<T>& to,
             bool centred, T* __restrict dx, std::int64_t count) {
  using L = Lane<T>;
  T mean = to.mean, scale = to.scale;
  L middle = mean;
  auto [total, product] = row_sums<T, 2>(count, [&](std::int64_t i, std::int64_t n) {
    L h = load(g + i, n, T(0));
    if constexpr (weighted) h = h * load(weight + i, n, T(0));
    return std::array<L, 2>{h, h * (load(x + i, n, mean) - middle)};
  });
  double length = static_cast<double>(count), cube = to.exact_scale * to.exact_scale * to.exact_scale;
  double along = (product - to.rounding() * total) / length * cube;
  T shift = static_cast<T>((centred ? total / length * to.exact_scale : 0) - to.rounding() * along);
  T slope = static_cast<T>(along);
  for (std::int64_t i = 0; i < count; ++i) {
    T h = g[i];
    if constexpr (weighted) h *= weight[i];
    dx[i] = scale * h - shift - (x[i] - mean) * slope;
  }
}

/// Adds g x̂ and g of one row to the gradients of weight and bias.
template <class T>
void add_row(const T* __restrict g, const T* __restrict x, const Standard<T>& to, T* __restrict weight,
             T* __restrict bias, std::int64_t count) {
  T mean = to.mean, scale = to.scale, rest = to.rest;
  if (weight && bias)
    for (std::int64_t i = 0; i < count; ++i) {
      weight[i] += g[i] * ((x[i] - mean) * scale + rest);
      bias[i] += g[i];
    }
  else if (weight)
    for (std::int64_t i = 0; i < count; ++i) weight[i] += g[i] * ((x[i] - mean) * scale + rest);
  else if (bias)
    for (std::int64_t i = 0; i < count; ++i) bias[i] += g[i];
}

}  // namespace

Normalized normalize_rows(const Array& x, std::int64_t length, const Array& weight, const Array& bias, double eps,
                          bool centred) {
  std::int64_t rows = length ? x.size() / length : 0;
  Normalized result{Array(x.shape(), x.dtype()), Array(Shape{rows}, DType::f64), Array(Shape{rows}, DType::f64)};
  double *means = result.mean.fill<double>(), *variances = result.variance.fill<double>();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T *from = x.data<T>(), *w = weight ? weight.data<T>() : nullptr, *b = bias ? bias.data<T>() : nullptr;
    T* to = result.y.fill<T>();
    parallel_for(rows, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, length)),
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row) {
                     const T* values = from + row * length;
                     Moments m = centred ? Moments::of(values, length) : Moments::about_zero(values, length);
                     means[row] = m.mean;
                     variances[row] = m.variance();
                     scale_row(values, w, b, Standard<T>(m.mean, m.variance(), eps), to + row * length, length);
                   }
                 });
  });
  return result;
}

NormalizedGradients normalize_rows_vjp(const Array& g, const Array& x, const Normalized& forward, const Array& weight,
                                       std::int64_t length, double eps, bool centred, bool wants_weight,
                                       bool wants_bias) {
  std::int64_t rows = length ? x.size() / length : 0;
  // Blocks of rows do not depend on the number of threads, nor does then the order of any sum.
  std::int64_t block = std::clamp<std::int64_t>(grain / std::max<std::int64_t>(1, length), 1, most_rows);
  std::int64_t blocks = (rows + block - 1) / block;
  NormalizedGradients result{Array(x.shape(), x.dtype()), {}, {}};
  Array weights, biases;
  if (wants_weight) weights = Array::zeros({blocks, length}, x.dtype());
  if (wants_bias) biases = Array::zeros({blocks, length}, x.dtype());
  const double *means = forward.mean.data<double>(), *variances = forward.variance.data<double>();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T *cotangent = g.data<T>(), *from = x.data<T>(), *w = weight ? weight.data<T>() : nullptr;
    T* to = result.x.fill<T>();
    T* dw = wants_weight ? weights.fill<T>() : nullptr;
    T* db = wants_bias ? biases.fill<T>() : nullptr;
    parallel_for(blocks, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, block * length)),
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t b = first; b < last; ++b)
                     for (std::int64_t row = b * block; row < std::min(rows, (b + 1) * block); ++row) {
                       const T *c = cotangent + row * length, *values = from + row * length;
                       Standard<T> standard(means[row], variances[row], eps);
                       if (w) row_vjp<true>(c, values, w, standard, centred, to + row * length, length);
                       else row_vjp<false>(c, values, w, standard, centred, to + row * length, length);
                       add_row(c, values, standard, dw ? dw + b * length : nullptr, db ? db + b * length : nullptr,
                               length);
                     }
                 });
  });
  if (wants_weight) result.weight = sum(weights, {0});
  if (wants_bias) result.bias = sum(biases, {0});
  return result;
}

}  // namespace xg::kernels
