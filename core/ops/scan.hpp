// Products, and running sums and products. Exact derivatives to any order, zeros among the factors included.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Π x over `axes`. d/dx_i = Π_{j≠i} x_j, computed without division. Of nothing: 1. Booleans give i64. Throws
/// IndexError and ValueError for `axes`.
Tensor prod(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// y_k = Σ_{j≤k} x_j along `axis`; shape of x. dx_k = Σ_{j≥k} g_j. Booleans give i64. Throws IndexError.
Tensor cumsum(const Operand& x, std::int64_t axis);
/// y_k = Π_{j≤k} x_j along `axis`; shape of x. dx_k = Σ_{i≥k} g_i Π_{j≤i, j≠k} x_j. Booleans give i64. Throws
/// IndexError.
Tensor cumprod(const Operand& x, std::int64_t axis);

}  // namespace xg
