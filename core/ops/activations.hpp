// Activation functions. Parameters are plain numbers, with PyTorch's defaults.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// max(x, 0). The derivative is 1 for x > 0, else 0. Integers stay integers.
Tensor relu(const Operand& x);
/// x limited to [0, 6]. The derivative is 1 inside, 0 at and beyond the bounds.
Tensor relu6(const Operand& x);
/// x for x > 0, else slope·x. The derivative at 0 is the slope.
Tensor leaky_relu(const Operand& x, double slope = 0.01);
/// x for x > 0, else weight·x, where weight broadcasts against x. At 0 d/dx = weight; d/dweight = min(x, 0).
Tensor prelu(const Operand& x, const Operand& weight);
/// x limited to [least, most]. The derivative is 1 inside, 0 at and beyond the bounds.
Tensor hardtanh(const Operand& x, double least = -1, double most = 1);
/// relu6(x + 3) / 6. The derivative is 1/6 inside (−3, 3), else 0.
Tensor hardsigmoid(const Operand& x);
/// x·relu6(x + 3) / 6. The derivative is 0 below −3, (2x + 3)/6 from −3 to 3 inclusive, 1 above.
Tensor hardswish(const Operand& x);

/// x for x > 0, else alpha·(eˣ − 1). The derivative below is alpha·eˣ, at 0 alpha.
Tensor elu(const Operand& x, double alpha = 1);
/// scale·elu(x, alpha) with the scale 1.0507… and alpha 1.6732… that keep mean 0 and variance 1. Source: Klambauer et
/// al., Self-Normalizing Neural Networks, 2017.
Tensor selu(const Operand& x);
/// x for x > 0, else alpha·(exp(x/alpha) − 1). The derivative below is exp(x/alpha), at 0 it is 1.
Tensor celu(const Operand& x, double alpha = 1);

/// 1/(1 + e⁻ˣ). d/dx = σ(x)(1 − σ(x)).
Tensor sigmoid(const Operand& x);
/// log σ(x), finite for any finite x. d/dx = σ(−x).
Tensor logsigmoid(const Operand& x);
/// log(1 + exp(beta·x))/beta, and x itself where beta·x > threshold. d/dx = σ(beta·x), there 1.
Tensor softplus(const Operand& x, double beta = 1, double threshold = 20);
/// x·σ(x), also called swish. d/dx = σ(x)(1 + x·σ(−x)).
Tensor silu(const Operand& x);
// `Tensor mish(const Operand& x)`, x·tanh(softplus(x)), is a friend of Tensor and declared nowhere else: `mish(x)`
// finds it by its argument, and a program that has `using namespace xg` may still make a formula of that name, as ours
// does.
/// x/(1 + |x|). d/dx = 1/(1 + |x|)².
Tensor softsign(const Operand& x);

/// Which formula `gelu` uses.
enum class Approximate { none, tanh };
/// x·Φ(x), Φ the normal distribution function by way of erf; d/dx = Φ(x) + x·φ(x). With `Approximate::tanh`
/// x·(1 + tanh(√(2/π)(x + 0.044715x³)))/2. Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
Tensor gelu(const Operand& x, Approximate approximate = Approximate::none);

}  // namespace xg
