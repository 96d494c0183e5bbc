// softmax and its logarithms, finite where the plain formulas overflow.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// exp(x) / Σ exp(x) along `axis`; shape of x. dx = y (g − Σ g y). A row of −inf only (fully masked) gives 0 and
/// gradient 0 (PyTorch: NaN). Integers are computed as f64. Throws IndexError.
Tensor softmax(const Operand& x, std::int64_t axis);
/// x − log Σ exp(x) along `axis`; shape of x. dx = g − exp(y) Σ g. A row of −inf only gives −inf and gradient 0.
/// Integers are computed as f64. Throws IndexError.
Tensor log_softmax(const Operand& x, std::int64_t axis);
/// log Σ exp(x) over `axes`. d/dx = exp(x − y). Of nothing, or of −inf only: −inf, with gradient 0. Integers are
/// computed as f64. Throws IndexError and ValueError for `axes`.
Tensor logsumexp(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

}  // namespace xg
