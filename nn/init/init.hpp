// Initial values of parameters, as tensors: `layer.weight = nn::init::uniform({out, in}, -0.1, 0.1)`.
#pragma once

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn::init {

/// Uniform over [low, high), f32.
Tensor uniform(const Shape& shape, double low, double high, Rng& rng = default_rng());
/// Uniform over ±1/√fan_in: what Linear and Conv start with. For a bias pass the fan-in of its weight.
Tensor fan_in_uniform(const Shape& shape, std::int64_t fan_in, Rng& rng = default_rng());

}  // namespace xg::nn::init
