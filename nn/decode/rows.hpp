// Rows of logits as decoding looks at them: checked, in double precision.
#pragma once

#include <vector>

#include "../../core/graph/tensor.hpp"
#include "sampling.hpp"

namespace xg::nn::detail {

/// log softmax of logits (…, vocabulary), row after row. Throws what `sampling_probabilities` throws for its logits, in
/// the name of `op`; what stands in `unused` rows counts for nothing, all tokens being alike there.
struct LogProbabilities {
  std::vector<double> values;
  std::int64_t vocabulary;
  LogProbabilities(const char* op, const Operand& logits, const std::vector<bool>& unused = {});

  std::int64_t rows() const { return static_cast<std::int64_t>(values.size()) / vocabulary; }
  double* row(std::int64_t r) { return values.data() + r * vocabulary; }
  const double* row(std::int64_t r) const { return values.data() + r * vocabulary; }
};

/// Throws ValueError for options that make no sense.
void check_sampling(const char* op, const SamplingOptions& options, const Site& site);

/// Makes log-probabilities the probabilities that are to be drawn from.
void apply_sampling(LogProbabilities& scores, const SamplingOptions& options);
/// An index for each row of probabilities that sum to about 1.
std::vector<std::int64_t> draw(const LogProbabilities& probabilities, Rng* rng);

}  // namespace xg::nn::detail
