// What greedy decoding, sampling and beam search share.
#pragma once

#include "decode.hpp"
#include "rows.hpp"

namespace xg::nn::detail {

/// A decoding whose prompt, options and logits are checked.
class CheckedSteps {
 public:
  CheckedSteps(const char* op, Decoding& decoding, const Tensor& prompt, const DecodeOptions& options,
               const Site& site);
  std::int64_t rows() const { return rows_; }
  /// Behind the prompt at first, then behind these tokens, one a row.
  LogProbabilities next();
  /// Logits of the rows that have ended may be anything.
  LogProbabilities next(const std::vector<std::int64_t>& tokens, const std::vector<bool>& ended = {});
  /// Goes on with these rows; does nothing where they are all rows in their order.
  void select(const std::vector<std::int64_t>& rows);

 private:
  LogProbabilities step(const Tensor& tokens, const std::vector<bool>& ended);

  const char* op_;
  Decoding& decoding_;
  Tensor prompt_;
  DecodeOptions options_;
  Site site_;
  std::int64_t rows_ = 0, vocabulary_ = 0;
};

/// Sequences of different lengths as (count, longest), filled up with the end token.
Tensor padded(const std::vector<std::vector<std::int64_t>>& sequences, const DecodeOptions& options);
/// How many tokens come before the end token.
std::int64_t length_before_end(const std::vector<std::int64_t>& tokens, const DecodeOptions& options);

}  // namespace xg::nn::detail
