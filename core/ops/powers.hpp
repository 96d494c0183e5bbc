// Powers, roots and absolute values.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// xʸ. d/dx = y xʸ⁻¹ (0 where y = 0), d/dy = xʸ log x (at x = 0: 0 for y ≥ 0, −inf below; NaN for x < 0). Integers
/// stay integers; throws ValueError on a negative integer exponent of integers (NumPy `power`).
Tensor pow(const Operand& x, const Operand& y);
/// x². d/dx = 2x. Integers stay integers.
Tensor square(const Operand& x);
/// √x. d/dx = 1/(2√x), +inf at 0; NaN below.
Tensor sqrt(const Operand& x);
/// 1/√x. d/dx = −x^(−3/2)/2. At 0: +inf with derivative −inf; NaN below.
Tensor rsqrt(const Operand& x);
/// 1/x. d/dx = −1/x². Integers are taken as f64.
Tensor reciprocal(const Operand& x);
/// √(a² + b²) without overflow. d/da = a/hypot, d/db = b/hypot, 0 at the origin.
Tensor hypot(const Operand& a, const Operand& b);

}  // namespace xg
