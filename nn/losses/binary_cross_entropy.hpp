// Losses of yes-or-no questions.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

struct BinaryCrossEntropyOptions {
  /// Weighs each element's loss; broadcasts.
  Tensor weight = {};
  /// With logits only: weighs the loss of positive targets; broadcasts.
  Tensor positive_weight = {};
  Reduction reduction = Reduction::mean;
};

/// −(y log p + (1 − y) log(1 − p)), averaged, of probabilities p; the logarithms are at least −100. d/dp = (p − y) /
/// max(p (1 − p), 1e-12), finite at 0 and 1. Shapes are equal. Throws ShapeError; ValueError for a p outside [0, 1] and
/// for a positive weight.
Tensor binary_cross_entropy(const Operand& p, const Operand& y, const BinaryCrossEntropyOptions& options = {});

/// The same of logits x, p = 1 / (1 + exp(−x)): max(x, 0) − x y + log(1 + exp(−|x|)), finite for all x. d/dx = p − y.
/// With a positive weight c: −(c y log p + (1 − y) log(1 − p)). Throws ShapeError.
Tensor binary_cross_entropy_with_logits(const Operand& x, const Operand& y,
                                        const BinaryCrossEntropyOptions& options = {});

}  // namespace xg::nn
