// Losses between numbers.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

/// (x − y)², averaged (PyTorch `mse_loss`). d/dx = 2 (x − y). Shapes are equal, or the target is a plain number: throws
/// ShapeError, for (n, 1) against (n,) too, which would broadcast to (n, n).
Tensor mse(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);

/// |x − y|, averaged (PyTorch `l1_loss`). d/dx = sign(x − y), 0 where they are equal. Throws ShapeError as `mse` does.
Tensor l1(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);

}  // namespace xg::nn
