#include "matrix.hpp"

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/matrix.hpp"
#include "reduce.hpp"

namespace xg {
namespace detail {

void check_matrices(const char* op, const Operand& x) {
  if (x.shape().size() >= 2) return;
  Complaint(op, "needs at least two axes, not " + std::to_string(x.shape().size()))
      .fact("x", describe(x))
      .at(x.site())
      .raise<ShapeError>();
}

namespace {

/// Zeros with x along the k-th diagonal: the transpose of `diagonal`. (..., n) -> (..., rows, columns)
Tensor diagonal_matrix(const Operand& x, std::int64_t k, std::int64_t rows, std::int64_t columns) {
  return record("diag", kernels::diagonal_matrix(x.array(), k, rows, columns), {x},
                [k](const Tensor& g) -> Tensors { return {diagonal(g, k)}; });
}

}  // namespace

Tensor diagonal(const Operand& x, std::int64_t k) {
  return record("diag", kernels::diagonal(x.array(), k), {x}, [k, shape = x.shape()](const Tensor& g) -> Tensors {
    return {diagonal_matrix(g, k, shape[shape.size() - 2], shape.back())};
  });
}

}  // namespace detail

Tensor diag(const Operand& x, std::int64_t k) {
  std::size_t rank = x.shape().size();
  if (rank == 0 || rank > 2)
    Complaint("diag", "takes a vector or a matrix, not " + to_string(x.shape()))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  if (rank == 2) return detail::diagonal(x, k);
  constexpr std::int64_t farthest = std::int64_t(1) << 40;
  if (k < -farthest || k > farthest)
    Complaint("diag", "a diagonal " + std::to_string(k) + " places off makes too large a matrix")
        .at(x.site())
        .raise<ValueError>();
  std::int64_t n = x.shape()[0] + (k < 0 ? -k : k);
  return detail::diagonal_matrix(x, k, n, n);
}

Tensor trace(const Operand& x, std::int64_t k) {
  detail::check_matrices("trace", x);
  CallScope scope(x.site());
  return sum(detail::diagonal(x, k), -1);
}

namespace {

Tensor triangle(const char* op, const Operand& x, std::int64_t k, bool upper) {
  detail::check_matrices(op, x);
  return record(op, kernels::triangle(x.array(), k, upper), {x},
                [op, k, upper](const Tensor& g) -> Tensors { return {triangle(op, g, k, upper)}; });
}

}  // namespace

Tensor tril(const Operand& x, std::int64_t k) { return triangle("tril", x, k, false); }
Tensor triu(const Operand& x, std::int64_t k) { return triangle("triu", x, k, true); }

}  // namespace xg
