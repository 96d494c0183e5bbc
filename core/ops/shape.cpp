#include "shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../error/error.hpp"
#include "../graph/record.hpp"

namespace xg {
namespace {

/// `shape` with its −1 worked out.
Shape complete(const Operand& x, const Shape& shape) {
  Shape result = shape;
  std::int64_t unknown = -1, count = x.shape().elements(), known = 1;
  bool valid = true;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    valid = valid && shape[i] == -1 && unknown < 0;
    unknown = static_cast<std::int64_t>(i);
  }
  if (valid && unknown >= 0) {
    result[unknown] = 1;
    known = checked_elements(result);
    valid = known > 0 && count % known == 0;
    if (valid) result[unknown] = count / known;
  }
  if (!valid || checked_elements(result) != count)
    Complaint("reshape", fmt::format("{} elements do not fit {}", count, to_string(shape)))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  return result;
}

/// Axes in the order given, counted from the front, each once.
Shape distinct(const char* op, const Operand& x, const Axes& axes, std::int64_t rank) {
  normal_axes(op, axes, rank, x.site());  // in range and distinct?
  Shape order;
  for (std::int64_t axis : axes.list()) order.push_back(axis < 0 ? axis + rank : axis);
  return order;
}

/// `order` names every axis once.
Tensor permuted(const char* op, const Operand& x, const Shape& order) {
  Shape back(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i]] = static_cast<std::int64_t>(i);
  return record(op, x.array().permuted(order), {x},
                [op, back](const Tensor& g) -> Tensors { return {permuted(op, g, back)}; });
}

Tensor reshaped(const char* op, const Operand& x, const Shape& shape) {
  return record(op, x.array().reshaped(shape), {x},
                [op, from = x.shape()](const Tensor& g) -> Tensors { return {reshaped(op, g, from)}; });
}

Tensor ordered(const char* op, const Operand& x, const Axes& axes) {
  std::int64_t rank = x.shape().rank();
  Shape order;
  if (axes.all())
    for (std::int64_t axis = rank; axis-- > 0;) order.push_back(axis);
  else order = distinct(op, x, axes, rank);
  if (order.rank() != rank)
    Complaint(op, fmt::format("{} names {} of {} axes", to_string(axes.list()), order.rank(), rank))
        .fact("x", describe(x))
        .at(x.site())
        .mend("name every axis once")
        .raise<ValueError>();
  return permuted(op, x, order);
}

}  // namespace

Tensor reshape(const Operand& x, const Shape& shape) { return reshaped("reshape", x, complete(x, shape)); }

Tensor flatten(const Operand& x, std::int64_t first, std::int64_t last) {
  const Shape& shape = x.shape();
  if (shape.empty()) return reshaped("flatten", x, {1});
  first = normal_axis("flatten", first, shape.rank(), x.site());
  last = normal_axis("flatten", last, shape.rank(), x.site());
  if (first > last)
    Complaint("flatten", fmt::format("axis {} comes after axis {}", first, last)).at(x.site()).raise<ValueError>();
  Shape flat;
  for (std::int64_t axis = 0; axis < shape.rank(); ++axis)
    if (axis > first && axis <= last) flat.back() *= shape[axis];
    else flat.push_back(shape[axis]);
  return reshaped("flatten", x, flat);
}

Tensor transpose(const Operand& x, const Axes& axes) { return ordered("transpose", x, axes); }

Tensor permute(const Operand& x, const Axes& axes) { return ordered("permute", x, axes); }

Tensor moveaxis(const Operand& x, const Axes& from, const Axes& to) {
  std::int64_t rank = x.shape().rank();
  Shape source = distinct("moveaxis", x, from, rank), target = distinct("moveaxis", x, to, rank);
  if (source.size() != target.size())
    Complaint("moveaxis", fmt::format("{} axes to move to {} places", source.size(), target.size()))
        .at(x.site())
        .raise<ValueError>();
  Shape order(static_cast<std::size_t>(rank), -1);
  for (std::size_t i = 0; i < source.size(); ++i) order[target[i]] = source[i];
  std::int64_t next = 0;
  for (std::int64_t& axis : order) {
    if (axis >= 0) continue;
    while (std::find(source.begin(), source.end(), next) != source.end()) ++next;
    axis = next++;
  }
  return permuted("moveaxis", x, order);
}

Tensor swapaxes(const Operand& x, std::int64_t a, std::int64_t b) {
  std::int64_t rank = x.shape().rank();
  Shape order = normal_axes("swapaxes", {}, rank, x.site());
  std::swap(order[normal_axis("swapaxes", a, rank, x.site())], order[normal_axis("swapaxes", b, rank, x.site())]);
  return permuted("swapaxes", x, order);
}

Tensor squeeze(const Operand& x, const Axes& axes) {
  const Shape& shape = x.shape();
  Shape dropped;
  for (std::int64_t axis : normal_axes("squeeze", axes, shape.rank(), x.site())) {
    if (shape[axis] == 1) dropped.push_back(axis);
    else if (!axes.all())
      Complaint("squeeze", fmt::format("axis {} has length {}, not 1", axis, shape[axis]))
          .fact("x", describe(x))
          .at(x.site())
          .raise<ShapeError>();
  }
  return reshaped("squeeze", x, reduced_shape(shape, dropped, KeepDims::no));
}

Tensor expand_dims(const Operand& x, const Axes& axes) {
  std::int64_t rank = x.shape().rank() + axes.list().rank();
  Shape shape = x.shape();
  for (std::int64_t axis : axes.all() ? Shape() : normal_axes("expand_dims", axes, rank, x.site()))
    shape.insert(axis, 1);
  return reshaped("expand_dims", x, shape);
}

Tensor copy(const Operand& x) {
  return record("copy", x.array().copy(), {x}, [](const Tensor& g) -> Tensors { return {g}; });
}

Tensor contiguous(const Operand& x) {
  if (!x.is_number() && x.tensor().array().is_contiguous()) return x.tensor();
  return copy(x);
}

}  // namespace xg
