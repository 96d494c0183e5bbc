// Rows seen lane by lane, and what they add up to.
#pragma once

#include <algorithm>
#include <array>

#include "lane.hpp"

namespace xg::kernels {

// What a row is padded with to whole lanes decides nothing: each pass names a neutral value.

/// Calls `body(i, n)` for each lane of a row: it starts at i and has n numbers, fewer than its width at the end.
template <class T, class F>
void for_row(std::int64_t count, const F& body) {
  constexpr std::int64_t width = Lane<T>::width;
  std::int64_t i = 0;
  for (; i + width <= count; i += width) body(i, width);
  if (i < count) body(i, count - i);
}

template <class T>
Lane<T> load(const T* from, std::int64_t count, T padding) {
  constexpr std::int64_t width = Lane<T>::width;
  if (count == width) return Lane<T>::load(from);
  alignas(64) T room[width];
  for (std::int64_t k = 0; k < width; ++k) room[k] = k < count ? from[k] : padding;
  return Lane<T>::load(room);
}

template <class T>
void store(Lane<T> lane, T* to, std::int64_t count) {
  constexpr std::int64_t width = Lane<T>::width;
  if (count == width) return lane.store(to);
  alignas(64) T room[width];
  lane.store(room);
  std::copy_n(room, count, to);
}

/// What lane-wise passes over a row add up: `term(i, n)` gives the lane of each at i. Sums are taken in blocks, so that
/// long f32 rows stay accurate.
template <class T, std::size_t sums, class F>
std::array<double, sums> row_sums(std::int64_t count, const F& term) {
  using L = Lane<T>;
  constexpr std::int64_t width = L::width, block = 256 * width;
  std::array<double, sums> total = {};
  for (std::int64_t start = 0; start < count; start += block) {
    std::int64_t stop = std::min(count, start + block), i = start;
    L lanes[4][sums];
    for (auto& four : lanes)
      for (L& lane : four) lane = L(0);
    auto add = [&](L* to, std::int64_t at, std::int64_t n) {
      std::array<L, sums> terms = term(at, n);
      for (std::size_t s = 0; s < sums; ++s) to[s] = to[s] + terms[s];
    };
    for (; i + 4 * width <= stop; i += 4 * width)
      for (int k = 0; k < 4; ++k) add(lanes[k], i + k * width, width);
    for (; i < stop; i += width) add(lanes[0], i, std::min(width, stop - i));
    for (std::size_t s = 0; s < sums; ++s) {
      alignas(64) T room[width];
      ((lanes[0][s] + lanes[1][s]) + (lanes[2][s] + lanes[3][s])).store(room);
      for (T lane : room) total[s] += static_cast<double>(lane);
    }
  }
  return total;
}

/// The same for one sum.
template <class T, class F>
double row_sum(std::int64_t count, const F& term) {
  return row_sums<T, 1>(count, [&](std::int64_t i, std::int64_t n) { return std::array<Lane<T>, 1>{term(i, n)}; })[0];
}

}  // namespace xg::kernels
