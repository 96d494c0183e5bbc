// Rows of matrix products, decompositions and parts of matrices.
#include "op_table.hpp"

namespace op_table {
namespace {

/// A matrix with a heavy diagonal, which is far from singular.
Tensor regular(const Tensor& x) { return x + 4 * astype(eye(x.size(-1), f64), x.dtype()); }
/// Symmetric and positive definite.
Tensor definite(const Tensor& x) { return matmul(x, matrix_transpose(x)) + astype(eye(x.size(-1), f64), x.dtype()); }

}  // namespace

const Rows& linalg_rows() {
  const std::vector<Shapes> products{
      {{3}, {3}},          {{2, 3}, {3}},    {{3}, {3, 2}},       {{2, 3}, {3, 4}},          {{2, 2, 3}, {3, 2}},
      {{2, 3}, {2, 3, 2}}, {{2, 2, 3}, {3}}, {{3}, {2, 3, 2}},    {{2, 1, 2, 3}, {3, 3, 2}}, {{0, 3}, {3, 2}},
      {{2, 0}, {0, 2}},    {{2, 2}, {2, 2}}, {{0, 2, 3}, {3, 2}}, {{1, 2, 3}, {2, 3, 2}}};
  const std::vector<Shapes> square{{{1, 1}}, {{2, 2}}, {{3, 3}}, {{2, 3, 3}}, {{2, 1, 2, 2}}, {{0, 0}}, {{0, 2, 2}}};
  const std::vector<Shapes> matrices{{{2, 3}}, {{3, 2}},    {{2, 2, 3}}, {{2, 1, 3, 2}},
                                     {{0, 3}}, {{2, 0, 3}}, {{2, 3, 0}}};
  const std::vector<Shapes> systems{{{2, 2}, {2}},       {{3, 3}, {3, 2}},       {{2, 3, 3}, {3, 2}},
                                    {{3, 3}, {2, 3, 1}}, {{2, 2, 2}, {2, 2, 2}}, {{2, 3, 3}, {2, 3}},
                                    {{0, 0}, {0, 2}},    {{2, 2}, {2, 0}},       {{0, 2, 2}, {0, 2, 1}}};
  const std::vector<Shapes> affine{
      {{3}, {2, 3}, {2}}, {{2, 3}, {4, 3}, {4}}, {{2, 2, 3}, {2, 3}, {2}}, {{0, 3}, {2, 3}, {2}}};
  static const Rows rows{
      {"matmul", OP(matmul(x[0], x[1])), {{}, {}}, products},
      {"matrix_transpose", OP(matrix_transpose(x[0])), {{}}, matrices},
      {"linear", OP(linear(x[0], x[1], x[2])), {{}, {}, {}}, affine},
      {"linear",
       OP(linear(x[0], x[1])),
       {{}, {}},
       {{{3}, {2, 3}}, {{2, 3}, {4, 3}}, {{2, 2, 3}, {2, 3}}, {{3, 3}, {3, 3}}}},
      {"dot", OP(dot(x[0], x[1])), {{}, {}}, {{{1}, {1}}, {{4}, {4}}, {{0}, {0}}}},
      {"outer", OP(outer(x[0], x[1])), {{}, {}}, {{{2}, {3}}, {{3}, {3}}, {{0}, {2}}, {{2, 2}, {3}}}},
      {"einsum",
       OP(einsum("bij,bjk->bik", x[0], x[1])),
       {{}, {}},
       {{{2, 2, 3}, {2, 3, 2}}, {{2, 0, 3}, {2, 3, 2}}, {{2, 2, 2}, {2, 2, 2}}}},
      {"einsum", OP(einsum("ii->i", x[0])), {{}}, {{{3, 3}}, {{0, 0}}}},
      {"einsum", OP(einsum("...ij->...ji", x[0])), {{}}, matrices},
      {"einsum", OP(einsum("i,ij,j->", x[0], x[1], x[2])), {{}, {}, {}}, {{{2}, {2, 3}, {3}}, {{2}, {2, 2}, {2}}}},
      {"solve", OP(solve(regular(x[0]), x[1])), {{}, {}}, systems},
      {"triangular_solve", OP(triangular_solve(regular(x[0]), x[1])), {{}, {}}, systems},
      {"triangular_solve",
       OP(triangular_solve(regular(x[0]), x[1], {.upper = true, .transposed = true})),
       {{}, {}},
       systems},
      {"triangular_solve", OP(triangular_solve(x[0], x[1], {.unit_diagonal = true})), {{}, {}}, systems},
      {"inv", OP(inv(regular(x[0]))), {{}}, square},
      {"cholesky", OP(cholesky(definite(x[0]))), {{}}, square},
      {"det", OP(det(x[0])), {{}}, square},
      {"slogdet", OP(slogdet(regular(x[0])).logabsdet), {{}}, square},
      {"diag", OP(diag(x[0])), {{}}, {{{3}}, {{0}}, {{2, 3}}, {{3, 2}}, {{3, 0}}}},
      {"diag", OP(diag(x[0], 1)), {{}}, {{{3}}, {{0}}, {{2, 3}}, {{3, 2}}}},
      {"diag", OP(diag(x[0], -1)), {{}}, {{{3}}, {{2, 3}}, {{3, 3}}}},
      {"trace", OP(trace(x[0])), {{}}, matrices},
      {"trace", OP(trace(x[0], -1)), {{}}, matrices},
      {"tril", OP(tril(x[0])), {{}}, matrices},
      {"tril", OP(tril(x[0], 1)), {{}}, matrices},
      {"triu", OP(triu(x[0])), {{}}, matrices},
      {"triu", OP(triu(x[0], -1)), {{}}, matrices},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("linear algebra", op_table::linalg_rows())
