// Picking by index tensors, adding back, and masks.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Slices of `x` along an axis: result[i, b…, k] = x[i, indices[b…], k] for axis 1, so (2, 5, 3) with indices (4, 4)
/// gives (2, 4, 4, 3). Negative indices count from the end. The gradient adds up over repeated indices. Throws
/// IndexError, DTypeError unless the indices are i64. As NumPy's `take`; PyTorch's `index_select` for 1-d indices.
Tensor take(const Operand& x, const Operand& indices, std::int64_t axis);
/// Elements of `x` as if it were flat.
Tensor take(const Operand& x, const Operand& indices);

/// result[i, j, k] = x[i, indices[i, j, k], k] for axis 1, in the shape of `indices`, which is no longer than x along
/// the other axes. Throws ShapeError, IndexError, DTypeError. PyTorch's `gather(x, axis, indices)`.
Tensor gather(const Operand& x, const Operand& indices, std::int64_t axis);
/// `gather`, with x and indices broadcast along the other axes (NumPy).
Tensor take_along_axis(const Operand& x, const Operand& indices, std::int64_t axis);

/// x with y[i, indices[i, j, k], k] += source[i, j, k] for axis 1; repeated indices add up. `source` broadcasts to the
/// shape of `indices`. d/dx = 1, d/dsource = gather. Throws as `gather`. PyTorch's `x.scatter_add(axis, indices,
/// source)`.
Tensor scatter_add(const Operand& x, const Operand& indices, const Operand& source, std::int64_t axis);

/// x with `value`, a number or a tensor of one element, where the boolean `mask` is true; the mask broadcasts. The
/// gradient is 0 there. Throws ShapeError, DTypeError.
Tensor masked_fill(const Operand& x, const Operand& mask, const Operand& value);

/// A 1 at each index along a new last axis and 0 elsewhere: (B, T) gives (B, T, classes); without `classes` there are
/// as many as the largest index needs. Throws IndexError for an index below 0 or too large, DTypeError.
Tensor one_hot(const Operand& indices, std::int64_t classes = -1, DType dtype = f32);

}  // namespace xg
