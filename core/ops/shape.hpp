// Ops that change the shape of a tensor and not its values. All are views where strides allow.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// The same elements, row-major, in another shape; one length may be −1: as many as are left. The gradient is reshaped
/// back. A view unless `x` is strided in a way that forbids it. Throws ShapeError when the elements do not fit.
Tensor reshape(const Operand& x, const Shape& shape);
/// Axes `first` to `last`, both included, as one; 0-d becomes (1,). Throws IndexError.
Tensor flatten(const Operand& x, std::int64_t first = 0, std::int64_t last = -1);

/// Axes reversed, or in the order `axes`: axis i of the result is axis axes[i] of x. The gradient is transposed back.
/// Throws IndexError for an axis out of range, ValueError unless every axis is named once.
Tensor transpose(const Operand& x, const Axes& axes = {});
/// transpose with an order (PyTorch's name).
Tensor permute(const Operand& x, const Axes& axes);
/// Axes `from` moved to the places `to`; the others keep their order. Throws IndexError, ValueError.
Tensor moveaxis(const Operand& x, const Axes& from, const Axes& to);
/// Two axes exchanged (PyTorch `transpose(x, a, b)`). Throws IndexError.
Tensor swapaxes(const Operand& x, std::int64_t a, std::int64_t b);

/// Without the axes of length 1: all of them, or those named. Throws ShapeError for a named axis of other length.
Tensor squeeze(const Operand& x, const Axes& axes = {});
/// With axes of length 1 put where the result has `axes` (PyTorch `unsqueeze`). Throws IndexError, ValueError.
Tensor expand_dims(const Operand& x, const Axes& axes);

/// The same values in a buffer of their own, row-major; the gradient passes through.
Tensor copy(const Operand& x);
/// `x` itself if it is row-major, else a copy.
Tensor contiguous(const Operand& x);

}  // namespace xg
