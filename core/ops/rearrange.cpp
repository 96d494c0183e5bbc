#include "rearrange.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../array/copy.hpp"
#include "../error/error.hpp"
#include "../graph/engine_ops.hpp"
#include "../graph/record.hpp"
#include "checks.hpp"
#include "pick.hpp"
#include "shape.hpp"
#include "slice.hpp"

namespace xg {
namespace {

Tensor flipped(const Operand& x, const Shape& axes) {
  detail::Slice back(x.shape());
  for (std::int64_t axis : axes) {
    back.start[axis] = x.shape()[axis] - 1;
    back.step[axis] = -1;
  }
  return record("flip", back.of(x.array()), {x}, [axes](const Tensor& g) -> Tensors { return {flipped(g, axes)}; });
}

/// The shift as the number of elements that come from the end: from 0 to length − 1.
std::int64_t wrapped(std::int64_t shift, std::int64_t length) {
  std::int64_t rest = shift % length;
  return rest < 0 ? rest + length : rest;
}

Array rolled_array(const Array& x, std::int64_t shift, std::int64_t axis) {
  std::int64_t length = x.shape()[axis];
  if (x.size() == 0 || wrapped(shift, length) == 0) return x;
  Array result(x.shape(), x.dtype());
  auto copy_part = [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    detail::Slice source(x.shape()), target(x.shape());
    source.start[axis] = from;
    target.start[axis] = to;
    source.shape[axis] = target.shape[axis] = count;
    copy_into(source.of(x), target.of(result));
  };
  std::int64_t cut = wrapped(shift, length);
  copy_part(0, cut, length - cut);
  copy_part(length - cut, 0, cut);
  return result;
}

Tensor rolled(const Operand& x, const Shape& shifts, const Shape& axes) {
  Array value = x.array();
  for (std::size_t k = 0; k < axes.size(); ++k) value = rolled_array(value, shifts[k], axes[k]);
  return record("roll", std::move(value), {x}, [shifts, axes](const Tensor& g) -> Tensors {
    Shape back = shifts;
    for (std::size_t k = 0; k < axes.size(); ++k)
      if (std::int64_t length = g.shape()[axes[k]]) back[k] = length - wrapped(shifts[k], length);
    return {rolled(g, back, axes)};
  });
}

void check_times(const char* op, const Shape& times, const Site& site) {
  for (std::int64_t count : times)
    if (count < 0) Complaint(op, fmt::format("cannot repeat {} times", count)).at(site).raise<ValueError>();
}

}  // namespace

Tensor flip(const Operand& x, const Axes& axes) {
  return flipped(x, normal_axes("flip", axes, x.shape().rank(), x.site()));
}

Tensor roll(const Operand& x, const Shape& shifts, const Axes& axes) {
  std::int64_t rank = x.shape().rank();
  Shape order = axes.all() ? normal_axes("roll", axes, rank, x.site()) : axes.list();
  for (std::int64_t& axis : order) axis = normal_axis("roll", axis, rank, x.site());
  if (order.size() != shifts.size())
    Complaint("roll", fmt::format("{} shifts for {} axes", shifts.size(), order.size()))
        .at(x.site())
        .raise<ValueError>();
  return rolled(x, shifts, order);
}

Tensor roll(const Operand& x, std::int64_t shift, std::int64_t axis) { return roll(x, Shape{shift}, Axes(axis)); }

Tensor roll(const Operand& x, std::int64_t shift) {
  CallScope scope(x.site());
  return reshape(rolled(flatten(x), {shift}, {0}), x.shape());
}

Tensor tile(const Operand& x, const Shape& times) {
  check_times("tile", times, x.site());
  CallScope scope(x.site());
  Shape shape = x.shape(), counts = times;
  while (shape.size() < counts.size()) shape.insert(0, 1);
  while (counts.size() < shape.size()) counts.insert(0, 1);
  Shape apart, wide, result;  // (1, d0, 1, d1, …) to (t0, d0, t1, d1, …) to (t0·d0, t1·d1, …)
  for (std::size_t k = 0; k < shape.size(); ++k) {
    apart.push_back(1);
    apart.push_back(shape[k]);
    wide.push_back(counts[k]);
    wide.push_back(shape[k]);
  }
  detail::check_shape("tile", wide, x.site());
  for (std::size_t k = 0; k < shape.size(); ++k) result.push_back(counts[k] * shape[k]);
  return reshape(broadcast_to(reshape(x, apart), wide), result);
}

namespace {

/// Index k of an axis `times(k)` times.
template <class F>
Tensor repeated(const Operand& x, std::int64_t axis, const F& times) {
  std::int64_t length = x.shape()[axis];
  Shape shape = x.shape();
  shape[axis] = 0;
  for (std::int64_t k = 0; k < length; ++k) {
    shape[axis] += times(k);
    detail::check_shape("repeat", shape, x.site());
  }
  Array indices(Shape{shape[axis]}, DType::i64);
  std::int64_t* to = indices.fill<std::int64_t>();
  for (std::int64_t k = 0; k < length; ++k) to = std::fill_n(to, times(k), k);
  return detail::pick("repeat", x, {indices}, axis);
}

}  // namespace

Tensor repeat(const Operand& x, std::int64_t times, std::int64_t axis) {
  axis = normal_axis("repeat", axis, x.shape().rank(), x.site());
  check_times("repeat", {times}, x.site());
  return repeated(x, axis, [&](std::int64_t) { return times; });
}

Tensor repeat(const Operand& x, const Shape& times, std::int64_t axis) {
  axis = normal_axis("repeat", axis, x.shape().rank(), x.site());
  check_times("repeat", times, x.site());
  if (times.rank() != x.shape()[axis])
    Complaint("repeat", fmt::format("{} numbers for axis {} of length {}", times.rank(), axis, x.shape()[axis]))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  return repeated(x, axis, [&](std::int64_t k) { return times[k]; });
}

Tensors meshgrid(const Operands& axes) {
  Shape shape;
  for (const Operand& x : axes) {
    if (x.shape().rank() != 1)
      Complaint("meshgrid", fmt::format("a tensor of shape {} is not 1-d", to_string(x.shape())))
          .fact("x", describe(x))
          .at(x.site())
          .raise<ShapeError>();
    shape.push_back(x.shape()[0]);
  }
  Tensors result;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    CallScope scope(axes[k].site());
    Shape own(axes.size(), 1);
    own[k] = shape[k];
    result.push_back(broadcast_to(reshape(axes[k], own), shape));
  }
  return result;
}

namespace {

/// For each element of the padded axis the element it copies.
Array sources(PadMode mode, const PadWidth& width, std::int64_t length) {
  Array indices(Shape{width.before + length + width.after}, DType::i64);
  std::int64_t* to = indices.fill<std::int64_t>();
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    std::int64_t at = i - width.before;
    if (mode == PadMode::replicate) at = std::clamp<std::int64_t>(at, 0, length - 1);
    else if (mode == PadMode::circular) at = wrapped(at, length);
    else at = at < 0 ? -at : at >= length ? 2 * (length - 1) - at : at;
    to[i] = at;
  }
  return indices;
}

}  // namespace

Tensor pad(const Operand& x, const PadWidths& widths, const PadOptions& options) {
  const Shape& shape = x.shape();
  if (widths.size() != 1 && widths.size() != shape.size())
    Complaint("pad", fmt::format("{} widths for {} axes", widths.size(), shape.size()))
        .fact("x", describe(x))
        .at(x.site())
        .mend("one {before, after} an axis, or one for all")
        .raise<ShapeError>();
  auto width_of = [&](std::int64_t axis) { return widths[widths.size() == 1 ? 0 : axis]; };
  Shape whole = shape;
  for (std::int64_t axis = 0; axis < shape.rank(); ++axis) {
    auto [before, after] = width_of(axis);
    constexpr std::int64_t unlimited = std::int64_t(1) << 58;
    std::int64_t most = options.mode == PadMode::constant    ? unlimited
                        : options.mode == PadMode::reflect   ? std::max<std::int64_t>(0, shape[axis] - 1)
                        : options.mode == PadMode::replicate ? (shape[axis] > 0 ? unlimited : 0)
                                                             : shape[axis];
    if (before < 0 || after < 0 || before > most || after > most)
      Complaint("pad",
                fmt::format("axis {} of length {} cannot be padded by ({}, {})", axis, shape[axis], before, after))
          .fact("x", describe(x))
          .at(x.site())
          .mend("widths from 0, below the length to reflect it, and no longer than it to be circular")
          .raise<ValueError>();
    whole[axis] += before + after;
  }
  detail::check_shape("pad", whole, x.site());
  if (options.mode == PadMode::constant) {
    detail::check_number("pad", options.value, x.dtype(), x.site());
    detail::Slice inside(whole);
    inside.shape = shape;
    for (std::int64_t axis = 0; axis < shape.rank(); ++axis) inside.start[axis] = width_of(axis).before;
    return detail::unslice("pad", x, inside, whole, options.value);
  }
  CallScope scope(x.site());
  Tensor result = x.tensor();
  for (std::int64_t axis = 0; axis < shape.rank(); ++axis)
    if (whole[axis] != shape[axis])
      result = detail::pick("pad", result, {sources(options.mode, width_of(axis), shape[axis])}, axis);
  return result;
}

}  // namespace xg
