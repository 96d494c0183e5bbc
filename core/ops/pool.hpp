// Pooling: one number for each window of a sequence or an image.
#pragma once

#include "convolution.hpp"

namespace xg {

struct MaxPool1dOptions {
  /// The kernel's size when not given.
  std::optional<std::int64_t> stride = {};
  /// Positions of −∞ before and after; at most half the kernel.
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  /// Also windows that hang over the far end.
  bool ceil_mode = false;
};
struct MaxPool2dOptions {
  /// The kernel's size when not given.
  OptionalSize2 stride = {};
  /// Positions of −∞ on each side; at most half the kernel.
  Size2 padding = 0;
  Size2 dilation = 1;
  /// Also windows that hang over the bottom or the right side.
  bool ceil_mode = false;
};

/// The largest number of each window: (batch, channels, height, width) -> (batch, channels, …) with lengths
/// ⌊(length + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1, or ⌈…⌉ where the last window starts in x or the
/// padding before it. The gradient goes to the first largest number of a window; a NaN is larger than any. Integers
/// are computed as f64. Throws ShapeError for a wrong rank or a kernel larger than the padded x, ValueError for options
/// out of range.
Tensor max_pool2d(const Operand& x, const Size2& kernel, const MaxPool2dOptions& options = {});
/// The same along one axis: (batch, channels, length).
Tensor max_pool1d(const Operand& x, std::int64_t kernel, const MaxPool1dOptions& options = {});

struct AvgPool1dOptions {
  /// The kernel's size when not given.
  std::optional<std::int64_t> stride = {};
  /// Zeros before and after; at most half the kernel.
  std::int64_t padding = 0;
  /// Also windows that hang over the far end.
  bool ceil_mode = false;
  /// Whether zeros of the padding count as numbers of a window.
  bool count_include_pad = true;
};
struct AvgPool2dOptions {
  /// The kernel's size when not given.
  OptionalSize2 stride = {};
  /// Zeros on each side; at most half the kernel.
  Size2 padding = 0;
  /// Also windows that hang over the bottom or the right side.
  bool ceil_mode = false;
  /// Whether zeros of the padding count as numbers of a window.
  bool count_include_pad = true;
};

/// The mean of each window: (batch, channels, height, width) -> (batch, channels, …) with the lengths that max_pool2d
/// gives. Linear: the gradient is spread evenly over the windows. Integers are computed as f64. Throws ShapeError for a
/// wrong rank or a kernel larger than the padded x, ValueError for options out of range.
Tensor avg_pool2d(const Operand& x, const Size2& kernel, const AvgPool2dOptions& options = {});
/// The same along one axis: (batch, channels, length).
Tensor avg_pool1d(const Operand& x, std::int64_t kernel, const AvgPool1dOptions& options = {});

/// The means of `size` windows that cover x evenly: position o of n is the mean of x from ⌊o · length / n⌋ to
/// ⌈(o + 1) · length / n⌉. (batch, channels, height, width) -> (batch, channels, size). Linear. Integers are computed
/// as f64. Throws ShapeError for a wrong rank or an x without height or width, ValueError for a size below 1.
Tensor adaptive_avg_pool2d(const Operand& x, const Size2& size);
/// The same along one axis: (batch, channels, length).
Tensor adaptive_avg_pool1d(const Operand& x, std::int64_t size);

}  // namespace xg
