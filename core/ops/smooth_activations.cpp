#include "activations.hpp"
#include "define.hpp"

namespace xg {

XG_UNARY_OP(selu)
XG_UNARY_OP(sigmoid)
XG_UNARY_OP(logsigmoid)
XG_UNARY_OP(silu)
XG_UNARY_OP(mish)
XG_UNARY_OP(softsign)

Tensor elu(const Operand& x, double alpha) {
  return elementwise(
      "elu", [alpha](auto v) { return elu(v, alpha); }, elu_derivative(alpha))(x);
}
Tensor celu(const Operand& x, double alpha) {
  return elementwise(
      "celu", [alpha](auto v) { return celu(v, alpha); }, celu_derivative(alpha))(x);
}
Tensor softplus(const Operand& x, double beta, double threshold) {
  return elementwise(
      "softplus", [=](auto v) { return softplus(v, beta, threshold); }, softplus_derivative(beta, threshold))(x);
}

Tensor gelu(const Operand& x, Approximate approximate) {
  static constexpr auto with_erf = elementwise(
      "gelu", [](auto v) { return gelu(v); }, gelu_erf_derivative);
  static constexpr auto with_tanh = elementwise(
      "gelu", [](auto v) { return gelu(v, Approximate::tanh); }, gelu_tanh_derivative);
  return approximate == Approximate::none ? with_erf(x) : with_tanh(x);
}

}  // namespace xg
