// Reductions over axes.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// x summed over `axes` (normal: sorted, counted from the front), which are dropped. Booleans sum to i64.
Array sum(const Array& x, const Shape& axes);

}  // namespace xg::kernels
