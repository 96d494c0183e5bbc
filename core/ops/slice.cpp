#include "slice.hpp"

#include "../array/copy.hpp"
#include "../graph/record.hpp"

namespace xg::detail {

Slice::Slice(const Shape& whole) : start(whole.size(), 0), step(whole.size(), 1), shape(whole), source(whole) {
  for (std::size_t i = 0; i < whole.size(); ++i) source[i] = static_cast<std::int64_t>(i);
}

Array Slice::of(const Array& x) const {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < start.size(); ++i)
    if (x.shape()[i] > 0) offset += start[i] * x.strides()[i];
  Strides strides(shape.size(), 0);
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (source[i] >= 0) strides[i] = step[source[i]] * x.strides()[source[i]];
  return x.view(shape, strides, shape.elements() == 0 ? 0 : offset);
}

Tensor slice(const char* op, const Operand& x, const Slice& slice) {
  return record(op, slice.of(x.array()), {x},
                [op, slice, whole = x.shape()](const Tensor& g) -> Tensors { return {unslice(op, g, slice, whole)}; });
}

Tensor unslice(const char* op, const Operand& x, const Slice& slice, const Shape& whole, const Number& fill) {
  Array from = x.array();
  Array value = Array::full(whole, fill, from.dtype());
  copy_into(from, slice.of(value));
  return record(op, std::move(value), {x},
                [op, slice](const Tensor& g) -> Tensors { return {detail::slice(op, g, slice)}; });
}

Tensor narrow(const char* op, const Operand& x, std::int64_t axis, std::int64_t first, std::int64_t count) {
  Slice part(x.shape());
  part.start[axis] = first;
  part.shape[axis] = count;
  return slice(op, x, part);
}

Tensor select(const char* op, const Operand& x, std::int64_t axis, std::int64_t at) {
  Slice part(x.shape());
  part.start[axis] = at;
  part.shape.erase(axis);
  part.source.erase(axis);
  return slice(op, x, part);
}

}  // namespace xg::detail
