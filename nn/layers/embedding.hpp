// Embedding: a trained vector for each of some numbered things.
#pragma once

#include <optional>

#include "../module/module.hpp"

namespace xg::nn {

struct EmbeddingOptions {
  /// This row starts at zeros and has no gradient; negative counts from the end.
  std::optional<std::int64_t> padding_idx = {};
};

/// Rows of a weight (rows, size) by i64 index: (B…) -> (B…, size). The weight starts normal with mean 0 and variance 1.
/// Called, throws IndexError naming the first index that is none of the rows, and where it stands, and DTypeError;
/// made, ValueError for negative sizes, IndexError for a padding_idx that is no row.
class Embedding {
 public:
  Embedding(std::int64_t rows, std::int64_t size, const EmbeddingOptions& options = {}, Site site = Site::here());

  Tensor operator()(const Operand& indices) const;
  auto fields() { return nn::fields("weight", weight); }

  Parameter weight;

 private:
  std::optional<std::int64_t> padding_idx_;
};

}  // namespace xg::nn
