#include "init.hpp"

#include <cmath>

#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/random.hpp"

namespace xg::nn::init {

Tensor uniform(const Shape& shape, double low, double high, Rng& rng) {
  return rand(shape, f32, rng) * (high - low) + low;
}

Tensor fan_in_uniform(const Shape& shape, std::int64_t fan_in, Rng& rng) {
  double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  return uniform(shape, -bound, bound, rng);
}

}  // namespace xg::nn::init
