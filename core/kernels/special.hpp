// The gamma function's relatives, for one number.
#pragma once

namespace xg::kernels {

/// log |Γ(x)|; +inf at 0 and the negative integers. Unlike std::lgamma it is safe to call from several threads.
double lgamma(double x);
/// ψ(x) = Γ'(x)/Γ(x); ∓inf at ±0, NaN at the negative integers.
double digamma(double x);
/// The nth derivative of ψ, n ≥ 0; at 0 and the negative integers +inf for odd n, NaN for even n.
double polygamma(int n, double x);

}  // namespace xg::kernels
