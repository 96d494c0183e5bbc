#include "functions.hpp"

#include "elementwise.hpp"

namespace xg {

#define XG_OP(name)                                                \
  Tensor name(const Operand& x) {                                  \
    static constexpr auto op = elementwise(                        \
        #name, [](auto v) { return name(v); }, name##_derivative); \
    return op(x);                                                  \
  }
XG_OP(exp)
XG_OP(log)
XG_OP(log1p)
XG_OP(sqrt)
XG_OP(sin)
XG_OP(cos)
XG_OP(tanh)
XG_OP(erf)
#undef XG_OP

Tensor maximum(const Operand& a, const Operand& b) {
  static constexpr auto op = elementwise(
      "maximum", [](auto v, auto w) { return maximum(v, w); }, maximum_derivative);
  return op(a, b);
}
Tensor sign(const Operand& x) { return Tensor(x.array()); }
Tensor abs(const Operand& x) { return where(x > 0, x, -x); }

}  // namespace xg
