// Losses of a choice among classes.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

struct CrossEntropyOptions {
  /// Weighs each class (classes,); the mean divides by the sum of the weights of the labels.
  Tensor weight = {};
  /// Mixes the target with this much of the uniform distribution.
  double label_smoothing = 0;
  /// Positions with this label count for nothing.
  std::int64_t ignore_index = -100;
  /// The axis of the classes; PyTorch's layout is `.axis = 1`.
  std::int64_t axis = -1;
  Reduction reduction = Reduction::mean;
};

/// −Σ_c q_c log softmax(x)_c, averaged, of logits x and a target q: labels, i64 and without the axis of the classes, or
/// probabilities in the shape of x. d/dx = softmax(x) − q. Finite where softmax underflows; where every label is
/// ignored the mean is NaN, the sum 0, and the gradient 0. The gradient passes through probabilities too, not through
/// the weight. Throws ShapeError, DTypeError, IndexError naming a label that is out of range, ValueError for a
/// smoothing outside [0, 1].
Tensor cross_entropy(const Operand& logits, const Operand& target, const CrossEntropyOptions& options = {});

/// −x at the label, averaged, of log-probabilities x: `nll(log_softmax(z, -1), y)` is `cross_entropy(z, y)`. Takes
/// labels only, and no smoothing. Throws as cross_entropy does.
Tensor nll(const Operand& log_probabilities, const Operand& labels, const CrossEntropyOptions& options = {});

}  // namespace xg::nn
