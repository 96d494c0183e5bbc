#include "compare.hpp"

#include <limits>

#include "../error/error.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"

namespace xg {

using kernels::Arithmetic;
using kernels::Comparison;

namespace {

Tensor compare(const char* op, Comparison comparison, const Operand& a, const Operand& b) {
  detail::Met met = detail::meet(op, {a, b});
  return record(op, kernels::compare(comparison, met.arrays[0], met.arrays[1], met.shape), {a, b});
}

// On booleans · is and, + is or, − is exclusive or.
Tensor logic(const char* op, Arithmetic arithmetic, const Operand& a, const Operand& b) {
  detail::Met met = detail::meet(op, {a, b});
  return record(op,
                kernels::arithmetic(arithmetic, met.arrays[0].cast(DType::boolean), met.arrays[1].cast(DType::boolean),
                                    met.shape),
                {a, b});
}

Tensor compare_size(const char* op, Comparison comparison, const Operand& x) {
  Array values = x.array();
  Array infinity(std::numeric_limits<double>::infinity(), values.dtype());
  Array size = kernels::arithmetic(
      Arithmetic::maximum, values,
      kernels::arithmetic(Arithmetic::multiply, values, Array(-1, values.dtype()), x.shape()), x.shape());
  return record(op, kernels::compare(comparison, size, infinity, x.shape()), {x});
}

}  // namespace

Tensor equal(const Operand& a, const Operand& b) { return compare("equal", Comparison::equal, a, b); }
Tensor not_equal(const Operand& a, const Operand& b) { return compare("not_equal", Comparison::not_equal, a, b); }
Tensor less(const Operand& a, const Operand& b) { return compare("less", Comparison::less, a, b); }
Tensor less_equal(const Operand& a, const Operand& b) { return compare("less_equal", Comparison::less_equal, a, b); }
Tensor greater(const Operand& a, const Operand& b) { return compare("greater", Comparison::greater, a, b); }
Tensor greater_equal(const Operand& a, const Operand& b) {
  return compare("greater_equal", Comparison::greater_equal, a, b);
}

Tensor logical_and(const Operand& a, const Operand& b) { return logic("logical_and", Arithmetic::multiply, a, b); }
Tensor logical_or(const Operand& a, const Operand& b) { return logic("logical_or", Arithmetic::add, a, b); }
Tensor logical_xor(const Operand& a, const Operand& b) { return logic("logical_xor", Arithmetic::subtract, a, b); }
Tensor logical_not(const Operand& x) {
  return record("logical_not",
                kernels::compare(Comparison::equal, x.array(DType::boolean), Array(false, DType::boolean), x.shape()),
                {x});
}

Tensor isnan(const Operand& x) { return not_equal(x, x); }
Tensor isinf(const Operand& x) {
  if (!is_differentiable(x.dtype())) return Tensor(Array::full(x.shape(), false, DType::boolean));
  return compare_size("isinf", Comparison::equal, x);
}
Tensor isfinite(const Operand& x) {
  if (!is_differentiable(x.dtype())) return Tensor(Array::full(x.shape(), true, DType::boolean));
  return compare_size("isfinite", Comparison::less, x);
}

}  // namespace xg
