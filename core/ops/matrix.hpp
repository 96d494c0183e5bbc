// Parts of matrices.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Of a vector, the matrix of zeros with the vector along its k-th diagonal; of a matrix, its k-th diagonal, as a view
/// (NumPy `diag`). k > 0 counts above the main diagonal, k < 0 below. The gradient is diag(g, k) in the shape of x.
/// Throws ShapeError unless x has one or two axes.
Tensor diag(const Operand& x, std::int64_t k = 0);

/// Σ of the k-th diagonal over the last two axes: (..., m, n) -> (...). Booleans sum to i64. d/dx is 1 on that
/// diagonal. Throws ShapeError below two axes.
Tensor trace(const Operand& x, std::int64_t k = 0);

/// x with zeros above the k-th diagonal of its last two axes. d/dx is 1 where x was kept. Throws ShapeError below two
/// axes.
Tensor tril(const Operand& x, std::int64_t k = 0);
/// x with zeros below the k-th diagonal of its last two axes. d/dx is 1 where x was kept. Throws ShapeError below two
/// axes.
Tensor triu(const Operand& x, std::int64_t k = 0);

namespace detail {

/// The k-th diagonal over the last two axes, as a view: (..., m, n) -> (..., length).
Tensor diagonal(const Operand& x, std::int64_t k);

/// Throws ShapeError when x has fewer than two axes.
void check_matrices(const char* op, const Operand& x);

}  // namespace detail
}  // namespace xg
