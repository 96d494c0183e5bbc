// The error function and the gamma function's relatives. Integers and booleans are taken as f64.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// The error function 2/√π ∫₀ˣ exp(−t²) dt. d/dx = 2/√π exp(−x²).
Tensor erf(const Operand& x);
/// 1 − erf x, exact for large x. d/dx = −2/√π exp(−x²).
Tensor erfc(const Operand& x);
/// log |Γ(x)| (SciPy `gammaln`). d/dx = ψ(x). +inf at 0 and the negative integers.
Tensor lgamma(const Operand& x);
/// ψ(x) = Γ'(x)/Γ(x). d/dx = polygamma(1, x). −inf at 0, NaN at the negative integers.
Tensor digamma(const Operand& x);
/// The nth derivative of digamma. d/dx = polygamma(n + 1, x). At 0 and the negative integers +inf for odd n, NaN for
/// even n. Throws ValueError unless 0 ≤ n ≤ 100.
Tensor polygamma(std::int64_t n, const Operand& x);

}  // namespace xg
