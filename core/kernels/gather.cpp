#include "gather.hpp"

#include <algorithm>
#include <vector>

#include "../array/loops.hpp"
#include "../array/threads.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 14;

/// Where along axes with these strides each pick lies.
std::vector<std::int64_t> places(const Picks& picks, const std::int64_t* strides) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(picks[0].size()), 0);
  for (std::size_t k = 0; k < picks.size(); ++k) {
    const std::int64_t* index = picks[k].data<std::int64_t>();
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] += index[i] * strides[k];
  }
  return offsets;
}

/// How an array with picked axes and a row-major one with the picks in their place are walked together: rows of the
/// axes behind, for each pick, for each index of the axes before.
struct Walk {
  LoopNest behind, before;            // strides of the picked array, then of the packed one
  std::vector<std::int64_t> offsets;  // of the picks, in the picked array
  std::int64_t row;                   // elements behind

  Walk(const Array& x, const Picks& picks, std::int64_t axis)
      : behind(nest(x, axis + static_cast<std::int64_t>(picks.size()), x.rank(), 1)),
        before(nest(x, 0, axis, behind.elements() * picks[0].size())),
        offsets(places(picks, x.strides().begin() + axis)), row(behind.elements()) {}

  /// Axes [first, last) of x beside packed ones whose innermost step is `step`.
  static LoopNest nest(const Array& x, std::int64_t first, std::int64_t last, std::int64_t step) {
    Shape shape(x.shape().begin() + first, x.shape().begin() + last);
    Strides own(x.strides().begin() + first, x.strides().begin() + last), packed = contiguous_strides(shape);
    for (std::int64_t& stride : packed) stride *= step;
    return LoopNest(shape, {&own, &packed});
  }

  /// Calls `f(a, b)` with the offsets of every pair of elements that belong to picks [first, last) of all.
  template <class F>
  void run(std::int64_t first, std::int64_t last, const F& f) const {
    auto count = static_cast<std::int64_t>(offsets.size());
    for_each_outer(before, 0, first / count, (last - 1) / count + 1, [&](const std::int64_t* at) {
      std::int64_t outer = at[1] / (count * row);
      std::int64_t from = std::max<std::int64_t>(0, first - outer * count), to = std::min(count, last - outer * count);
      if (row == 1) {
        for (std::int64_t b = from; b < to; ++b) f(at[0] + offsets[static_cast<std::size_t>(b)], at[1] + b);
      } else {
        for (std::int64_t b = from; b < to; ++b) rows(at[0] + offsets[static_cast<std::size_t>(b)], at[1] + b * row, f);
      }
    });
  }

 private:
  template <class F>
  void rows(std::int64_t a, std::int64_t b, const F& f) const {
    std::int64_t inner = behind.inner(), step = behind.inner_stride(0);
    auto one = [&](std::int64_t from, std::int64_t to) {
      if (step == 1)
        for (std::int64_t i = 0; i < inner; ++i) f(from + i, to + i);
      else
        for (std::int64_t i = 0; i < inner; ++i) f(from + i * step, to + i);
    };
    if (behind.rank() <= 1) return one(a, b);
    for_each_outer(behind, 1, 0, outer_count(behind, 1), [&](const std::int64_t* at) { one(a + at[0], b + at[1]); });
  }
};

template <class T>
void gather_typed(const Array& x, const Walk& walk, Array& result) {
  const T* from = x.data<T>();
  T* to = result.fill<T>();
  parallel_for(result.size() / walk.row, std::max<std::int64_t>(1, grain / walk.row),
               [&](std::int64_t first, std::int64_t last) {
                 walk.run(first, last, [&](std::int64_t a, std::int64_t b) { to[b] = from[a]; });
               });
}

/// The nest of x or the result, `indices`, and the array that is indexed, whose own axis is left out.
LoopNest along(const Array& indices, const Array& x, const Array& indexed, std::int64_t axis) {
  Strides others = indexed.strides();
  others[axis] = 0;
  return LoopNest(indices.shape(), {&x.strides(), &indices.strides(), &others});
}

/// Calls `f(at, index, base)` for every index.
template <class F>
void for_each_along(const LoopNest& nest, const Array& indices, const F& f) {
  const std::int64_t* index = indices.data<std::int64_t>();
  std::int64_t inner = nest.inner(), step = nest.inner_stride(0), pace = nest.inner_stride(1),
               by = nest.inner_stride(2);
  for_each_outer(nest, 1, 0, outer_count(nest, 1), [&](const std::int64_t* at) {
    if (step == 1 && pace == 1 && by == 0)
      for (std::int64_t i = 0; i < inner; ++i) f(at[0] + i, index[at[1] + i], at[2]);
    else
      for (std::int64_t i = 0; i < inner; ++i) f(at[0] + i * step, index[at[1] + i * pace], at[2] + i * by);
  });
}

}  // namespace

Array gather(const Array& x, const Picks& picks, std::int64_t axis) {
  Shape shape(x.shape().begin(), x.shape().begin() + axis);
  for (std::int64_t length : picks[0].shape()) shape.push_back(length);
  for (std::int64_t k = axis + static_cast<std::int64_t>(picks.size()); k < x.rank(); ++k)
    shape.push_back(x.shape()[k]);
  Array result(shape, x.dtype());
  if (result.size() == 0) return result;
  Walk walk(x, picks, axis);
  switch (size_of(x.dtype())) {
    case 1: gather_typed<std::uint8_t>(x, walk, result); break;
    case 4: gather_typed<std::uint32_t>(x, walk, result); break;
    default: gather_typed<std::uint64_t>(x, walk, result);
  }
  return result;
}

void scatter_add(const Array& x, const Picks& picks, std::int64_t axis, Array& target) {
  if (x.size() == 0) return;
  Array packed = x.contiguous();
  Walk walk(target, picks, axis);
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = packed.data<T>();
    T* to = target.fill<T>();
    walk.run(0, x.size() / walk.row, [&](std::int64_t a, std::int64_t b) { to[a] = static_cast<T>(to[a] + from[b]); });
  });
}

Array gather_along(const Array& x, const Array& indices, std::int64_t axis) {
  Array result(indices.shape(), x.dtype());
  if (result.size() == 0) return result;
  LoopNest nest = along(indices, result, x, axis);
  std::int64_t step = x.strides()[axis];
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = x.data<T>();
    T* to = result.fill<T>();
    for_each_along(nest, indices,
                   [&](std::int64_t at, std::int64_t index, std::int64_t base) { to[at] = from[base + index * step]; });
  });
  return result;
}

void scatter_add_along(const Array& x, const Array& indices, std::int64_t axis, Array& target) {
  if (indices.size() == 0) return;
  LoopNest nest = along(indices, x, target, axis);
  std::int64_t step = target.strides()[axis];
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = x.data<T>();
    T* to = target.fill<T>();
    for_each_along(nest, indices, [&](std::int64_t at, std::int64_t index, std::int64_t base) {
      T& place = to[base + index * step];
      place = static_cast<T>(place + from[at]);
    });
  });
}

Picks nonzero(const Array& mask) {
  Array packed = mask.contiguous();
  const bool* values = packed.data<bool>();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < packed.size(); ++i) count += values[i];
  Picks picks;
  for (std::size_t k = 0; k < mask.shape().size(); ++k) picks.push_back(Array(Shape{count}, DType::i64));
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < packed.size(); ++i) {
    if (!values[i]) continue;
    std::int64_t rest = i;
    for (std::size_t k = picks.size(); k-- > 0; rest /= mask.shape()[k])
      picks[k].fill<std::int64_t>()[found] = rest % mask.shape()[k];
    ++found;
  }
  return picks;
}

}  // namespace xg::kernels
