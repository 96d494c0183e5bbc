// softmax, log-softmax and log-sum-exp over axes, and the vector-Jacobian products of the first two. f32 and f64.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// exp(x) / Σ exp(x); 0 where all of a part is −inf. Shape of x.
Array softmax(const Array& x, const Shape& axes);
/// x − log Σ exp(x); −inf where all of a part is −inf.
Array log_softmax(const Array& x, const Shape& axes);
/// log Σ exp(x), without `axes`.
Array logsumexp(const Array& x, const Shape& axes);

/// y (g − Σ g y)
Array softmax_vjp(const Array& y, const Array& g, const Shape& axes);
/// g − exp(y) Σ g, and 0 where all of a part of y is −inf.
Array log_softmax_vjp(const Array& y, const Array& g, const Shape& axes);

}  // namespace xg::kernels
