#include "activations.hpp"

#include "define.hpp"
#include "select.hpp"

namespace xg {

Tensor relu(const Operand& x) {
  if (!is_differentiable(x.dtype())) return maximum(x, 0);
  static constexpr auto op = elementwise("relu", [](auto v) { return relu(v); });
  return op(x);
}
XG_DERIVED_OP(relu6)
XG_DERIVED_OP(hardsigmoid)
XG_DERIVED_OP(hardswish)

Tensor leaky_relu(const Operand& x, double slope) {
  return elementwise("leaky_relu", [slope](auto v) { return leaky_relu(v, slope); })(x);
}
Tensor prelu(const Operand& x, const Operand& weight) {
  static constexpr auto op = elementwise("prelu", [](auto v, auto w) { return prelu(v, w); });
  return op(x, weight);
}
Tensor hardtanh(const Operand& x, double least, double most) {
  return elementwise("hardtanh", [least, most](auto v) { return hardtanh(v, least, most); })(x);
}

}  // namespace xg
