// Signs and rounding. Integers stay integers.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// |x|. d/dx = sign x, 0 at 0. Throws DTypeError on booleans.
Tensor abs(const Operand& x);
/// −1, 0 or 1; NaN of NaN. The derivative is 0. Throws DTypeError on booleans.
Tensor sign(const Operand& x);
/// The largest whole number not above x. The derivative is 0.
Tensor floor(const Operand& x);
/// The smallest whole number not below x. The derivative is 0.
Tensor ceil(const Operand& x);
/// The nearest whole number, the even one of two (NumPy `rint`). The derivative is 0.
Tensor round(const Operand& x);
/// The whole part, rounded towards 0. The derivative is 0.
Tensor trunc(const Operand& x);

}  // namespace xg
