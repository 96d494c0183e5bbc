#include "decompositions.hpp"

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/lapack.hpp"
#include "../kernels/matrix.hpp"
#include "arithmetic.hpp"
#include "create.hpp"
#include "matmul.hpp"
#include "matrix.hpp"
#include "shape.hpp"
#include "vjp_product.hpp"

namespace xg {
namespace {

using kernels::LU;

Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

void check_square(const char* op, const Operand& a) {
  detail::check_matrices(op, a);
  const Shape& shape = a.shape();
  if (shape.back() == shape[shape.size() - 2]) return;
  Complaint(op, "the matrix is not square: " + to_string(shape))
      .fact("a", describe(a))
      .at(a.site())
      .raise<ShapeError>();
}

/// "the matrix", or "the matrix at (1, 0)" of several.
std::string which_matrix(const Operand& a, std::int64_t number) {
  Shape batch = leading(a.shape());
  if (batch.empty()) return "the matrix";
  Shape index = batch;
  for (std::size_t axis = batch.size(); axis-- > 0; number /= batch[axis]) index[axis] = number % batch[axis];
  return "the matrix at " + to_string(index);
}

LU factor_regular(const char* op, const Operand& a, DType dtype) {
  LU lu = kernels::factor(a.array(dtype));
  if (lu.singular)
    Complaint(op, which_matrix(a, lu.singular.batch) + " is singular: pivot " + std::to_string(lu.singular.pivot) +
                      " of its LU factors is 0")
        .fact("a", describe(a))
        .at(a.site())
        .raise<ValueError>();
  return lu;
}

/// The right sides of a system as matrices; throws ShapeError when they do not fit.
Shape check_system(const char* op, const Operand& a, const Operand& b) {
  check_square(op, a);
  auto complain = [&](const std::string& what) {
    Complaint(op, what).fact("a", describe(a)).fact("b", describe(b)).at(a.site()).raise<ShapeError>();
  };
  const Shape &s = a.shape(), &t = b.shape();
  if (t.empty()) complain("b has no axes, so no rows");
  bool vectors = t.size() == 1 || t == Shape(s.begin(), s.end() - 1);
  Shape right = t;
  if (vectors) right.push_back(1);
  std::int64_t n = s.back(), rows = right[right.size() - 2];
  if (n != rows) complain("a has " + std::to_string(n) + " rows, b " + std::to_string(rows));
  Shape batch;
  if (!broadcast_shapes(leading(s), leading(right), batch))
    complain("leading axes do not broadcast: " + to_string(leading(s)) + " and " + to_string(leading(right)));
  return right;
}

/// The answer without the axis added to vectors.
Tensor like_right_side(const Tensor& x, const Operand& b, const Shape& right) {
  if (right.size() == b.shape().size()) return x;
  return reshape(x, Shape(x.shape().begin(), x.shape().end() - 1));
}

/// a⁻¹ b, or a⁻ᵀ b, with the factors at hand.
Tensor solve_with(const Tensor& a, const LU& lu, const Tensor& b, bool transposed) {
  return record("solve", kernels::solve(lu, b.array().cast(lu.factors.dtype()), transposed), {a, b},
                [a, lu, transposed](const Tensor& g, const Wants& wants, const Tensor& x) -> Tensors {
                  Tensor db = solve_with(a, lu, g, !transposed);
                  if (!wants[0]) return {Tensor(), db};
                  return {transposed ? -matmul(x, matrix_transpose(db)) : -matmul(db, matrix_transpose(x)), db};
                });
}

Tensor identity_like(const LU& lu) { return eye(lu.factors.shape().back(), lu.factors.dtype()); }

}  // namespace

Tensor solve(const Operand& a, const Operand& b) {
  Shape right = check_system("solve", a, b);
  CallScope scope(a.site());
  LU lu = factor_regular("solve", a, real(promote(a, b)));
  return like_right_side(solve_with(a.tensor(), lu, reshape(b.tensor(), right), false), b, right);
}

namespace {

Tensor solve_triangle(const Tensor& a, const Tensor& b, TriangularOptions o, const Operand& from) {
  DType dtype = real(promote(a.dtype(), b.dtype()));
  kernels::Breakdown singular;
  Array value = kernels::triangular_solve(a.array().cast(dtype), b.array().cast(dtype), o.upper, o.transposed,
                                          o.unit_diagonal, singular);
  if (singular)
    Complaint("triangular_solve", which_matrix(a, singular.batch) + " is singular: diagonal element " +
                                      std::to_string(singular.pivot) + " is 0")
        .fact("a", describe(from))
        .at(from.site())
        .raise<ValueError>();
  return record("triangular_solve", std::move(value), {a, b},
                [a, o](const Tensor& g, const Wants& wants, const Tensor& x) -> Tensors {
                  Tensor db = solve_triangle(a, g, {o.upper, !o.transposed, o.unit_diagonal}, a);
                  if (!wants[0]) return {Tensor(), db};
                  Tensor da = o.transposed ? -matmul(x, matrix_transpose(db)) : -matmul(db, matrix_transpose(x));
                  return {o.upper ? triu(da, o.unit_diagonal) : tril(da, -std::int64_t(o.unit_diagonal)), db};
                });
}

}  // namespace

Tensor triangular_solve(const Operand& a, const Operand& b, TriangularOptions options) {
  Shape right = check_system("triangular_solve", a, b);
  CallScope scope(a.site());
  return like_right_side(solve_triangle(a.tensor(), reshape(b.tensor(), right), options, a), b, right);
}

Tensor inv(const Operand& a) {
  check_square("inv", a);
  LU lu = factor_regular("inv", a, real(a.dtype()));
  // a⁻ᵀ comes column by column: row by row it is a⁻¹.
  return record("inv", kernels::solve(lu, identity_like(lu).array(), true).transposed(), {a},
                [](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  Tensor turned = matrix_transpose(y);
                  return {-matmul(turned, matmul(g, turned))};
                });
}

Tensor cholesky(const Operand& a) {
  check_square("cholesky", a);
  kernels::Breakdown indefinite;
  Array value = kernels::cholesky(a.array(real(a.dtype())), indefinite);
  if (indefinite)
    Complaint("cholesky", which_matrix(a, indefinite.batch) + " is not positive definite: its leading minor of order " +
                              std::to_string(indefinite.pivot + 1) + " is not positive")
        .fact("a", describe(a))
        .at(a.site())
        .mend("add a small multiple of the identity, or check that it is symmetric")
        .raise<ValueError>();
  return record("cholesky", std::move(value), {a}, [](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
    // ∂a = ½ (s + sᵀ), s = y⁻ᵀ φ y⁻¹, φ the lower triangle of yᵀ g with its diagonal halved (Murray 2016).
    Tensor phi = matmul(matrix_transpose(y), g);
    phi = (tril(phi) + tril(phi, -1)) * 0.5;
    Tensor left = triangular_solve(y, phi, {.transposed = true});
    Tensor s = triangular_solve(y, matrix_transpose(left), {.transposed = true});
    return {(s + matrix_transpose(s)) * 0.5};
  });
}

namespace {

/// The determinants of a without each row and column: (..., n, n) -> (..., n, n, n − 1, n − 1).
Tensor sum_of_minors(const Tensor& x);
Tensor minors(const Tensor& x) {
  return record("minors", kernels::minors(x.array()), {x},
                [](const Tensor& g) -> Tensors { return {sum_of_minors(g)}; });
}
Tensor sum_of_minors(const Tensor& x) {
  return record("sum_of_minors", kernels::sum_of_minors(x.array()), {x},
                [](const Tensor& g) -> Tensors { return {minors(g)}; });
}

/// Numbers to multiply matrices with: (...) -> (..., 1, 1).
Tensor as_scale(const Tensor& g) {
  Shape shape = g.shape();
  shape.push_back(1);
  shape.push_back(1);
  return reshape(g, shape);
}

/// ∂det(a)/∂a in a form that can be differentiated again.
Tensor recorded_cofactors(const Tensor& a, const LU& lu, const Tensor& determinant) {
  std::int64_t n = a.shape().back();
  // Differentiating det(a) a⁻ᵀ loses as many digits as the pivots differ by; the definition loses none but grows fast.
  if (n > 32 || kernels::worst_pivot_ratio(lu) > 1e-4)
    return as_scale(determinant) * solve_with(a, lu, identity_like(lu), true);
  Array signs({n, n}, lu.factors.dtype());
  visit_real(signs.dtype(), [&](auto t) {
    for (std::int64_t i = 0; i < n * n; ++i) signs.fill<decltype(t)>()[i] = (i / n + i % n) % 2 ? -1 : 1;
  });
  return det(minors(a)) * Tensor(signs);
}

}  // namespace

Tensor det(const Operand& a) {
  check_square("det", a);
  LU lu = kernels::factor(a.array(real(a.dtype())));
  return record("det", kernels::determinant(lu).value, {a},
                [a = a.tensor(), lu](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  if (a.size() == 0) return {Tensor()};
                  if (!is_recording()) return {detail::vjp_product(as_scale(g), Tensor(kernels::cofactors(lu)))};
                  return {detail::vjp_product(as_scale(g), recorded_cofactors(a, lu, y))};
                });
}

SignAndLog slogdet(const Operand& a) {
  check_square("slogdet", a);
  LU lu = kernels::factor(a.array(real(a.dtype())));
  kernels::Determinant d = kernels::determinant(lu);
  return {Tensor(d.sign), record("slogdet", d.logabs, {a}, [a = a.tensor(), lu](const Tensor& g) -> Tensors {
            return {detail::vjp_product(as_scale(g), solve_with(a, lu, identity_like(lu), true))};
          })};
}

}  // namespace xg
