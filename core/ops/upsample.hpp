// Images in another size.
#pragma once

#include "convolution.hpp"

namespace xg {

/// A factor for each axis of an image: `2` for both, `{2, 1.5}` for height and width.
struct Scale2 {
  double height, width;
  constexpr Scale2(double both) : height(both), width(both) {}
  constexpr Scale2(double height, double width) : height(height), width(width) {}
};
using OptionalScale2 = OptionalPair<Scale2, double>;

/// How numbers between pixels are found.
enum class Upsampling {
  /// The pixel at ⌊o / scale⌋.
  nearest,
  /// A weighted mean of the four pixels around.
  bilinear,
};

struct UpsampleOptions {
  /// Height and width of the result; give either this or the scale.
  OptionalSize2 size = {};
  /// Its size as multiples of the size of x, rounded down.
  OptionalScale2 scale = {};
  Upsampling mode = Upsampling::nearest;
  /// With bilinear: the middles of the corner pixels stay where they are, instead of the corners of the image.
  bool align_corners = false;
};

/// Images in another size, larger or smaller: (batch, channels, height, width) -> (batch, channels, new height, new
/// width). Linear: the gradient goes back to the pixels by the same weights. Integers are computed as f64. Throws
/// ShapeError for a wrong rank or an x without height or width, ValueError for options out of range, both size and
/// scale or none, and align_corners with nearest (PyTorch `interpolate`).
Tensor upsample(const Operand& x, const UpsampleOptions& options);

}  // namespace xg
