// Accurate sums of rows: SIMD within blocks, pairs of blocks above, f64 totals.
#pragma once

#include <type_traits>

#include "lane.hpp"

namespace xg::kernels {

/// What many elements of type T add up in; integers wrap around.
template <class T>
using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
/// Element type of a sum or product.
template <class T>
using Result = std::conditional_t<std::is_same_v<T, bool> || std::is_same_v<T, std::uint64_t>, std::int64_t, T>;

/// Σ map(x_i) over few neighbours; `map` takes and returns a Lane. Sixteen lanes are added as a tree before they go to
/// the f64 totals, so f32 rounds four times, however many elements there are.
template <class T, class F>
double block_total(const T* x, std::int64_t count, const F& map) {
  using L = Lane<T>;
  constexpr std::int64_t width = L::width;
  double totals[width] = {};
  alignas(64) T lanes[width];
  auto add = [&](const L& sum) {
    sum.store(lanes);
    for (std::int64_t k = 0; k < width; ++k) totals[k] += static_cast<double>(lanes[k]);
  };
  std::int64_t i = 0;
  for (; i + 16 * width <= count; i += 16 * width) {
    auto four = [&](std::int64_t at) {
      const T* p = x + i + at * width;
      return (map(L::load(p)) + map(L::load(p + width))) + (map(L::load(p + 2 * width)) + map(L::load(p + 3 * width)));
    };
    add((four(0) + four(4)) + (four(8) + four(12)));
  }
  if (i + width <= count) {
    L sum = map(L::load(x + i));
    for (i += width; i + width <= count; i += width) sum = sum + map(L::load(x + i));
    add(sum);
  }
  if (i < count) {
    alignas(64) T rest[width] = {};
    for (std::int64_t k = 0; i + k < count; ++k) rest[k] = x[i + k];
    map(L::load(rest)).store(lanes);
    for (std::int64_t k = 0; i + k < count; ++k) totals[k] += static_cast<double>(lanes[k]);
  }
  for (std::int64_t half = width / 2; half > 0; half /= 2)
    for (std::int64_t k = 0; k < half; ++k) totals[k] += totals[k + half];
  return totals[0];
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
