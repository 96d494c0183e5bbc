// Sorting along one axis. NaN counts as the largest number; equal elements keep their order.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Indices along `axis` of the first `count` elements in ascending or descending order, as i64.
Array ranking(const Array& x, std::int64_t axis, std::int64_t count, bool descending);

}  // namespace xg::kernels
