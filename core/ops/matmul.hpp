// Matrix products.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// The matrix product a b over the last two axes; leading axes broadcast (NumPy `matmul`). A vector on the left is a
/// row, on the right a column, and the axis added for it is dropped again: (n,) and (n,) give a 0-d tensor. With a
/// cotangent g, ∂a = g bᵀ and ∂b = aᵀ g. (..., m, k), (..., k, n) -> (..., m, n); k = 0 gives zeros. Booleans multiply
/// by "and" and add by "or". Throws ShapeError: 0-d operands, inner sizes that differ, leading axes that do not
/// broadcast.
Tensor matmul(const Operand& a, const Operand& b);

/// x with its last two axes swapped, as a view (NumPy `matrix_transpose`, PyTorch `mT`). Throws ShapeError below two
/// axes.
Tensor matrix_transpose(const Operand& x);

/// x weightᵀ + bias over the last axis of x, in one op: what a fully connected layer computes (PyTorch
/// `functional.linear`). (..., in), (out, in), (out,) -> (..., out); `bias` may be left out. With a cotangent g,
/// ∂x = g weight, ∂weight = Σ gᵀ x, ∂bias = Σ g over the leading axes. Throws ShapeError when sizes do not fit.
Tensor linear(const Operand& x, const Operand& weight, const Tensor& bias = {});

/// Σ a b of two vectors of one length (PyTorch `dot`). ∂a = g b, ∂b = g a. Throws ShapeError.
Tensor dot(const Operand& a, const Operand& b);

/// The product of each element of a with each of b, both flattened: (m,), (n,) -> (m, n) (NumPy `outer`).
Tensor outer(const Operand& a, const Operand& b);

/// y[…, o] = aᵀ weight[o] b + bias[o]: (…, first), (…, second) and a weight (out, first, second) give (…, out). Throws
/// ShapeError. PyTorch's `nn.functional.bilinear`.
Tensor bilinear(const Operand& a, const Operand& b, const Operand& weight, const Tensor& bias = {});

}  // namespace xg
