// Factorisations of square matrices and triangular systems; matrices are in the last two axes, real dtypes only.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Where a factorisation met a matrix it cannot factor; `batch` counts matrices in row-major order.
struct Breakdown {
  std::int64_t batch = -1;
  std::int64_t pivot = -1;
  explicit operator bool() const { return batch >= 0; }
};

/// LU factors of each matrix's transpose, with row exchanges.
struct LU {
  Array factors;  // (..., n, n)
  Array pivots;   // (..., n), i64: row i was exchanged with this one
  Breakdown singular;
};
LU factor(const Array& a);

/// The solutions of a x = b, or aᵀ x = b when `transposed`, for b of shape (..., n, k) whose leading axes broadcast
/// with a's. Where a is singular, infinities or NaN.
Array solve(const LU& lu, const Array& b, bool transposed);

/// Each determinant, and the sign and logarithm of its absolute value; 0 and −inf for a singular matrix.
struct Determinant {
  Array value, sign, logabs;
};
Determinant determinant(const LU& lu);

/// The matrix of cofactors, ∂det/∂a = det(a) a⁻ᵀ, of singular matrices too.
Array cofactors(const LU& lu);
/// The smallest ratio of a pivot to the largest one of the same matrix; 1 when there are none.
double worst_pivot_ratio(const LU& lu);

/// The lower triangular L with a = L Lᵀ; reads the lower triangle of a.
Array cholesky(const Array& a, Breakdown& indefinite);

/// The solutions of t x = b for b of shape (..., n, k), t being one triangle of a, or its transpose, with ones on
/// its diagonal when `unit_diagonal`.
Array triangular_solve(const Array& a, const Array& b, bool upper, bool transposed, bool unit_diagonal,
                       Breakdown& singular);

}  // namespace xg::kernels
