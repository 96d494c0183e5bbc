// Drawing the next token.
#pragma once

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn {

struct SamplingOptions {
  /// What logits are divided by: below 1 likely tokens become likelier, above 1 all become alike.
  double temperature = 1;
  /// Only this many of the likeliest tokens may be drawn, of equals the first; 0, or more than there are: all.
  std::int64_t top_k = 0;
  /// Only the fewest tokens, the likeliest first, that together have this probability may be drawn (nucleus sampling).
  double top_p = 1;
  /// Where the random numbers come from; null is the default generator.
  Rng* rng = nullptr;
};

/// What `sample_tokens` draws from: softmax(logits / temperature) of logits (…, vocabulary), restricted to the top_k
/// likeliest tokens, then to the nucleus of top_p, and made to sum to 1 again; shape and dtype of the logits, constant.
/// Throws DTypeError unless they are real, ShapeError without a vocabulary, ValueError for a temperature that is not
/// positive and finite, a negative top_k, a top_p outside (0, 1], and for logits among which there is NaN or +inf, or
/// no finite one. Source: Fan et al. 2018 (top_k), Holtzman et al. 2020 (top_p).
Tensor sampling_probabilities(const Operand& logits, const SamplingOptions& options = {});

/// A token for each row of logits (…, vocabulary), drawn from `sampling_probabilities`: i64 (…). Takes one random
/// number a row, so that the same seed draws the same tokens. Throws as `sampling_probabilities`.
Tensor sample_tokens(const Operand& logits, const SamplingOptions& options = {});

}  // namespace xg::nn
