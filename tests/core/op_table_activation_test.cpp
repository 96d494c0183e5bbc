// Rows of activation functions.
#include "op_table.hpp"

namespace op_table {

const Rows& activation_rows() {
  const Domain nonzero{-2, 2, {0}};
  static const Rows rows{
      unary("sigmoid", OP(sigmoid(x[0])), {-6, 6}),
      unary("logsigmoid", OP(logsigmoid(x[0])), {-6, 6}),
      unary("relu", OP(relu(x[0])), nonzero),
      unary("relu6", OP(relu6(x[0])), {-3, 9, {0, 6}}),
      unary("leaky_relu", OP(leaky_relu(x[0])), nonzero),
      unary("leaky_relu", OP(leaky_relu(x[0], 0.2)), nonzero),
      binary("prelu", OP(prelu(x[0], x[1])), nonzero),
      unary("hardtanh", OP(hardtanh(x[0])), {-2, 2, {-1, 1}}),
      unary("hardtanh", OP(hardtanh(x[0], -0.5, 1.5)), {-2, 2, {-0.5, 1.5}}),
      unary("hardsigmoid", OP(hardsigmoid(x[0])), {-5, 5, {-3, 3}}),
      unary("hardswish", OP(hardswish(x[0])), {-5, 5, {-3, 3}}),
      unary("elu", OP(elu(x[0])), nonzero),
      unary("elu", OP(elu(x[0], 0.5)), nonzero),
      unary("selu", OP(selu(x[0])), nonzero),
      unary("celu", OP(celu(x[0])), nonzero),
      unary("celu", OP(celu(x[0], 0.5)), nonzero),
      unary("softplus", OP(softplus(x[0]))),
      unary("softplus", OP(softplus(x[0], 2, 3)), {-2, 4, {1.5}}),
      unary("silu", OP(silu(x[0])), {-6, 6}),
      unary("mish", OP(mish(x[0])), {-6, 6}),
      unary("softsign", OP(softsign(x[0])), nonzero),
      unary("gelu", OP(gelu(x[0])), {-4, 4}),
      unary("gelu", OP(gelu(x[0], Approximate::tanh)), {-4, 4}),
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("activations", op_table::activation_rows())
