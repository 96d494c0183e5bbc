// Running sums, products and recurrences along one axis, from the front or (`reverse`) from the back.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// y_k = x_0 + … + x_k; not for booleans.
Array cumsum(const Array& x, std::int64_t axis, bool reverse);
/// y_k = x_0 ⋯ x_k; not for booleans.
Array cumprod(const Array& x, std::int64_t axis, bool reverse);
/// s_k = b_k + a_k s_{k−1} with s_{−1} = 0; equal shapes and real dtypes.
Array linear_scan(const Array& a, const Array& b, std::int64_t axis, bool reverse);
/// Elements moved one place along the axis, towards the end or (`reverse`) the front; `fill` where none came from.
Array shifted(const Array& x, std::int64_t axis, bool reverse, const Number& fill);

}  // namespace xg::kernels
