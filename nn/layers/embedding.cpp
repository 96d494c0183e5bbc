#include "embedding.hpp"

#include <algorithm>

#include "../../core/array/random.hpp"
#include "../../core/error/error.hpp"
#include "../../core/ops/embedding.hpp"

namespace xg::nn {

Embedding::Embedding(std::int64_t rows, std::int64_t size, const EmbeddingOptions& options, Site site)
    : padding_idx_(options.padding_idx) {
  if (rows < 0 || size < 0)
    Complaint("Embedding", "sizes cannot be negative: rows " + std::to_string(rows) + ", size " + std::to_string(size))
        .at(site)
        .raise<ValueError>();
  std::int64_t padding = xg::detail::padding_row("Embedding", padding_idx_, rows, site);
  Array values = draw::normal({rows, size}, f32, default_rng());
  if (padding >= 0) std::fill_n(values.fill<float>() + padding * size, size, 0.0f);
  weight = Parameter(Tensor(values), site);
}

Tensor Embedding::operator()(const Operand& indices) const {
  return ModuleCall(*this, indices)(embedding(indices, weight, padding_idx_));
}

}  // namespace xg::nn
