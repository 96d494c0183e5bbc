// How strided loops walk several arrays at once.
#pragma once

#include "shape.hpp"

namespace xg {

/// A loop nest over operands that share one shape. Axes of length 1 are dropped and neighbouring axes that every
/// operand walks as one are merged, so that the innermost axis is as long as it can be.
struct LoopNest {
  Shape shape;
  SmallVector<Strides, 4> strides;  // one an operand, in elements

  /// `operands` holds each operand's strides for `shape`.
  LoopNest(const Shape& shape, std::initializer_list<const Strides*> operands);
  LoopNest(const Shape& shape, const SmallVector<Strides, 4>& operands);

  std::int64_t rank() const { return shape.rank(); }
  std::int64_t elements() const { return shape.elements(); }
  /// Length of the innermost axis; 1 for a 0-d nest.
  std::int64_t inner() const { return shape.empty() ? 1 : shape.back(); }
  /// Stride of operand `k` along the innermost axis; 0 for a 0-d nest.
  std::int64_t inner_stride(std::size_t k) const { return shape.empty() ? 0 : strides[k].back(); }

 private:
  void merge();
};

/// Calls `body(offsets)` for every index of all axes but the last `skip`, in row-major order from outer index `first`
/// to `last`; `offsets[k]` is operand k's offset in elements.
template <class F>
void for_each_outer(const LoopNest& nest, std::size_t skip, std::int64_t first, std::int64_t last, const F& body) {
  std::size_t outer = nest.shape.size() > skip ? nest.shape.size() - skip : 0;
  std::size_t operands = nest.strides.size();
  SmallVector<std::int64_t, 6> index(outer, 0);
  SmallVector<std::int64_t, 4> offsets(operands, 0);
  std::int64_t rest = first;
  for (std::size_t axis = outer; axis-- > 0; rest /= nest.shape[axis]) {
    index[axis] = rest % nest.shape[axis];
    for (std::size_t k = 0; k < operands; ++k) offsets[k] += index[axis] * nest.strides[k][axis];
  }
  for (std::int64_t at = first; at < last; ++at) {
    body(offsets.data());
    for (std::size_t axis = outer; axis-- > 0;) {
      for (std::size_t k = 0; k < operands; ++k) offsets[k] += nest.strides[k][axis];
      if (++index[axis] < nest.shape[axis]) break;
      for (std::size_t k = 0; k < operands; ++k) offsets[k] -= nest.shape[axis] * nest.strides[k][axis];
      index[axis] = 0;
    }
  }
}

/// Product of all lengths but the last `skip`.
inline std::int64_t outer_count(const LoopNest& nest, std::size_t skip) {
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis + skip < nest.shape.size(); ++axis) count *= nest.shape[axis];
  return count;
}

}  // namespace xg
