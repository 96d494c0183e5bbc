// Convolutions of sequences and images.
#pragma once

#include <optional>

#include "../graph/tensor.hpp"

namespace xg {

/// A number for each axis of an image: `5` for both, `{3, 5}` for height and width.
struct Size2 {
  std::int64_t height, width;
  constexpr Size2(std::int64_t both) : height(both), width(both) {}
  constexpr Size2(int both) : height(both), width(both) {}
  constexpr Size2(std::int64_t height, std::int64_t width) : height(height), width(width) {}
};

/// A Size2 or another pair that need not be given; like the pair itself it is made of one number or of two in braces.
template <class Pair, class Number>
class OptionalPair : public std::optional<Pair> {
 public:
  using std::optional<Pair>::optional;
  constexpr OptionalPair(Number height, Number width) : std::optional<Pair>(Pair(height, width)) {}
};
using OptionalSize2 = OptionalPair<Size2, std::int64_t>;

struct Conv1dOptions {
  std::int64_t stride = 1;
  /// Zeros before and after.
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  /// Channels are split in this many groups, each convolved by itself.
  std::int64_t groups = 1;
};
struct Conv2dOptions {
  Size2 stride = 1;
  /// Zeros on each side.
  Size2 padding = 0;
  Size2 dilation = 1;
  /// Channels are split in this many groups, each convolved by itself.
  std::int64_t groups = 1;
};
struct ConvTranspose1dOptions {
  std::int64_t stride = 1;
  /// Positions left away at both ends of the result.
  std::int64_t padding = 0;
  /// Positions added at the far end; less than the stride or the dilation.
  std::int64_t output_padding = 0;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
};
struct ConvTranspose2dOptions {
  Size2 stride = 1;
  /// Positions left away on each side of the result.
  Size2 padding = 0;
  /// Positions added at the bottom and on the right; less than the stride or the dilation.
  Size2 output_padding = 0;
  Size2 dilation = 1;
  std::int64_t groups = 1;
};

/// y[n, k, h, w] = bias[k] + Σ x[n, c, h · stride + i · dilation − padding, …] weight[k, c, i, j] over the channels of
/// k's group and the filter (a cross-correlation, as in PyTorch). x (batch, in, height, width), weight
/// (out, in / groups, kernel height, kernel width), bias (out,) or none; y (batch, out, …) with lengths
/// ⌊(length + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Linear in x and in weight; each gradient is a
/// convolution and can be differentiated again. Throws ShapeError where shapes do not fit or the filter is larger than
/// the padded x, ValueError for options out of range.
Tensor conv2d(const Operand& x, const Operand& weight, const Tensor& bias = {}, const Conv2dOptions& options = {});
/// The same along one axis: x (batch, in, length), weight (out, in / groups, kernel).
Tensor conv1d(const Operand& x, const Operand& weight, const Tensor& bias = {}, const Conv1dOptions& options = {});

/// The transpose of conv2d as a linear map, plus bias: what takes conv2d's cotangent of y to that of x. x (batch, in,
/// height, width), weight (in, out / groups, kernel height, kernel width), bias (out,) or none; the result
/// (batch, out, …) with lengths (length − 1) stride − 2 padding + dilation (kernel − 1) + output_padding + 1. Throws
/// ShapeError where shapes do not fit or nothing is left of the result, ValueError for options out of range.
Tensor conv_transpose2d(const Operand& x, const Operand& weight, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {});
/// The same along one axis: x (batch, in, length), weight (in, out / groups, kernel).
Tensor conv_transpose1d(const Operand& x, const Operand& weight, const Tensor& bias = {},
                        const ConvTranspose1dOptions& options = {});

}  // namespace xg
