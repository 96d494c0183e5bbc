// Initial values of parameters, as tensors of f32: `layer.weight = nn::init::xavier_uniform(layer.weight.shape())`.
#pragma once

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn::init {

/// Uniform over [low, high).
Tensor uniform(const Shape& shape, double low = 0, double high = 1, Rng& rng = default_rng());
/// Normal. Throws ValueError for a negative deviation.
Tensor normal(const Shape& shape, double mean = 0, double deviation = 1, Rng& rng = default_rng(),
              Site site = Site::here());
/// Normal, drawn again where it falls outside [low, high] (PyTorch `trunc_normal_`). Throws ValueError unless low <
/// high and the deviation is positive.
Tensor truncated_normal(const Shape& shape, double mean = 0, double deviation = 1, double low = -2, double high = 2,
                        Rng& rng = default_rng(), Site site = Site::here());
Tensor constant(const Shape& shape, double value);
Tensor zeros(const Shape& shape);
Tensor ones(const Shape& shape);
/// Ones on the diagonal of a matrix, zeros elsewhere: the identity of a Linear layer (PyTorch `eye_`).
Tensor identity(const Shape& shape, Site site = Site::here());

/// Uniform over ±1/√fan_in: what Linear and Conv start with. For a bias pass the fan-in of its weight.
Tensor fan_in_uniform(const Shape& shape, std::int64_t fan_in, Rng& rng = default_rng());

/// Uniform over ±gain·√(6/(fan_in + fan_out)), for a weight of shape (out, in, …): the fans are in and out times the
/// elements of the axes behind. Throws ShapeError for fewer than two axes. Source: Glorot and Bengio 2010.
Tensor xavier_uniform(const Shape& shape, double gain = 1, Rng& rng = default_rng(), Site site = Site::here());
/// Normal with deviation gain·√(2/(fan_in + fan_out)). Throws as xavier_uniform.
Tensor xavier_normal(const Shape& shape, double gain = 1, Rng& rng = default_rng(), Site site = Site::here());

/// What follows a layer, for the gain that keeps the variance.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };
/// 1, 1, 5/3, √2, √(2/(1 + slope²)) and 3/4 (PyTorch `calculate_gain`); `slope` is leaky_relu's.
double gain_of(Nonlinearity nonlinearity, double slope = 0.01);

enum class Fan { in, out };
struct KaimingOptions {
  /// Which fan keeps its variance: `in` forward, `out` backward.
  Fan fan = Fan::in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
  double slope = 0;
};
/// Uniform over ±gain·√(3/fan) with the gain of the nonlinearity. Throws as xavier_uniform. Source: He et al. 2015.
Tensor kaiming_uniform(const Shape& shape, const KaimingOptions& options = {}, Rng& rng = default_rng(),
                       Site site = Site::here());
/// Normal with deviation gain/√fan. Throws as xavier_uniform.
Tensor kaiming_normal(const Shape& shape, const KaimingOptions& options = {}, Rng& rng = default_rng(),
                      Site site = Site::here());

/// gain times a matrix with orthonormal rows, or columns where there are more rows, uniform over all such; the axes
/// behind the first count as columns. Throws ShapeError for fewer than two axes. Source: Saxe et al. 2014.
Tensor orthogonal(const Shape& shape, double gain = 1, Rng& rng = default_rng(), Site site = Site::here());

}  // namespace xg::nn::init
