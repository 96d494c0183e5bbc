#include "gather.hpp"

#include <vector>

#include "../array/loops.hpp"
#include "../array/threads.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 14;

/// Where in an array with `strides` each pick starts.
std::vector<std::int64_t> starts(const Picks& picks, const Strides& strides) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(picks[0].size()), 0);
  for (std::size_t k = 0; k < picks.size(); ++k) {
    const std::int64_t* index = picks[k].data<std::int64_t>();
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] += index[i] * strides[k];
  }
  return offsets;
}

/// The axes of x from `first` on.
Array tail(const Array& x, std::size_t first) {
  return x.view(Shape(x.shape().begin() + first, x.shape().end()),
                Strides(x.strides().begin() + first, x.strides().end()));
}

/// Calls `f(a, b)` for the offsets of all pairs of a row.
template <class F>
void for_row(const LoopNest& nest, const F& f) {
  std::int64_t inner = nest.inner(), step_a = nest.inner_stride(0), step_b = nest.inner_stride(1);
  auto row = [&](std::int64_t a, std::int64_t b) {
    if (step_a == 1 && step_b == 1)
      for (std::int64_t i = 0; i < inner; ++i) f(a + i, b + i);
    else
      for (std::int64_t i = 0; i < inner; ++i) f(a + i * step_a, b + i * step_b);
  };
  if (nest.rank() <= 1) row(0, 0);
  else for_each_outer(nest, 1, 0, outer_count(nest, 1), [&](const std::int64_t* at) { row(at[0], at[1]); });
}

template <class T>
void gather_typed(const Array& x, const std::vector<std::int64_t>& offsets, const Array& row, Array& result) {
  Strides packed = contiguous_strides(row.shape());
  LoopNest nest(row.shape(), {&row.strides(), &packed});
  const T* from = x.data<T>();
  T* to = result.fill<T>();
  std::int64_t length = row.size();
  parallel_for(static_cast<std::int64_t>(offsets.size()), std::max<std::int64_t>(1, grain / length),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t b = first; b < last; ++b) {
                   const T* source = from + offsets[b];
                   T* target = to + b * length;
                   for_row(nest, [&](std::int64_t i, std::int64_t j) { target[j] = source[i]; });
                 }
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
  for_each_outer(nest, 1, 0, outer_count(nest, 1), [&](const std::int64_t* at) {
    for (std::int64_t i = 0; i < nest.inner(); ++i)
      f(at[0] + i * nest.inner_stride(0), index[at[1] + i * nest.inner_stride(1)], at[2] + i * nest.inner_stride(2));
  });
}

}  // namespace

Array gather(const Array& x, const Picks& picks) {
  Array row = tail(x, picks.size());
  Shape shape = picks[0].shape();
  for (std::int64_t length : row.shape()) shape.push_back(length);
  Array result(shape, x.dtype());
  if (result.size() == 0) return result;
  std::vector<std::int64_t> offsets = starts(picks, x.strides());
  switch (size_of(x.dtype())) {
    case 1: gather_typed<std::uint8_t>(x, offsets, row, result); break;
    case 4: gather_typed<std::uint32_t>(x, offsets, row, result); break;
    default: gather_typed<std::uint64_t>(x, offsets, row, result);
  }
  return result;
}

void scatter_add(const Array& x, const Picks& picks, Array& target) {
  if (x.size() == 0) return;
  std::vector<std::int64_t> offsets = starts(picks, target.strides());
  Array from_row = tail(x, picks[0].shape().size()), to_row = tail(target, picks.size());
  Array packed = x.contiguous();
  Strides from_strides = contiguous_strides(from_row.shape());
  LoopNest nest(from_row.shape(), {&from_strides, &to_row.strides()});
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = packed.data<T>();
    T* to = target.fill<T>();
    for (std::int64_t offset : offsets) {
      for_row(nest, [&](std::int64_t i, std::int64_t j) { to[offset + j] = static_cast<T>(to[offset + j] + from[i]); });
      from += from_row.size();
    }
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
