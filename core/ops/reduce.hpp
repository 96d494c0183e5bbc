// Reductions over all axes, one, or several: `sum(x)`, `sum(x, 1)`, `sum(x, {0, 2}, keepdims)`.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Σ x over `axes`. d/dx = 1. Of nothing: 0. Booleans sum to i64. Throws IndexError and ValueError for `axes`.
Tensor sum(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Σ x / n; integers and booleans give f64. d/dx = 1/n. Of nothing: NaN. Throws IndexError and ValueError for `axes`.
Tensor mean(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// The largest element; NaN if there is one. The gradient is shared equally among ties. Throws ValueError on an empty
/// reduction, IndexError and ValueError for `axes`.
Tensor amax(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// The smallest element; NaN if there is one. The gradient is shared equally among ties. Throws ValueError on an empty
/// reduction, IndexError and ValueError for `axes`.
Tensor amin(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// i64 index of the first largest element (or first NaN) in the whole of x, counted row by row. Throws ValueError when
/// x is empty.
Tensor argmax(const Operand& x);
/// i64 index along `axis` of the first largest element (or first NaN). Throws IndexError, ValueError when the axis has
/// length 0.
Tensor argmax(const Operand& x, std::int64_t axis, KeepDims keep = KeepDims::no);
/// i64 index of the first smallest element (or first NaN) in the whole of x, counted row by row. Throws ValueError when
/// x is empty.
Tensor argmin(const Operand& x);
/// i64 index along `axis` of the first smallest element (or first NaN). Throws IndexError, ValueError when the axis has
/// length 0.
Tensor argmin(const Operand& x, std::int64_t axis, KeepDims keep = KeepDims::no);

/// Whether any element is nonzero (NaN counts as nonzero), as boolean; `all(x, axes, keepdims)` is its twin. Of
/// nothing: any false, all true. Throws IndexError and ValueError for `axes`.
Tensor any(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// How many elements are not 0, as i64. Throws IndexError and ValueError for `axes`.
Tensor count_nonzero(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

namespace detail {

/// What a reduction is told, checked.
struct Reduction {
  Shape axes;          // normal
  Shape shape;         // of the result
  Shape spread;        // of the result with reduced axes of length 1: broadcasts against x
  std::int64_t count;  // elements reduced into one

  Reduction(const char* op, const Operand& x, const Axes& axes, KeepDims keep);
  /// Throws ValueError when an element of the result would be reduced from nothing.
  void refuse_empty(const char* op, const Operand& x) const;
};

/// `reshape`, recording nothing where the shape stays.
Tensor reshaped(const Tensor& x, const Shape& shape);

}  // namespace detail
}  // namespace xg
