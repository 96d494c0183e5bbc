// Transposition of small blocks in registers.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace xg {

/// Neighbours from the lower or upper half of two registers, one from each in turn.
template <bool upper, class V, int... i>
inline V interleave(V a, V b, std::integer_sequence<int, i...>) {
  constexpr int width = sizeof...(i), first = upper ? width / 2 : 0;
  return __builtin_shufflevector(a, b, (first + i / 2 + (i % 2 ? width : 0))...);
}

/// to[i][j] = from[j][i] for a square of registers of `width`, a power of two; rows of neighbours on both sides.
template <int width, class T>
inline void transpose_registers(const T* from, std::int64_t from_step, T* to, std::int64_t to_step) {
  using V [[gnu::vector_size(width * sizeof(T))]] = T;
  using Lanes = std::make_integer_sequence<int, width>;
  V rows[width], next[width];
  for (int i = 0; i < width; ++i) std::memcpy(&rows[i], from + i * from_step, sizeof(V));
  for (int half = 1; half < width; half *= 2) {  // each pass shuffles rows i and i + width/2 together
    for (int i = 0; i < width / 2; ++i) {
      next[2 * i] = interleave<false>(rows[i], rows[i + width / 2], Lanes());
      next[2 * i + 1] = interleave<true>(rows[i], rows[i + width / 2], Lanes());
    }
    for (int i = 0; i < width; ++i) rows[i] = next[i];
  }
  for (int i = 0; i < width; ++i) std::memcpy(to + i * to_step, &rows[i], sizeof(V));
}

/// to[i][j] = from[j][i] for i < rows and j < columns, which are few; rows of neighbours on both sides.
template <class T>
inline void transpose_few(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::int64_t rows,
                          std::int64_t columns) {
  constexpr int width = 16 / sizeof(T);
  std::int64_t i = 0;
  for (; i + width <= rows; i += width) {
    std::int64_t j = 0;
    for (; j + width <= columns; j += width)
      transpose_registers<width>(from + j * from_step + i, from_step, to + i * to_step + j, to_step);
    for (; j < columns; ++j)
      for (int k = 0; k < width; ++k) to[(i + k) * to_step + j] = from[j * from_step + i + k];
  }
  for (; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) to[i * to_step + j] = from[j * from_step + i];
}

}  // namespace xg
