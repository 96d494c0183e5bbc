// The body of a matrix product for one instruction set. Each file gemm_*.cpp includes it once, compiled for its own
// instructions, so everything here is local to that file and calls nothing that another file could share.
#pragma once

#include <cstdint>

#include "gemm.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t most_rows = XG_GEMM_ROWS;

template <class T>
struct Vector {
  // Loaded and stored wherever a T may be.
  typedef T Type __attribute__((vector_size(XG_GEMM_BYTES), aligned(alignof(T)), may_alias));
  static constexpr std::int64_t width = XG_GEMM_BYTES / sizeof(T);
};

/// rows × (vectors registers) of c, `columns` of which are stored; b's columns are neighbours. `start` may be null.
template <class T, int rows, int vectors>
void tile(const GemmBlock<T>& p, const T* a, const T* b, std::int64_t b_row, std::int64_t depth, T* c,
          std::int64_t columns, bool add, const T* start) {
  using V = typename Vector<T>::Type;
  constexpr std::int64_t width = Vector<T>::width;
  V total[rows][vectors] = {};
  for (std::int64_t k = 0; k < depth; ++k, a += p.a_column, b += b_row) {
    V line[vectors];
    for (int v = 0; v < vectors; ++v) line[v] = *reinterpret_cast<const V*>(b + v * width);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      V left = a[r * p.a_row] - V{};  // in every lane
      for (int v = 0; v < vectors; ++v) total[r][v] += left * line[v];
    }
  }
  if (columns == vectors * width) {
    if (start)
      for (int v = 0; v < vectors; ++v) {
        V line = *reinterpret_cast<const V*>(start + v * width);
        for (int r = 0; r < rows; ++r) total[r][v] = line + total[r][v];
      }
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < vectors; ++v) {
        V* to = reinterpret_cast<V*>(c + r * p.c_row + v * width);
        *to = add ? *to + total[r][v] : total[r][v];
      }
    return;
  }
  for (int r = 0; r < rows; ++r) {
    T room[vectors * width];
    for (int v = 0; v < vectors; ++v) *reinterpret_cast<V*>(room + v * width) = total[r][v];
    T* to = c + r * p.c_row;
    for (std::int64_t j = 0; j < columns; ++j) to[j] = add ? to[j] + room[j] : start ? start[j] + room[j] : room[j];
  }
}

template <class T, int rows, int vectors>
void tile_of(std::int64_t count, const GemmBlock<T>& p, const T* a, const T* b, std::int64_t b_row, std::int64_t depth,
             T* c, std::int64_t columns, bool add, const T* start) {
  if constexpr (rows > 1)
    if (count < rows) return tile_of<T, rows - 1, vectors>(count, p, a, b, b_row, depth, c, columns, add, start);
  tile<T, rows, vectors>(p, a, b, b_row, depth, c, columns, add, start);
}

/// Transposes a square of 4 × 4.
template <class T>
void turn(const T* from, std::int64_t step, T* to, std::int64_t to_step) {
  typedef T V __attribute__((vector_size(4 * sizeof(T)), aligned(alignof(T)), may_alias));
  auto line = [&](std::int64_t i) { return *reinterpret_cast<const V*>(from + i * step); };
  V a = line(0), b = line(1), c = line(2), d = line(3);
  V ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  V ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *reinterpret_cast<V*>(to) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *reinterpret_cast<V*>(to + to_step) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *reinterpret_cast<V*>(to + 2 * to_step) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
  *reinterpret_cast<V*>(to + 3 * to_step) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}

/// Rows [0, depth) and `columns` columns of b, side by side; zeros up to whole registers.
template <class T>
void pack(const GemmBlock<T>& p, const T* b, std::int64_t depth, std::int64_t columns, std::int64_t padded, T* to) {
  if (p.b_column == 1 || p.b_column < p.b_row) {
    for (std::int64_t k = 0; k < depth; ++k, b += p.b_row, to += padded) {
      for (std::int64_t j = 0; j < columns; ++j) to[j] = b[j * p.b_column];
      for (std::int64_t j = columns; j < padded; ++j) to[j] = 0;
    }
    return;
  }
  std::int64_t squares = p.b_row == 1 ? columns / 4 * 4 : 0, deep = depth / 4 * 4;
  for (std::int64_t j = 0; j < squares; j += 4)
    for (std::int64_t k = 0; k < deep; k += 4) turn(b + k + j * p.b_column, p.b_column, to + k * padded + j, padded);
  for (std::int64_t j = 0; j < padded; ++j)
    for (std::int64_t k = j < squares ? deep : 0; k < depth; ++k)
      to[k * padded + j] = j < columns ? b[k * p.b_row + j * p.b_column] : T(0);
}

template <class T>
void block(const GemmBlock<T>& p) {
  constexpr std::int64_t width = Vector<T>::width, deepest = 256;
  static_assert(deepest * 2 * width <= gemm_room<T>);
  for (std::int64_t first = 0; first < p.depth; first += deepest) {
    std::int64_t depth = p.depth - first < deepest ? p.depth - first : deepest;
    bool add = p.add || first > 0;
    for (std::int64_t j = 0; j < p.columns;) {
      std::int64_t left = p.columns - j, wide = left > width ? 2 * width : width;
      std::int64_t columns = left < wide ? left : wide;
      const T* b = p.b + first * p.b_row + j * p.b_column;
      std::int64_t b_row = p.b_row;
      // What is read again and again is better packed, and what does not fill its registers must be.
      if (p.b_column != 1 || columns != wide || p.rows > 64) {
        pack(p, b, depth, columns, wide, p.room);
        b = p.room;
        b_row = wide;
      }
      const T* a = p.a + first * p.a_column;
      T* c = p.c + j;
      const T* start = p.start && first == 0 ? p.start + j : nullptr;
      for (std::int64_t i = 0; i < p.rows; i += most_rows, a += most_rows * p.a_row, c += most_rows * p.c_row) {
        std::int64_t rows = p.rows - i < most_rows ? p.rows - i : most_rows;
        if (wide == width) tile_of<T, most_rows, 1>(rows, p, a, b, b_row, depth, c, columns, add, start);
        else tile_of<T, most_rows, 2>(rows, p, a, b, b_row, depth, c, columns, add, start);
      }
      j += columns;
    }
  }
}

}  // namespace
}  // namespace xg::kernels
