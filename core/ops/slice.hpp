// Strided views of a tensor and their transposes: the pair that slicing, splitting and padding are made of.
#pragma once

#include "../graph/tensor.hpp"

namespace xg::detail {

/// Which elements a view sees: along each axis from `start` in steps of `step`, as many as `shape` says. The view may
/// lack axes (only the element at `start` is seen) and may have new ones of length 1.
struct Slice {
  Shape start, step;  // one an axis of the tensor
  Shape shape;        // of the view
  Shape source;       // for each axis of the view the axis it comes from; −1: new

  /// All of it.
  explicit Slice(const Shape& whole);
  /// The view.
  Array of(const Array& x) const;
};

/// The view as an op. d/dx: `unslice` of the cotangent.
Tensor slice(const char* op, const Operand& x, const Slice& slice);
/// A tensor of shape `whole` that holds `fill` except in the view, where it is x. d/dx: the view of the cotangent.
Tensor unslice(const char* op, const Operand& x, const Slice& slice, const Shape& whole, const Number& fill = 0);

/// Elements [first, first + count) along one axis.
Tensor narrow(const char* op, const Operand& x, std::int64_t axis, std::int64_t first, std::int64_t count);
/// Element `at` of one axis, which is dropped.
Tensor select(const char* op, const Operand& x, std::int64_t axis, std::int64_t at);

}  // namespace xg::detail
