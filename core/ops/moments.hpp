// Variance, standard deviation and norms.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Σ (x − mean)² / (n − ddof) over `axes`; unbiased by default, as in PyTorch (NumPy's default is ddof 0).
/// d/dx = 2 (x − mean) / (n − ddof). NaN unless n > ddof. Integers are computed as f64. Throws IndexError and
/// ValueError for `axes`.
Tensor var(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no, std::int64_t ddof = 1);
/// √var. d/dx = (x − mean) / (y (n − ddof)), and 0 where y is 0. NaN unless n > ddof. Integers are computed as f64.
/// Throws IndexError and ValueError for `axes`.
Tensor std(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no, std::int64_t ddof = 1);

/// The p-norm (Σ |x|^p)^(1/p) over `axes`, of a matrix too (Frobenius for p = 2); p = inf: largest |x|, −inf: smallest,
/// 0: number of nonzeros. d/dx = sign(x) (|x| / y)^(p − 1), and 0 where x or y is 0; ties of inf share it equally.
/// Integers are computed as f64. Throws ValueError when p is NaN, or ±inf over nothing; IndexError and ValueError for
/// `axes`.
Tensor norm(const Operand& x, double p = 2, const Axes& axes = {}, KeepDims keep = KeepDims::no);

}  // namespace xg
