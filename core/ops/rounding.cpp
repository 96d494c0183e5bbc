#include "rounding.hpp"

#include "../error/error.hpp"
#include "../kernels/arithmetic.hpp"
#include "define.hpp"
#include "select.hpp"

namespace xg {
namespace {

void refuse_booleans(const char* op, const Operand& x) {
  if (x.dtype() == DType::boolean)
    Complaint(op, "booleans have no sign")
        .fact("x", describe(x))
        .at(x.site())
        .mend("astype(x, i64)")
        .raise<DTypeError>();
}

}  // namespace

Tensor abs(const Operand& x) {
  refuse_booleans("abs", x);
  if (x.dtype() == DType::i64) return maximum(x, -x);
  static constexpr auto op = elementwise(
      "abs", [](auto v) { return abs(v); }, abs_derivative);
  return op(x);
}
Tensor sign(const Operand& x) {
  refuse_booleans("sign", x);
  if (x.dtype() == DType::i64) return clamp(x, -1, 1);
  static constexpr auto op = elementwise(
      "sign", [](auto v) { return sign(v); }, sign_derivative);
  return op(x);
}

#define XG_ROUNDING_OP(name)                                       \
  Tensor name(const Operand& x) {                                  \
    if (!is_differentiable(x.dtype())) return Tensor(x.array());   \
    static constexpr auto op = elementwise(                        \
        #name, [](auto v) { return name(v); }, name##_derivative); \
    return op(x);                                                  \
  }
XG_ROUNDING_OP(floor)
XG_ROUNDING_OP(ceil)
XG_ROUNDING_OP(round)
XG_ROUNDING_OP(trunc)

}  // namespace xg
