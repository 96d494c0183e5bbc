// Trigonometric and hyperbolic functions and their inverses, in radians. Integers and booleans are taken as f64.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Sine. d/dx = cos x. NaN at ±inf.
Tensor sin(const Operand& x);
/// Cosine. d/dx = −sin x. NaN at ±inf.
Tensor cos(const Operand& x);
/// Tangent. d/dx = 1 + tan² x. NaN at ±inf.
Tensor tan(const Operand& x);
/// Inverse sine (NumPy `arcsin`). d/dx = 1/√(1 − x²), +inf at ±1; NaN outside.
Tensor asin(const Operand& x);
/// Inverse cosine (NumPy `arccos`). d/dx = −1/√(1 − x²), −inf at ±1; NaN outside.
Tensor acos(const Operand& x);
/// Inverse tangent (NumPy `arctan`). d/dx = 1/(1 + x²).
Tensor atan(const Operand& x);
/// The angle of the point (b, a), in (−π, π] (NumPy `arctan2`). d/da = b/(a² + b²), d/db = −a/(a² + b²), 0 at the
/// origin.
Tensor atan2(const Operand& a, const Operand& b);
/// Hyperbolic sine. d/dx = cosh x.
Tensor sinh(const Operand& x);
/// Hyperbolic cosine. d/dx = sinh x.
Tensor cosh(const Operand& x);
/// Hyperbolic tangent. d/dx = 1 − tanh² x.
Tensor tanh(const Operand& x);
/// Inverse hyperbolic sine (NumPy `arcsinh`). d/dx = 1/√(1 + x²).
Tensor asinh(const Operand& x);
/// Inverse hyperbolic cosine (NumPy `arccosh`). d/dx = 1/√(x² − 1), +inf at 1; NaN below.
Tensor acosh(const Operand& x);
/// Inverse hyperbolic tangent (NumPy `arctanh`). d/dx = 1/(1 − x²); ±inf at ±1, NaN outside.
Tensor atanh(const Operand& x);

}  // namespace xg
