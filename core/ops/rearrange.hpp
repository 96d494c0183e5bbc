// Ops that repeat, reverse, shift and surround the elements of a tensor.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Elements in reverse order along all axes, or along those named; a view. Throws IndexError.
Tensor flip(const Operand& x, const Axes& axes = {});
/// Elements moved `shift` places along an axis; those that fall off enter at the other end. The gradient is rolled
/// back. Throws IndexError.
Tensor roll(const Operand& x, std::int64_t shift, std::int64_t axis);
/// The same for several axes; throws also ValueError when there are not as many shifts as axes.
Tensor roll(const Operand& x, const Shape& shifts, const Axes& axes);
/// Rolled as if it were flat.
Tensor roll(const Operand& x, std::int64_t shift);

/// The whole of x again and again, `times[k]` times along axis k: tile of (2, 3) by {2, 1} is (4, 3). Missing lengths
/// and missing axes count as 1. The gradient sums over the copies. Throws ValueError for a negative number.
Tensor tile(const Operand& x, const Shape& times);
/// Each element `times` times in a row along an axis: [a, b] gives [a, a, b, b] (PyTorch `repeat_interleave`). Throws
/// ValueError for a negative number, IndexError.
Tensor repeat(const Operand& x, std::int64_t times, std::int64_t axis);
/// Element k of the axis `times[k]` times. Throws also ShapeError when there are not as many numbers as elements.
Tensor repeat(const Operand& x, const Shape& times, std::int64_t axis);

/// Coordinates: n 1-d tensors become n tensors of shape (len 0, …, len n−1), the k-th constant along all axes but k
/// (NumPy's and PyTorch's indexing "ij"). Views. Throws ShapeError for a tensor that is not 1-d.
Tensors meshgrid(const Operands& axes);

/// How many elements to add before and after one axis.
struct PadWidth {
  std::int64_t before = 0, after = 0;
};
/// One width an axis, or one for all.
class PadWidths : public SmallVector<PadWidth, 4> {
 public:
  PadWidths(std::initializer_list<PadWidth> widths) : SmallVector(widths) {}
  PadWidths(std::int64_t width) : SmallVector({PadWidth{width, width}}) {}
  PadWidths(int width) : PadWidths(static_cast<std::int64_t>(width)) {}
  PadWidths(const std::vector<PadWidth>& widths) : SmallVector(widths.begin(), widths.end()) {}
};
/// What the new elements hold: a constant; x mirrored at its edge elements; its edge elements; or x's other end.
enum class PadMode : std::uint8_t { constant, reflect, replicate, circular };
struct PadOptions {
  PadMode mode = PadMode::constant;
  Number value = 0;
};
/// x with elements added at the ends of its axes, first axis first: `pad(x, {{0, 0}, {1, 1}}, {.mode =
/// PadMode::reflect})`. NumPy's names for replicate and circular are edge and wrap. The gradient of what is copied adds
/// up where it came from. Throws ValueError for a negative width or one too large to be filled, ShapeError unless there
/// is one width an axis.
Tensor pad(const Operand& x, const PadWidths& widths, const PadOptions& options = {});

}  // namespace xg
