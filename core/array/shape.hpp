// Shapes, strides, axes and NumPy broadcasting.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "../error/site.hpp"
#include "small_vector.hpp"

#include <cstdint>

namespace xg {

/// Lengths or strides, one an axis. `Shape{}` is the shape of a 0-d array (one element).
class Shape : public SmallVector<std::int64_t, 4> {
 public:
  using SmallVector::SmallVector;
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> lengths) : SmallVector(lengths) {}
  Shape(const std::vector<std::int64_t>& lengths) : SmallVector(lengths.begin(), lengths.end()) {}

  std::int64_t rank() const { return static_cast<std::int64_t>(size()); }
  /// Product of the lengths; 1 for a 0-d shape.
  std::int64_t elements() const {
    std::int64_t count = 1;
    for (std::int64_t length : *this) count *= length;
    return count;
  }
};
/// Steps between neighbours along each axis, in elements; 0 along a broadcast axis.
using Strides = Shape;

/// "(2, 3)", "(5,)", "()".
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Row-major strides.
Strides contiguous_strides(const Shape& shape);
/// Number of elements, or -1 when a length is negative or the bytes overflow.
std::int64_t checked_elements(const Shape& shape);
/// NumPy broadcasting; returns false when the shapes do not fit.
bool broadcast_shapes(const Shape& a, const Shape& b, Shape& result);

/// Which axes a reduction works on: all (default), one, or several; negative counts from the end.
class Axes {
 public:
  Axes() = default;
  Axes(std::int64_t axis) : axes_{axis}, all_(false) {}
  Axes(int axis) : Axes(static_cast<std::int64_t>(axis)) {}
  Axes(std::initializer_list<std::int64_t> axes) : axes_(axes), all_(false) {}
  Axes(const Shape& axes) : axes_(axes), all_(false) {}
  Axes(const std::vector<std::int64_t>& axes) : axes_(axes), all_(false) {}

  bool all() const { return all_; }
  const Shape& list() const { return axes_; }

 private:
  Shape axes_;
  bool all_ = true;
};

enum class KeepDims : bool { no, yes };
/// `sum(x, 1, keepdims)`: reduced axes stay with length 1.
inline constexpr KeepDims keepdims = KeepDims::yes;

/// `axis` counted from the front; throws IndexError naming `op` when it is out of range for `rank`.
std::int64_t normal_axis(const char* op, std::int64_t axis, std::int64_t rank, const Site& site);
/// The axes, sorted and counted from the front; throws IndexError when one is out of range, ValueError on a repeat.
Shape normal_axes(const char* op, const Axes& axes, std::int64_t rank, const Site& site);
/// The shape after reducing `axes` (normal).
Shape reduced_shape(const Shape& shape, const Shape& axes, KeepDims keep);

}  // namespace xg
