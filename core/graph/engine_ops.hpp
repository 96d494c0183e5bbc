// The four ops that backward itself needs: gradients are added, summed back over broadcast axes, and converted.
#pragma once

#include "tensor.hpp"

namespace xg {

/// a + b with NumPy broadcasting. d/da = 1, d/db = 1. Throws ShapeError when the shapes do not broadcast.
Tensor add(const Operand& a, const Operand& b);

/// x repeated along axes of length 1 and new leading axes, as a view. The gradient sums over them. Throws ShapeError.
Tensor broadcast_to(const Operand& x, const Shape& shape);

/// x summed over the axes along which `shape` was broadcast: the transpose of broadcast_to. Throws ShapeError.
Tensor sum_to(const Operand& x, const Shape& shape);

/// x converted to `dtype`. The gradient is converted back; none flows through integers and booleans.
Tensor astype(const Operand& x, DType dtype);

}  // namespace xg
