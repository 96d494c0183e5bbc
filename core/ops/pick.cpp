#include "pick.hpp"

#include <fmt/format.h>

#include "../error/error.hpp"
#include "../graph/record.hpp"

namespace xg::detail {

Array normal_indices(const char* op, const Array& indices, std::int64_t axis, std::int64_t length, const Site& site) {
  if (indices.dtype() != DType::i64)
    Complaint(op, fmt::format("indices are i64, not {}", name_of(indices.dtype())))
        .at(site)
        .mend("astype(indices, i64)")
        .raise<DTypeError>();
  Array packed = indices.contiguous();
  const std::int64_t* values = packed.data<std::int64_t>();
  bool negative = false;
  for (std::int64_t i = 0; i < packed.size(); ++i) {
    if (values[i] < -length || values[i] >= length)
      Complaint(op, fmt::format("index {} is out of range for axis {} of length {}", values[i], axis, length))
          .at(site)
          .raise<IndexError>();
    negative = negative || values[i] < 0;
  }
  if (!negative) return packed;
  Array result(packed.shape(), DType::i64);
  std::int64_t* to = result.fill<std::int64_t>();
  for (std::int64_t i = 0; i < packed.size(); ++i) to[i] = values[i] < 0 ? values[i] + length : values[i];
  return result;
}

Tensor pick(const char* op, const Operand& x, const kernels::Picks& picks, std::int64_t axis) {
  return record(
      op, kernels::gather(x.array(), picks, axis), {x},
      [op, picks, axis, whole = x.shape()](const Tensor& g) -> Tensors { return {unpick(op, g, picks, axis, whole)}; });
}

Tensor unpick(const char* op, const Operand& x, const kernels::Picks& picks, std::int64_t axis, const Shape& whole) {
  Array from = x.array(), value = Array::zeros(whole, from.dtype());
  kernels::scatter_add(from, picks, axis, value);
  return record(op, std::move(value), {x},
                [op, picks, axis](const Tensor& g) -> Tensors { return {pick(op, g, picks, axis)}; });
}

}  // namespace xg::detail
