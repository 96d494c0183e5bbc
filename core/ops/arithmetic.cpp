#include "arithmetic.hpp"

#include "../error/error.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "define.hpp"
#include "vjp_product.hpp"

namespace xg {

using kernels::Arithmetic;

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
      [a = a.tensor(met.dtype), b = b.tensor(met.dtype)](const Tensor& g, const Wants& wants) -> Tensors {
        return {wants[0] ? detail::vjp_product(g, b) : Tensor(), wants[1] ? detail::vjp_product(g, a) : Tensor()};
      });
}

Tensor divide(const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("divide", {a, b}, true);
  return record("divide", kernels::arithmetic(Arithmetic::divide, met.arrays[0], met.arrays[1], met.shape), {a, b},
                [a = a.tensor(met.dtype), b = b.tensor(met.dtype)](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? detail::vjp_product(g, 1 / b) : Tensor(),
                          wants[1] ? detail::vjp_product(g, -(a / b) / b) : Tensor()};
                });
}

Tensor negative(const Operand& x) {
  DType dtype = x.dtype();
  if (dtype == DType::boolean)
    Complaint("negative", "booleans have no negative")
        .fact("x", describe(x))
        .at(x.site())
        .mend("logical_not(x)")
        .raise<DTypeError>();
  return record("negative", kernels::arithmetic(Arithmetic::multiply, x.array(), Array(-1, dtype), x.shape()), {x},
                [](const Tensor& g) -> Tensors { return {negative(g)}; });
}

XG_EXACT_BINARY_OP(floor_divide)
XG_EXACT_BINARY_OP(remainder)
XG_EXACT_BINARY_OP(fmod)

}  // namespace xg
