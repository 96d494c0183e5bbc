// Tensor::operator(): slices are views; index tensors and masks pick by NumPy's rules for advanced indexing.
#include <fmt/format.h>

#include "../error/error.hpp"
#include "../graph/node.hpp"
#include "pick.hpp"
#include "shape.hpp"
#include "slice.hpp"

namespace xg {
namespace {

using Indices = SmallVector<Index, 8>;

std::int64_t axes_of(const Index& index) {
  if (index.kind == Index::Kind::integer || index.kind == Index::Kind::range) return 1;
  if (index.kind != Index::Kind::tensor) return 0;
  return index.tensor->dtype() == DType::boolean ? index.tensor->rank() : 1;
}

/// The indices with the ellipsis, written or not, spelled out.
Indices spelled_out(const Tensor& x, const Indices& indices) {
  std::int64_t axes = 0, dots = 0;
  for (const Index& index : indices) {
    axes += axes_of(index);
    dots += index.kind == Index::Kind::ellipsis;
  }
  if (indices.empty())
    Complaint("index", "an Index that holds nothing was passed")
        .fact("x", describe(x))
        .mend("an integer, a range, all, newaxis, ellipsis or a tensor")
        .raise<IndexError>();
  const Site& site = indices[0].site;
  if (dots > 1) Complaint("index", "more than one ellipsis").at(site).raise<IndexError>();
  if (axes > x.rank())
    Complaint("index", fmt::format("too many indices: they take {} axes of {}", axes, x.rank()))
        .fact("x", describe(x))
        .at(site)
        .raise<IndexError>();
  Indices full;
  std::int64_t missing = x.rank() - axes;
  for (const Index& index : indices) {
    if (index.kind != Index::Kind::ellipsis) {
      full.push_back(index);
      continue;
    }
    if (missing == 0) full.push_back(index);  // it still separates the index tensors on its sides
    for (; missing > 0; --missing) full.push_back(Index(all, index.site));
  }
  for (; missing > 0; --missing) full.push_back(Index(all, site));
  return full;
}

/// start and count of a range on an axis of `length` elements.
void clip(const Range& range, std::int64_t length, const Site& site, std::int64_t& start, std::int64_t& count) {
  if (range.step == 0) Complaint("index", "a range has step 0").at(site).raise<ValueError>();
  bool down = range.step < 0;
  std::int64_t low = down ? -1 : 0, high = down ? length - 1 : length;
  auto end = [&](const Range::End& e, std::int64_t open) {
    if (e.open) return open;
    std::int64_t value = e.value < 0 ? e.value + length : e.value;
    return value < low ? low : value > high ? high : value;
  };
  start = end(range.start, down ? high : low);
  std::int64_t stop = end(range.stop, down ? low : high);
  // Unsigned, so that the smallest step has an absolute value.
  std::uint64_t span = down ? start - stop : stop - start, step = down ? 0 - std::uint64_t(range.step) : range.step;
  count = (down ? start <= stop : stop <= start) ? 0 : static_cast<std::int64_t>((span - 1) / step + 1);
}

std::int64_t whole_number(const Index& index, std::int64_t axis, std::int64_t length) {
  std::int64_t i = index.slice.start.value;
  if (i < -length || i >= length)
    Complaint("index", fmt::format("index {} is out of range for axis {} of length {}", i, axis, length))
        .at(index.site)
        .raise<IndexError>();
  return i < 0 ? i + length : i;
}

/// What indexing is made of: a view, then picks along some axes of the view.
struct Plan {
  detail::Slice slice;
  kernels::Picks picks;
  Shape picked;          // the axes of the view that the picks index
  bool together = true;  // the picks stand side by side
  bool closed = false;   // something that is no pick follows a pick

  explicit Plan(const Shape& shape) : slice(shape) {
    slice.shape.clear();
    slice.source.clear();
  }
  void axis(std::int64_t length, std::int64_t source) {
    slice.shape.push_back(length);
    slice.source.push_back(source);
  }
  void pick(Array indices, std::int64_t length, std::int64_t source) {
    together = together && !closed;
    picked.push_back(slice.shape.rank());
    picks.push_back(std::move(indices));
    axis(length, source);
  }
};

void add_mask(Plan& plan, const Index& index, const Shape& shape, std::int64_t axis) {
  const Shape& mask = index.tensor->shape();
  bool fits = mask.rank() > 0;
  for (std::int64_t k = 0; k < mask.rank(); ++k) fits = fits && mask[k] == shape[axis + k];
  if (!fits)
    Complaint("index", fmt::format("a mask of shape {} does not fit {} from axis {} on", to_string(mask),
                                   to_string(shape), axis))
        .at(index.site)
        .raise<IndexError>();
  kernels::Picks found = kernels::nonzero(index.tensor->array());
  for (std::int64_t k = 0; k < mask.rank(); ++k) plan.pick(found[k], shape[axis + k], axis + k);
}

Plan plan_for(const Tensor& x, const Indices& indices) {
  const Shape& shape = x.shape();
  Plan plan(shape);
  bool picks = false;
  for (const Index& index : indices) picks = picks || index.kind == Index::Kind::tensor;
  std::int64_t axis = 0;
  for (const Index& index : indices) {
    std::int64_t length = axis < shape.rank() ? shape[axis] : 0;
    switch (index.kind) {
      case Index::Kind::integer: {
        std::int64_t i = whole_number(index, axis, length);
        if (picks) plan.pick(Array(i, DType::i64), length, axis);
        else plan.slice.start[axis] = i;
        break;
      }
      case Index::Kind::range: {
        std::int64_t count;
        clip(index.slice, length, index.site, plan.slice.start[axis], count);
        plan.slice.step[axis] = index.slice.step;
        plan.axis(count, axis);
        break;
      }
      case Index::Kind::newaxis: plan.axis(1, -1); break;
      case Index::Kind::tensor:
        if (index.tensor->dtype() == DType::boolean) {
          add_mask(plan, index, shape, axis);
        } else {
          plan.pick(detail::normal_indices("index", index.tensor->array(), axis, length, index.site), length, axis);
        }
        break;
      default: break;
    }
    bool is_pick = index.kind == Index::Kind::tensor || index.kind == Index::Kind::integer;
    if (!is_pick && !plan.picks.empty()) plan.closed = true;
    axis += axes_of(index);
  }
  return plan;
}

/// The picks broadcast to one shape.
void meet(Plan& plan, const Site& site) {
  Shape common;
  for (const Array& pick : plan.picks) {
    Shape wide;
    if (!broadcast_shapes(common, pick.shape(), wide))
      Complaint("index",
                fmt::format("index tensors do not broadcast: {} and {}", to_string(common), to_string(pick.shape())))
          .at(site)
          .raise<IndexError>();
    common = wide;
  }
  for (Array& pick : plan.picks) pick = pick.broadcast_to(common).contiguous();
}

Tensor picked(const Tensor& view, Plan& plan, const Site& site) {
  meet(plan, site);
  Operand x(view, site);
  if (plan.together) return detail::pick("index", x, plan.picks, plan.picked[0]);
  CallScope scope(site);
  Shape front;
  for (std::int64_t k = 0; k < plan.picked.rank(); ++k) front.push_back(k);
  return detail::pick("index", moveaxis(x, plan.picked, front), plan.picks, 0);
}

}  // namespace

Tensor Tensor::operator()(Index i0, Index i1, Index i2, Index i3, Index i4, Index i5, Index i6, Index i7) const {
  Indices given;
  for (const Index& index : {i0, i1, i2, i3, i4, i5, i6, i7})
    if (index.kind != Index::Kind::absent) given.push_back(index);
  Operand x(*this, i0.site);
  Plan plan = plan_for(x.tensor(), spelled_out(x.tensor(), given));
  if (plan.picks.empty()) return detail::slice("slice", x, plan.slice);
  detail::Slice nothing(shape());
  bool plain = plan.slice.shape == nothing.shape && plan.slice.source == nothing.source &&
               plan.slice.start == nothing.start && plan.slice.step == nothing.step;
  return picked(plain ? *this : detail::slice("slice", x, plan.slice), plan, i0.site);
}

}  // namespace xg
