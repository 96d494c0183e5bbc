#include "concatenate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../array/copy.hpp"
#include "../error/error.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "slice.hpp"

namespace xg {
namespace {

void check_some(const char* op, const Operands& tensors) {
  if (tensors.empty()) Complaint(op, "there are no tensors to join").at(tensors.site()).raise<ValueError>();
}

[[noreturn]] void unequal(const char* op, const std::string& what, const Operand& first, const Operand& other) {
  Complaint(op, what)
      .fact("first", describe(first))
      .fact("other", describe(other))
      .at(other.site())
      .raise<ShapeError>();
}

/// Elements [first, first + length) of an axis, as a view to fill.
Array part_of(const Array& whole, std::int64_t axis, std::int64_t first, std::int64_t length) {
  detail::Slice part(whole.shape());
  part.start[axis] = first;
  part.shape[axis] = length;
  return part.of(whole);
}

}  // namespace

Tensor concatenate(const Operands& tensors, std::int64_t axis) {
  check_some("concatenate", tensors);
  Shape shape = tensors[0].shape(), lengths;
  axis = normal_axis("concatenate", axis, shape.rank(), tensors[0].site());
  shape[axis] = 0;
  for (const Operand& tensor : tensors) {
    Shape other = tensor.shape();
    std::int64_t length = axis < other.rank() ? other[axis] : 0;
    if (axis < other.rank()) other[axis] = shape[axis];
    if (other != shape)
      unequal("concatenate",
              fmt::format("shapes differ elsewhere than along axis {}: {} and {}", axis, to_string(tensors[0].shape()),
                          to_string(tensor.shape())),
              tensors[0], tensor);
    lengths.push_back(length);
    shape[axis] += length;
  }
  Array value(shape, detail::common_dtype(tensors));
  std::int64_t at = 0;
  for (std::size_t i = 0; i < tensors.size(); at += lengths[i++])
    copy_into(tensors[i].array(), part_of(value, axis, at, lengths[i]));
  return record(
      "concatenate", std::move(value), tensors, [axis, lengths](const Tensor& g, const Wants& wants) -> Tensors {
        Tensors gradients;
        std::int64_t first = 0;
        for (std::size_t i = 0; i < lengths.size(); first += lengths[i++])
          gradients.push_back(wants[i] ? detail::narrow("concatenate", g, axis, first, lengths[i]) : Tensor());
        return gradients;
      });
}

Tensor stack(const Operands& tensors, std::int64_t axis) {
  check_some("stack", tensors);
  Shape shape = tensors[0].shape();
  axis = normal_axis("stack", axis, shape.rank() + 1, tensors[0].site());
  for (const Operand& tensor : tensors)
    if (tensor.shape() != shape)
      unequal("stack", fmt::format("shapes differ: {} and {}", to_string(shape), to_string(tensor.shape())), tensors[0],
              tensor);
  shape.insert(axis, static_cast<std::int64_t>(tensors.size()));
  Array value(shape, detail::common_dtype(tensors));
  shape[axis] = 1;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    // A number goes straight into the common dtype; a tensor is converted as it is copied.
    copy_into((tensors[i].is_number() ? tensors[i].array(value.dtype()) : tensors[i].array()).reshaped(shape),
              part_of(value, axis, static_cast<std::int64_t>(i), 1));
  return record("stack", std::move(value), tensors, [axis](const Tensor& g, const Wants& wants) -> Tensors {
    Tensors gradients;
    for (std::size_t i = 0; i < wants.size(); ++i)
      gradients.push_back(wants[i] ? detail::select("stack", g, axis, static_cast<std::int64_t>(i)) : Tensor());
    return gradients;
  });
}

namespace {

/// Views of neighbouring parts of these lengths.
Tensors parts(const char* op, const Operand& x, const Shape& lengths, std::int64_t axis) {
  Array whole = x.array();
  Arrays views;
  std::int64_t first = 0;
  for (std::int64_t length : lengths) {
    views.push_back(part_of(whole, axis, first, length));
    first += length;
  }
  return record_all(op, views, {x}, [axis, lengths, shape = x.shape(), dtype = x.dtype()](const Tensors& g) -> Tensors {
    Tensors all;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      Shape part = shape;
      part[axis] = lengths[i];
      all.push_back(g[i].defined() ? g[i] : Tensor(Array::zeros(part, dtype)));
    }
    return {concatenate(all, axis)};
  });
}

void check_count(const char* op, std::int64_t count, const Site& site) {
  if (count < 1) Complaint(op, fmt::format("cannot split into {} parts", count)).at(site).raise<ValueError>();
}

}  // namespace

Tensors split(const Operand& x, const Sections& sections, std::int64_t axis) {
  axis = normal_axis("split", axis, x.shape().rank(), x.site());
  std::int64_t length = x.shape()[axis], sum = 0;
  Shape lengths = sections.lengths();
  if (sections.is_count()) {
    check_count("split", sections.count(), x.site());
    if (length % sections.count() != 0)
      Complaint("split", fmt::format("axis {} of length {} has no {} equal parts", axis, length, sections.count()))
          .fact("x", describe(x))
          .at(x.site())
          .mend("chunk(x, count, axis), whose last part may be shorter, or lengths")
          .raise<ShapeError>();
    lengths = Shape(static_cast<std::size_t>(sections.count()), length / sections.count());
  }
  bool fits = true;
  for (std::int64_t part : lengths) fits = fits && part >= 0 && part <= length - sum && (sum += part, true);
  if (!fits || sum != length)
    Complaint("split", fmt::format("parts of {} do not make up axis {} of length {}", to_string(lengths), axis, length))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  return lengths.empty() ? Tensors() : parts("split", x, lengths, axis);
}

Tensors chunk(const Operand& x, std::int64_t count, std::int64_t axis) {
  axis = normal_axis("chunk", axis, x.shape().rank(), x.site());
  check_count("chunk", count, x.site());
  std::int64_t length = x.shape()[axis], part = std::max<std::int64_t>(1, length / count + (length % count != 0));
  Shape lengths;
  for (std::int64_t first = 0; first < length; first += part) lengths.push_back(std::min(part, length - first));
  if (length == 0) lengths = Shape(static_cast<std::size_t>(count), 0);
  return parts("chunk", x, lengths, axis);
}

}  // namespace xg
