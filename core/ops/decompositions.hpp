// Linear systems, inverses, determinants and Cholesky factors. Matrices are in the last two axes; leading axes are
// batches. Integers and booleans are computed as f64.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// The solution x of a x = b, by LU factors with row exchanges (NumPy and PyTorch `linalg.solve`). b is (..., n, k)
/// with leading axes that broadcast with a's, or a vector (n,), or one vector for each matrix: the shape of a without
/// its last axis. With a cotangent g, ∂b = a⁻ᵀ g and ∂a = −∂b xᵀ; the factors serve them too. Throws ShapeError, and
/// ValueError naming the pivot when a matrix is singular.
Tensor solve(const Operand& a, const Operand& b);

/// How triangular_solve reads its matrix.
struct TriangularOptions {
  /// The upper triangle instead of the lower one; the other is never read.
  bool upper = false;
  /// Solve with the transpose.
  bool transposed = false;
  /// Take the diagonal as ones, without reading it.
  bool unit_diagonal = false;
};
/// The solution x of t x = b for the lower triangle t of a, or what `options` say; b as in `solve` (PyTorch
/// `linalg.solve_triangular`). ∂b = t⁻ᵀ g, and ∂a is that triangle of −∂b xᵀ. Throws ShapeError, and ValueError naming
/// the place when a diagonal element is 0.
Tensor triangular_solve(const Operand& a, const Operand& b, TriangularOptions options = {});

/// a⁻¹. With a cotangent g, ∂a = −a⁻ᵀ g a⁻ᵀ. Throws ShapeError unless square, and ValueError naming the pivot when a
/// matrix is singular. `solve` is faster and more accurate where a product with the inverse is wanted.
Tensor inv(const Operand& a);

/// The lower triangular L with a = L Lᵀ; reads the lower triangle of a, which must be symmetric and positive definite.
/// The gradient is symmetric, as in PyTorch. Throws ShapeError unless square, and ValueError naming the leading minor
/// that is not positive.
Tensor cholesky(const Operand& a);

/// The determinant: (..., n, n) -> (...); 1 for n = 0. ∂a = g det(a) a⁻ᵀ, the matrix of cofactors, which is exact for
/// singular matrices too; so are second and higher derivatives up to n = 32, beyond which those of singular matrices
/// are NaN. Throws ShapeError unless square.
Tensor det(const Operand& a);

/// What slogdet gives: det = sign · exp(logabsdet).
struct SignAndLog {
  Tensor sign;
  Tensor logabsdet;
};
/// Sign and logarithm of the absolute value of the determinant, which neither overflow nor underflow; 0 and −inf for a
/// singular matrix. ∂logabsdet/∂a = a⁻ᵀ, inf and NaN where a is singular; the sign has no gradient. Throws ShapeError
/// unless square.
SignAndLog slogdet(const Operand& a);

}  // namespace xg
