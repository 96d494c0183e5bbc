// Exponentials and logarithms. Integers and booleans are taken as f64.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// eˣ. d/dx = eˣ.
Tensor exp(const Operand& x);
/// 2ˣ. d/dx = 2ˣ log 2.
Tensor exp2(const Operand& x);
/// eˣ − 1, exact for small x. d/dx = eˣ.
Tensor expm1(const Operand& x);
/// Natural logarithm. d/dx = 1/x. −inf at 0, where the derivative is +inf; NaN below.
Tensor log(const Operand& x);
/// Logarithm to base 2. d/dx = 1/(x log 2). Edges as `log`.
Tensor log2(const Operand& x);
/// Logarithm to base 10. d/dx = 1/(x log 10). Edges as `log`.
Tensor log10(const Operand& x);
/// log(1 + x), exact for small x. d/dx = 1/(1 + x). −inf at −1, NaN below.
Tensor log1p(const Operand& x);
/// log(eᵃ + eᵇ) without overflow. d/da = σ(a − b), d/db = σ(b − a). Both −inf: −inf with gradient 0.
Tensor logaddexp(const Operand& a, const Operand& b);
/// x·log y, and 0 where x is 0 unless y is NaN. d/dx = log y (0 where x = 0 and y ≤ 0), d/dy = x/y (0 where both
/// are 0).
Tensor xlogy(const Operand& x, const Operand& y);

}  // namespace xg
