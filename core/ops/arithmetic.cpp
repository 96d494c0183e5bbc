#include "arithmetic.hpp"

#include "../error/error.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "functions.hpp"
#include "vjp_product.hpp"

namespace xg {

using kernels::Arithmetic;
using kernels::Comparison;

Tensor subtract(const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("subtract", {a, b});
  return record("subtract", kernels::arithmetic(Arithmetic::subtract, met.arrays[0], met.arrays[1], met.shape), {a, b},
                [](const Tensor& g, const Wants& wants) -> Tensors {
                  return {g, wants[1] ? negative(g) : Tensor()};
                });
}

Tensor multiply(const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("multiply", {a, b});
  return record(
      "multiply", kernels::arithmetic(Arithmetic::multiply, met.arrays[0], met.arrays[1], met.shape), {a, b},
      [a = a.tensor(), b = b.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
        return {wants[0] ? detail::vjp_product(g, b) : Tensor(), wants[1] ? detail::vjp_product(g, a) : Tensor()};
      });
}

Tensor divide(const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("divide", {a, b}, true);
  return record("divide", kernels::arithmetic(Arithmetic::divide, met.arrays[0], met.arrays[1], met.shape), {a, b},
                [a = a.tensor(), b = b.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? detail::vjp_product(g, 1 / b) : Tensor(),
                          wants[1] ? detail::vjp_product(g, -a / (b * b)) : Tensor()};
                });
}

Tensor negative(const Operand& x) {
  DType dtype = x.dtype();
  if (dtype == DType::boolean)
    Complaint("negative", "booleans have no negative").at(x.site()).mend("logical_not(x)").raise<DTypeError>();
  return record("negative", kernels::arithmetic(Arithmetic::multiply, x.array(), Array(-1, dtype), x.shape()), {x},
                [](const Tensor& g) -> Tensors { return {negative(g)}; });
}

namespace {

Tensor compare(const char* op, Comparison comparison, const Operand& a, const Operand& b) {
  detail::Met met = detail::meet(op, {a, b});
  return Tensor(kernels::compare(comparison, met.arrays[0], met.arrays[1], met.shape));
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

Tensor where(const Operand& condition, const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("where", {a, b});
  Array mask = condition.array(DType::boolean);
  Shape shape;
  if (!broadcast_shapes(mask.shape(), met.shape, shape))
    Complaint("where", "the condition does not broadcast: " + to_string(mask.shape()) + " and " + to_string(met.shape))
        .fact("condition", describe(condition))
        .fact("a", describe(a))
        .fact("b", describe(b))
        .at(a.site())
        .raise<ShapeError>();
  return record("where", kernels::select(mask, met.arrays[0], met.arrays[1], shape), {a, b},
                [mask = Tensor(mask)](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? where(mask, g, 0) : Tensor(), wants[1] ? where(mask, 0, g) : Tensor()};
                });
}

}  // namespace xg
