// How ops record linear maps along the last axes.
#pragma once

#include "../graph/tensor.hpp"
#include "../kernels/resample.hpp"

namespace xg::detail {

/// x with its last axes mapped; integers are computed as f64. The gradient goes through the transposed maps.
Tensor resample(const char* op, const Operand& x, const kernels::AxisMaps& maps);

}  // namespace xg::detail
