#include "shape.hpp"

#include <algorithm>
#include <ostream>

#include "../error/error.hpp"

namespace xg {

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0; step *= shape[i]) strides[i] = step;
  return strides;
}

std::int64_t checked_elements(const Shape& shape) {
  constexpr std::int64_t limit = std::int64_t(1) << 58;  // so that bytes of any dtype fit too
  std::int64_t count = 1;
  bool empty = false;
  for (std::int64_t length : shape) {
    if (length < 0) return -1;
    if (length == 0) empty = true;
    else if (count > limit / length) return -1;
    else count *= length;
  }
  return empty ? 0 : count;
}

bool broadcast_shapes(const Shape& a, const Shape& b, Shape& result) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  result = longer;
  std::size_t shift = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& length = result[i + shift];
    if (length == 1) length = shorter[i];
    else if (shorter[i] != 1 && shorter[i] != length) return false;
  }
  return true;
}

std::int64_t normal_axis(const char* op, std::int64_t axis, std::int64_t rank, const Site& site) {
  if (axis < -rank || axis >= rank)
    Complaint(op, "axis " + std::to_string(axis) + " is out of range for " + std::to_string(rank) + " axes")
        .at(site)
        .mend(rank ? "an axis from " + std::to_string(-rank) + " to " + std::to_string(rank - 1)
                   : std::string("a tensor with at least one axis"))
        .raise<IndexError>();
  return axis < 0 ? axis + rank : axis;
}

Shape normal_axes(const char* op, const Axes& axes, std::int64_t rank, const Site& site) {
  Shape normal;
  if (axes.all()) {
    for (std::int64_t i = 0; i < rank; ++i) normal.push_back(i);
    return normal;
  }
  for (std::int64_t axis : axes.list()) normal.push_back(normal_axis(op, axis, rank, site));
  std::sort(normal.begin(), normal.end());
  if (std::adjacent_find(normal.begin(), normal.end()) != normal.end())
    Complaint(op, "an axis is named twice in " + to_string(axes.list())).at(site).raise<ValueError>();
  return normal;
}

Shape reduced_shape(const Shape& shape, const Shape& axes, KeepDims keep) {
  Shape result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    bool reduced = next < axes.size() && axes[next] == static_cast<std::int64_t>(i);
    if (reduced) ++next;
    if (!reduced) result.push_back(shape[i]);
    else if (keep == KeepDims::yes) result.push_back(1);
  }
  return result;
}

}  // namespace xg
