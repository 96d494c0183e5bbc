// The product every elementwise rule is made of.
#pragma once

#include "../graph/tensor.hpp"

namespace xg::detail {

/// g · slope, and exactly 0 where g is 0 even if the slope is inf or NaN. An undefined slope is zero.
/// d/dg = slope, d/dslope = g.
Tensor vjp_product(const Tensor& g, const Tensor& slope);

}  // namespace xg::detail
