// Parts of matrices: diagonals, triangles, minors. Matrices are in the last two axes, any dtype.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// The k-th diagonal above (below: k < 0) the main one, as a view; empty when there is none.
Array diagonal(const Array& x, std::int64_t k);
/// Zeros with x along the k-th diagonal: the transpose of `diagonal`. (..., n) -> (..., rows, columns)
Array diagonal_matrix(const Array& x, std::int64_t k, std::int64_t rows, std::int64_t columns);

/// x with zeros above the k-th diagonal, or below it when `upper`.
Array triangle(const Array& x, std::int64_t k, bool upper);

/// x without row i and column j, for each (i, j): (..., n, n) -> (..., n, n, n − 1, n − 1).
Array minors(const Array& x);
/// Each element of x added to where `minors` took it from: the transpose of `minors`.
Array sum_of_minors(const Array& x);

}  // namespace xg::kernels
