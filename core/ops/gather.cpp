#include "gather.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../array/copy.hpp"
#include "../error/error.hpp"
#include "../graph/engine_ops.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "checks.hpp"
#include "functions.hpp"
#include "pick.hpp"
#include "shape.hpp"

namespace xg {
namespace {

/// `indices` fit `whole` everywhere but along `axis`: returns them normal.
Array along(const char* op, const Operand& x, const Operand& indices, std::int64_t axis) {
  const Shape &whole = x.shape(), &shape = indices.shape();
  bool fits = whole.rank() == shape.rank();
  for (std::int64_t k = 0; fits && k < whole.rank(); ++k) fits = k == axis || shape[k] <= whole[k];
  if (!fits)
    Complaint(op,
              fmt::format("indices of shape {} do not fit {} beside axis {}", to_string(shape), to_string(whole), axis))
        .fact("x", describe(x))
        .fact("indices", describe(indices))
        .at(x.site())
        .mend("as many axes, and none longer than x's except the one gathered along")
        .raise<ShapeError>();
  return detail::normal_indices(op, indices.array(), axis, whole[axis], x.site());
}

Tensor gathered(const char* op, const Operand& x, const Array& indices, std::int64_t axis);

/// A tensor of shape `whole`, zero but for x added at the indices.
Tensor scattered(const char* op, const Operand& x, const Array& indices, std::int64_t axis, const Shape& whole) {
  Array from = x.array(), value = Array::zeros(whole, from.dtype());
  kernels::scatter_add_along(from, indices, axis, value);
  return record(op, std::move(value), {x},
                [op, indices, axis](const Tensor& g) -> Tensors { return {gathered(op, g, indices, axis)}; });
}

Tensor gathered(const char* op, const Operand& x, const Array& indices, std::int64_t axis) {
  return record(op, kernels::gather_along(x.array(), indices, axis), {x},
                [op, indices, axis, whole = x.shape()](const Tensor& g) -> Tensors {
                  return {scattered(op, g, indices, axis, whole)};
                });
}

}  // namespace

Tensor take(const Operand& x, const Operand& indices, std::int64_t axis) {
  axis = normal_axis("take", axis, x.shape().rank(), x.site());
  Array picks = detail::normal_indices("take", indices.array(), axis, x.shape()[axis], x.site());
  return detail::pick("take", x, {picks}, axis);
}

Tensor take(const Operand& x, const Operand& indices) {
  CallScope scope(x.site());
  return take(Operand(flatten(x), x.site()), indices, 0);
}

Tensor gather(const Operand& x, const Operand& indices, std::int64_t axis) {
  axis = normal_axis("gather", axis, x.shape().rank(), x.site());
  return gathered("gather", x, along("gather", x, indices, axis), axis);
}

Tensor take_along_axis(const Operand& x, const Operand& indices, std::int64_t axis) {
  Shape whole = x.shape(), shape = indices.shape(), common;
  axis = normal_axis("take_along_axis", axis, whole.rank(), x.site());
  if (whole.rank() == shape.rank()) {
    Shape x_others = whole, others = shape;
    x_others[axis] = others[axis] = 1;
    if (broadcast_shapes(x_others, others, common)) {
      std::int64_t length = whole[axis], count = shape[axis];
      whole = shape = common;
      whole[axis] = length;
      shape[axis] = count;
    }
  }
  CallScope scope(x.site());
  Tensor wide = whole == x.shape() ? x.tensor() : broadcast_to(x, whole);
  Tensor picks = shape == indices.shape() ? indices.tensor() : Tensor(indices.array().broadcast_to(shape));
  return gathered("take_along_axis", wide, along("take_along_axis", Operand(wide, x.site()), picks, axis), axis);
}

Tensor scatter_add(const Operand& x, const Operand& indices, const Operand& source, std::int64_t axis) {
  axis = normal_axis("scatter_add", axis, x.shape().rank(), x.site());
  Array places = along("scatter_add", x, indices, axis);
  Shape fit;
  if (!broadcast_shapes(source.shape(), places.shape(), fit) || fit != places.shape())
    Complaint("scatter_add", fmt::format("the source {} does not broadcast to the indices {}",
                                         to_string(source.shape()), to_string(places.shape())))
        .at(x.site())
        .raise<ShapeError>();
  DType dtype = detail::common_dtype({x, source});
  Array value(x.shape(), dtype);
  copy_into(x.array(), value);
  kernels::scatter_add_along(source.array(dtype).broadcast_to(places.shape()), places, axis, value);
  return record("scatter_add", std::move(value), {x, source},
                [places, axis](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? g : Tensor(), wants[1] ? gathered("scatter_add", g, places, axis) : Tensor()};
                });
}

Tensor masked_fill(const Operand& x, const Operand& mask, const Operand& value) {
  if (mask.dtype() != DType::boolean)
    Complaint("masked_fill", fmt::format("a mask is boolean, not {}", name_of(mask.dtype())))
        .at(x.site())
        .mend("a comparison, such as mask != 0")
        .raise<DTypeError>();
  Shape fit;
  if (!broadcast_shapes(mask.shape(), x.shape(), fit) || fit != x.shape())
    Complaint("masked_fill",
              fmt::format("a mask of shape {} does not broadcast to {}", to_string(mask.shape()), to_string(x.shape())))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  if (value.shape().elements() != 1 || value.shape().rank() > x.shape().rank())
    Complaint("masked_fill", fmt::format("a value of shape {} is not one number", to_string(value.shape())))
        .at(x.site())
        .mend("where(mask, value, x)")
        .raise<ShapeError>();
  CallScope scope(x.site());
  return where(mask, value, x);
}

Tensor one_hot(const Operand& indices, std::int64_t classes, DType dtype) {
  if (indices.dtype() != DType::i64)
    Complaint("one_hot", fmt::format("indices are i64, not {}", name_of(indices.dtype())))
        .at(indices.site())
        .mend("astype(indices, i64)")
        .raise<DTypeError>();
  Array packed = indices.array().contiguous();
  const std::int64_t *first = packed.data<std::int64_t>(), *last = first + packed.size();
  if (classes < 0) classes = packed.size() == 0 ? 0 : std::max<std::int64_t>(0, *std::max_element(first, last) + 1);
  for (const std::int64_t* i = first; i != last; ++i)
    if (*i < 0 || *i >= classes)
      Complaint("one_hot", fmt::format("index {} is none of {} classes", *i, classes))
          .at(indices.site())
          .raise<IndexError>();
  Shape shape = packed.shape();
  shape.push_back(classes);
  detail::check_shape("one_hot", shape, indices.site());
  Array value = Array::zeros(shape, dtype);
  visit(dtype, [&](auto t) {
    auto* to = value.fill<decltype(t)>();
    for (const std::int64_t* i = first; i != last; ++i, to += classes) to[*i] = 1;
  });
  return Tensor(std::move(value));
}

}  // namespace xg
