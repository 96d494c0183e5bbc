// Attention of queries to keys: fused, by blocks, in memory linear in the number of positions.
#pragma once

#include <optional>

#include "../array/random.hpp"
#include "../graph/tensor.hpp"

namespace xg {

struct AttentionOptions {
  /// Broadcasts to (…, queries, keys). Boolean: true may not be attended to. Real: added to the scores, with a
  /// gradient.
  Tensor mask = {};
  /// Boolean (batch, keys): true is padding, to which nobody attends; the batch is q's first axis, if it has three.
  Tensor key_padding = {};
  /// Nobody attends to the future: the last query sees all keys, the one before it all but the last, and so on (with as
  /// many queries as keys, PyTorch's `is_causal`).
  bool causal = false;
  /// The probability that a weight is left out; the others are divided by 1 − dropout.
  double dropout = 0;
  /// What scores are multiplied by; 1/√width unless given.
  std::optional<double> scale = {};
  /// Where dropout's random numbers come from; null is the default generator.
  Rng* rng = nullptr;
};

/// y = softmax(scale · q kᵀ + mask) v: q (…, queries, width), k (…, keys, width), v (…, keys, values) give
/// (…, queries, values); leading axes broadcast, heads among them. With P the softmax and D = Σ g y of each query:
/// ∂v = Pᵀ g, S = P (g vᵀ − D), ∂q = scale · S k, ∂k = scale · Sᵀ q, ∂mask = S. A query that may attend to nothing
/// gives 0 and gets and passes on gradient 0 (PyTorch: NaN). Scores are made by blocks, forward and again backward, and
/// those in the future of a causal block not at all; a recorded backward pass, and a real mask that wants a gradient,
/// take the memory of all scores. Throws ShapeError where shapes do not fit, DTypeError for masks of integers and
/// paddings that are not boolean, ValueError for a dropout that is no probability. Source: Vaswani et al. 2017; Rabe
/// and Staats 2021; Dao et al. 2022.
Tensor scaled_dot_product_attention(const Operand& q, const Operand& k, const Operand& v,
                                    const AttentionOptions& options = {});

namespace detail {

/// The same in plain ops, with the weights that v was averaged by: (…, queries, keys), after dropout.
struct AttentionWithWeights {
  Tensor y, weights;
};
AttentionWithWeights attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                            const AttentionOptions& options, const Site& site);

}  // namespace detail
}  // namespace xg
