// Embedding: rows of a table, picked by number.
#pragma once

#include <optional>

#include "../graph/tensor.hpp"

namespace xg {

/// Row `indices[b…]` of `weight` for each index: (B…) and (rows, size) give (B…, size). The gradient of a row adds up
/// over the indices that pick it; that of the row `padding_idx`, which counts from the end if negative, is 0. Throws
/// IndexError for an index below 0 or too large and for such a padding_idx, DTypeError unless the indices are i64,
/// ShapeError unless the weight has two axes.
Tensor embedding(const Operand& indices, const Operand& weight, std::optional<std::int64_t> padding_idx = {});

namespace detail {
/// `padding_idx` counted from the front, −1 for none; throws IndexError naming `op`.
std::int64_t padding_row(const char* op, std::optional<std::int64_t> padding_idx, std::int64_t rows, const Site& site);
}  // namespace detail

}  // namespace xg
