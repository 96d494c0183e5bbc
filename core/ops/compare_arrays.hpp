// Are two tensors the same? Plain answers, for tests and assertions.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Whether |a − b| ≤ atol + rtol·|b| everywhere (NumPy `allclose`). Computed in f64; infinities are close to
/// themselves, NaN to nothing unless `equal_nan`. Throws ShapeError when the shapes do not broadcast.
bool all_close(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);

/// Whether the shapes are the same and all elements equal (NumPy `array_equal`); dtypes may differ.
bool all_equal(const Operand& a, const Operand& b);

}  // namespace xg
