// Elementwise functions of one and two inputs.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

Tensor exp(const Operand& x);
Tensor log(const Operand& x);
Tensor log1p(const Operand& x);
Tensor sqrt(const Operand& x);
Tensor sin(const Operand& x);
Tensor cos(const Operand& x);
Tensor tanh(const Operand& x);
Tensor erf(const Operand& x);
Tensor abs(const Operand& x);
Tensor sign(const Operand& x);
Tensor maximum(const Operand& a, const Operand& b);

Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace xg
