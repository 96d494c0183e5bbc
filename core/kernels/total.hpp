// Accurate sums of rows: SIMD within blocks, pairs of blocks above, f64 totals.
#pragma once

#include <algorithm>
#include <type_traits>

#include "lane.hpp"

namespace xg::kernels {

/// What many elements of type T add up in; integers wrap around.
template <class T>
using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
/// Element type of a sum or product.
template <class T>
using Result = std::conditional_t<std::is_same_v<T, bool> || std::is_same_v<T, std::uint64_t>, std::int64_t, T>;

/// Σ map(x_i) over few neighbours; `map` takes and returns a Lane. Sixteen lanes are added as a tree and a few trees
/// in turn before they go to the f64 total, so f32 rounds a dozen times, however many elements there are.
template <class T, class F>
double block_total(const T* x, std::int64_t count, const F& map) {
  using L = Lane<T>;
  constexpr std::int64_t width = L::width, tree = 16 * width;
  double total = 0;
  const T* end = x + count;
  while (end - x >= tree) {
    L sum(0);
    for (int trees = 0; trees < 8 && end - x >= tree; ++trees, x += tree) {
      auto four = [&](const T* p) {
        return (map(L::load(p)) + map(L::load(p + width))) +
               (map(L::load(p + 2 * width)) + map(L::load(p + 3 * width)));
      };
      __builtin_prefetch(x + 4096 / sizeof(T));
      __builtin_prefetch(x + 4160 / sizeof(T));
      sum = sum + ((four(x) + four(x + 4 * width)) + (four(x + 8 * width) + four(x + 12 * width)));
    }
    total += static_cast<double>(xsimd::hadd(sum.batch));
  }
  if (end - x >= width) {
    L sum = map(L::load(x));
    for (x += width; end - x >= width; x += width) sum = sum + map(L::load(x));
    total += static_cast<double>(xsimd::hadd(sum.batch));
  }
  if (x < end) {
    alignas(64) T rest[width] = {};
    std::copy(x, end, rest);
    map(L::load(rest)).store(rest);
    for (std::int64_t k = 0; k < end - x; ++k) total += static_cast<double>(rest[k]);
  }
  return total;
}

/// Σ map(x_i), blocks added in pairs.
template <class T, class F>
double mapped_total(const T* x, std::int64_t count, const F& map) {
  constexpr std::int64_t block = 1024;
  if (count <= 2 * block) return block_total(x, count, map);
  std::int64_t half = count / 2 / block * block;
  return mapped_total(x, half, map) + mapped_total(x + half, count - half, map);
}

/// Σ x[i·step].
template <class T>
Total<T> total_of(const T* x, std::int64_t step, std::int64_t count) {
  if constexpr (std::is_floating_point_v<T>) {
    if (step == 1 && count >= Lane<T>::width) return mapped_total(x, count, [](auto v) { return v; });
    constexpr std::int64_t block = 128;
    if (count > block) {
      std::int64_t half = count / 2;
      return total_of(x, step, half) + total_of(x + half * step, step, count - half);
    }
  }
  Total<T> total = 0;
  for (std::int64_t i = 0; i < count; ++i) total += static_cast<Total<T>>(x[i * step]);
  return total;
}

}  // namespace xg::kernels
