#include <vector>

#include "../array/threads.hpp"
#include "moments.hpp"
#include "normalize.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 14;  // elements

/// x of shape (N, C, …) as runs of neighbours, one a sample and channel, and the parts they belong to.
struct Channels {
  std::int64_t samples, channels, run;
  std::int64_t parts, runs_in_part;
  bool over_samples;

  Channels(const Shape& shape, std::int64_t groups)
      : samples(shape[0]), channels(shape[1]), run(1), over_samples(groups == 0) {
    for (std::size_t axis = 2; axis < shape.size(); ++axis) run *= shape[axis];
    parts = over_samples ? channels : samples * groups;
    runs_in_part = over_samples ? samples : channels / groups;
  }
  /// Where run k of a part is, counted in runs.
  std::int64_t at(std::int64_t part, std::int64_t k) const {
    return over_samples ? k * channels + part : part * runs_in_part + k;
  }
  std::int64_t channel(std::int64_t at) const { return at % channels; }

  template <class F>
  void each_part(const F& body) const {
    std::int64_t work = std::max<std::int64_t>(1, run * runs_in_part);
    parallel_for(parts, std::max<std::int64_t>(1, grain / work), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t part = first; part < last; ++part) body(part);
    });
  }
};

template <class T>
double number_of(const Array& numbers, std::int64_t i, double missing) {
  return numbers ? static_cast<double>(numbers.data<T>()[i]) : missing;
}

}  // namespace

Normalized normalize_channels(const Array& x, std::int64_t groups, const Array& weight, const Array& bias, double eps) {
  Channels layout(x.shape(), groups);
  if (layout.run == 1 && layout.over_samples) return normalize_columns(x, weight, bias, eps);
  Shape parts{layout.parts};
  Normalized result{Array(x.shape(), x.dtype()), Array(parts, DType::f64), Array(parts, DType::f64)};
  double *means = result.mean.fill<double>(), *variances = result.variance.fill<double>();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = x.data<T>();
    T* to = result.y.fill<T>();
    std::int64_t length = layout.run;
    layout.each_part([&](std::int64_t part) {
      Moments m;
      for (std::int64_t k = 0; k < layout.runs_in_part; ++k)
        m.join(Moments::of(from + layout.at(part, k) * length, length));
      means[part] = m.mean;
      variances[part] = m.variance();
      Standard<T> standard(m.mean, m.variance(), eps);
      for (std::int64_t k = 0; k < layout.runs_in_part; ++k) {
        std::int64_t at = layout.at(part, k), c = layout.channel(at);
        double by = standard.exact_scale * number_of<T>(weight, c, 1);
        T mean = standard.mean, slope = static_cast<T>(by);
        T shift = static_cast<T>(number_of<T>(bias, c, 0) - standard.rounding() * by);
        const T* values = from + at * length;
        T* y = to + at * length;
        for (std::int64_t i = 0; i < length; ++i) y[i] = (values[i] - mean) * slope + shift;
      }
    });
  });
  return result;
}

NormalizedGradients normalize_channels_vjp(const Array& g, const Array& x, const Normalized& forward,
                                           std::int64_t groups, const Array& weight, double eps) {
  Channels layout(x.shape(), groups);
  if (layout.run == 1 && layout.over_samples) return normalize_columns_vjp(g, x, forward, weight, eps);
  Shape channels{layout.channels};
  NormalizedGradients result{Array(x.shape(), x.dtype()), Array(channels, x.dtype()), Array(channels, x.dtype())};
  const double *means = forward.mean.data<double>(), *variances = forward.variance.data<double>();
  // Of each run: Σ g, and Σ g x̂.
  std::vector<double> totals(static_cast<std::size_t>(2 * layout.samples * layout.channels));
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    using L = Lane<T>;
    const T *cotangent = g.data<T>(), *from = x.data<T>();
    T* to = result.x.fill<T>();
    std::int64_t length = layout.run;
    layout.each_part([&](std::int64_t part) {
      Standard<T> standard(means[part], variances[part], eps);
      T mean = standard.mean;
      L middle = mean;
      double scale = standard.exact_scale, total = 0, product = 0;
      for (std::int64_t k = 0; k < layout.runs_in_part; ++k) {
        std::int64_t at = layout.at(part, k);
        const T *c = cotangent + at * length, *values = from + at * length;
        auto [sum, along] = row_sums<T, 2>(length, [&](std::int64_t i, std::int64_t n) {
          L h = load(c + i, n, T(0));
          return std::array<L, 2>{h, h * (load(values + i, n, mean) - middle)};
        });
        double* of_run = totals.data() + 2 * at;
        double w = number_of<T>(weight, layout.channel(at), 1);
        total += w * (of_run[0] = sum);
        product += w * (of_run[1] = (along - standard.rounding() * sum) * scale);
      }
      auto count = static_cast<double>(layout.runs_in_part * length);
      double lean = product / count * scale * scale;
      T shift = static_cast<T>(total / count * scale - standard.rounding() * lean), slope = static_cast<T>(lean);
      for (std::int64_t k = 0; k < layout.runs_in_part; ++k) {
        std::int64_t at = layout.at(part, k);
        T factor = static_cast<T>(scale * number_of<T>(weight, layout.channel(at), 1));
        const T *c = cotangent + at * length, *values = from + at * length;
        T* dx = to + at * length;
        for (std::int64_t i = 0; i < length; ++i) dx[i] = factor * c[i] - shift - (values[i] - mean) * slope;
      }
    });
    T *dw = result.weight.fill<T>(), *db = result.bias.fill<T>();
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      double sum = 0, along = 0;
      for (std::int64_t n = 0; n < layout.samples; ++n) {
        sum += totals[static_cast<std::size_t>(2 * (n * layout.channels + c))];
        along += totals[static_cast<std::size_t>(2 * (n * layout.channels + c) + 1)];
      }
      dw[c] = static_cast<T>(along);
      db[c] = static_cast<T>(sum);
    }
  });
  return result;
}

}  // namespace xg::kernels
