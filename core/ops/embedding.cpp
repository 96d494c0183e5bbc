#include "embedding.hpp"

#include <fmt/format.h>

#include "../array/index_text.hpp"
#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/embedding.hpp"

namespace xg {
namespace {

Tensor add_rows(const Operand& x, const Array& indices, std::int64_t rows, std::int64_t padding);

/// Rows of `table`, zeros at the padding.
Tensor pick_rows(const Operand& table, const Array& indices, std::int64_t padding) {
  return record("embedding", kernels::pick_rows(table.array(), indices, padding), {table},
                [indices, padding, rows = table.shape()[0]](const Tensor& g) -> Tensors {
                  return {add_rows(g, indices, rows, padding)};
                });
}

Tensor add_rows(const Operand& x, const Array& indices, std::int64_t rows, std::int64_t padding) {
  return record("embedding_vjp", kernels::add_rows(x.array(), indices, rows, padding), {x},
                [indices, padding](const Tensor& g) -> Tensors { return {pick_rows(g, indices, padding)}; });
}

/// The indices, row-major and found to be in range.
Array checked(const Operand& indices, const Operand& weight) {
  std::string layer = weight.is_number() ? "" : weight.tensor().name();
  if (weight.shape().rank() != 2)
    Complaint("embedding", "the weight has shape " + to_string(weight.shape()) + ", not (rows, size)")
        .layer(layer)
        .fact("weight", describe(weight))
        .at(indices.site())
        .raise<ShapeError>();
  if (indices.dtype() != DType::i64)
    Complaint("embedding", fmt::format("indices are i64, not {}", name_of(indices.dtype())))
        .layer(layer)
        .fact("indices", describe(indices))
        .at(indices.site())
        .mend("astype(indices, i64)")
        .raise<DTypeError>();
  Array packed = indices.array().contiguous();
  const std::int64_t* index = packed.data<std::int64_t>();
  std::int64_t rows = weight.shape()[0];
  for (std::int64_t i = 0; i < packed.size(); ++i) {
    if (index[i] >= 0 && index[i] < rows) continue;
    std::string at = detail::index_text(i, packed.shape());
    Complaint("embedding", fmt::format("index {} at {} is none of {} rows", index[i], at, rows))
        .layer(layer)
        .fact("indices", describe(indices))
        .fact("weight", describe(weight))
        .at(indices.site())
        .raise<IndexError>();
  }
  return packed;
}

}  // namespace

std::int64_t detail::padding_row(const char* op, std::optional<std::int64_t> padding_idx, std::int64_t rows,
                                 const Site& site) {
  if (!padding_idx) return -1;
  if (*padding_idx < -rows || *padding_idx >= rows)
    Complaint(op, fmt::format("padding_idx {} is none of {} rows", *padding_idx, rows)).at(site).raise<IndexError>();
  return *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
}

Tensor embedding(const Operand& indices, const Operand& weight, std::optional<std::int64_t> padding_idx) {
  Array picks = checked(indices, weight);
  std::int64_t rows = weight.shape()[0], padding = detail::padding_row("embedding", padding_idx, rows, indices.site());
  CallScope scope(indices.site());
  return record("embedding", kernels::pick_rows(weight.array(), picks, -1), {weight},
                [picks, padding, rows](const Tensor& g) -> Tensors { return {add_rows(g, picks, rows, padding)}; });
}

}  // namespace xg
