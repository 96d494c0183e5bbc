#include "init.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../core/error/error.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/checks.hpp"
#include "../../core/ops/random.hpp"

namespace xg::nn::init {
namespace {

struct Fans {
  double in, out;
  double of(Fan fan) const { return fan == Fan::in ? in : out; }

  Fans(const char* name, const Shape& shape, const Site& site) : in(1), out(1) {
    if (shape.rank() < 2)
      Complaint(name, "a shape of fewer than two axes has no fans: " + to_string(shape))
          .at(site)
          .mend("the shape of a weight: (out, in, …)")
          .raise<ShapeError>();
    xg::detail::check_shape(name, shape, site);
    for (std::size_t axis = 2; axis < shape.size(); ++axis) in *= static_cast<double>(shape[axis]);
    out = in * static_cast<double>(shape[0]);
    in *= static_cast<double>(shape[1]);
  }
};

Tensor symmetric(const Shape& shape, double bound, Rng& rng) { return uniform(shape, -bound, bound, rng); }
/// 0 for an empty weight, whose fan is 0.
double root(double number) { return std::isfinite(number) ? std::sqrt(number) : 0; }

}  // namespace

Tensor uniform(const Shape& shape, double low, double high, Rng& rng) {
  return rand(shape, f32, rng) * (high - low) + low;
}

Tensor normal(const Shape& shape, double mean, double deviation, Rng& rng, Site site) {
  if (!(deviation >= 0))
    Complaint("normal", fmt::format("the deviation must be at least 0, not {}", deviation))
        .at(site)
        .raise<ValueError>();
  return randn(shape, f32, rng, site) * deviation + mean;
}

Tensor truncated_normal(const Shape& shape, double mean, double deviation, double low, double high, Rng& rng,
                        Site site) {
  if (!(low < high) || !(deviation > 0))
    Complaint("truncated_normal",
              fmt::format("nothing is normal with deviation {} within [{}, {}]", deviation, low, high))
        .at(site)
        .mend("low < high and a positive deviation")
        .raise<ValueError>();
  xg::detail::check_shape("truncated_normal", shape, site);
  // By the inverse of the distribution function, in f64: uniform between its values at the bounds.
  auto below = [&](double x) { return std::erfc((mean - x) / deviation / std::sqrt(2.0)) / 2; };
  // In the upper tail the function is 1 to all digits: its mirror image is not.
  bool mirrored = low > mean;
  double from = mirrored ? below(2 * mean - high) : below(low), to = mirrored ? below(2 * mean - low) : below(high);
  Array u = draw::uniform(shape, DType::f64, rng), result(shape, DType::f32);
  const double* share = u.data<double>();
  float* values = result.fill<float>();
  for (std::int64_t i = 0; i < result.size(); ++i) {
    double target = from + (to - from) * share[i], a = mirrored ? 2 * mean - high : low;
    double b = mirrored ? 2 * mean - low : high;
    a = std::max(a, mean - 40 * deviation);
    b = std::min(b, mean + 40 * deviation);
    for (int halving = 0; halving < 60 && a < b; ++halving) {
      double middle = a + (b - a) / 2;
      (below(middle) < target ? a : b) = middle;
    }
    double x = mirrored ? 2 * mean - a : a;
    values[i] = static_cast<float>(std::clamp(x, low, high));
  }
  return Tensor(result);
}

Tensor constant(const Shape& shape, double value) { return Tensor(Array::full(shape, value, f32)); }
Tensor zeros(const Shape& shape) { return constant(shape, 0); }
Tensor ones(const Shape& shape) { return constant(shape, 1); }

Tensor identity(const Shape& shape, Site site) {
  if (shape.rank() != 2)
    Complaint("identity", "only a matrix has a diagonal, not " + to_string(shape)).at(site).raise<ShapeError>();
  xg::detail::check_shape("identity", shape, site);
  Array result = Array::zeros(shape, f32);
  for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i) result.fill<float>()[i * (shape[1] + 1)] = 1;
  return Tensor(result);
}

Tensor fan_in_uniform(const Shape& shape, std::int64_t fan_in, Rng& rng) {
  return symmetric(shape, fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0, rng);
}

Tensor xavier_uniform(const Shape& shape, double gain, Rng& rng, Site site) {
  Fans fans("xavier_uniform", shape, site);
  return symmetric(shape, gain * root(6 / (fans.in + fans.out)), rng);
}

Tensor xavier_normal(const Shape& shape, double gain, Rng& rng, Site site) {
  Fans fans("xavier_normal", shape, site);
  return randn(shape, f32, rng, site) * (gain * root(2 / (fans.in + fans.out)));
}

double gain_of(Nonlinearity nonlinearity, double slope) {
  switch (nonlinearity) {
    case Nonlinearity::tanh: return 5.0 / 3;
    case Nonlinearity::relu: return std::sqrt(2.0);
    case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + slope * slope));
    case Nonlinearity::selu: return 0.75;
    default: return 1;
  }
}

Tensor kaiming_uniform(const Shape& shape, const KaimingOptions& options, Rng& rng, Site site) {
  Fans fans("kaiming_uniform", shape, site);
  return symmetric(shape, gain_of(options.nonlinearity, options.slope) * root(3 / fans.of(options.fan)), rng);
}

Tensor kaiming_normal(const Shape& shape, const KaimingOptions& options, Rng& rng, Site site) {
  Fans fans("kaiming_normal", shape, site);
  return randn(shape, f32, rng, site) * (gain_of(options.nonlinearity, options.slope) * root(1 / fans.of(options.fan)));
}

Tensor orthogonal(const Shape& shape, double gain, Rng& rng, Site site) {
  if (shape.rank() < 2)
    Complaint("orthogonal", "a shape of fewer than two axes is no matrix: " + to_string(shape))
        .at(site)
        .raise<ShapeError>();
  xg::detail::check_shape("orthogonal", shape, site);
  std::int64_t rows = shape[0], columns = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) columns *= shape[axis];
  bool upright = rows > columns;
  std::int64_t count = std::min(rows, columns), length = std::max(rows, columns);
  // Gram and Schmidt on normal vectors, twice, which is as accurate as Householder's way.
  Array vectors = draw::normal({count, length}, DType::f64, rng);
  double* v = vectors.fill<double>();
  for (std::int64_t i = 0; i < count; ++i) {
    double* row = v + i * length;
    for (int pass = 0; pass < 2; ++pass)
      for (std::int64_t j = 0; j < i; ++j) {
        const double* other = v + j * length;
        double along = 0;
        for (std::int64_t k = 0; k < length; ++k) along += row[k] * other[k];
        for (std::int64_t k = 0; k < length; ++k) row[k] -= along * other[k];
      }
    double square = 0;
    for (std::int64_t k = 0; k < length; ++k) square += row[k] * row[k];
    for (std::int64_t k = 0; k < length; ++k) row[k] /= std::sqrt(square);
  }
  Array result(shape, f32);
  float* to = result.fill<float>();
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      to[i * columns + j] = static_cast<float>(gain * (upright ? v[j * length + i] : v[i * length + j]));
  return Tensor(result);
}

}  // namespace xg::nn::init
