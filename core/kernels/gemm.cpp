// Vectors are the compiler's own, so that one function here can be compiled for a wider processor than the others.
#include "gemm.hpp"

#include <algorithm>

#include "../array/transpose.hpp"

// Everything between the wide function's door and its loops must become part of it.
#define XG_INLINE inline __attribute__((always_inline))

namespace xg::kernels {
namespace {

constexpr std::int64_t most_rows = 8;  // × 2 registers of sums, out of 32

template <class T>
struct Vector {
  // Loaded and stored wherever a T may be.
  typedef T Type __attribute__((vector_size(64), aligned(alignof(T)), may_alias));
  static constexpr std::int64_t width = gemm_panel<T> / 2;
};

/// rows × (vectors registers) of c, `columns` of which are stored; b's columns are neighbours. `start` may be null.
template <class T, int rows, int vectors>
XG_INLINE void tile(const GemmBlock<T>& p, const T* a, const T* b, std::int64_t b_row, std::int64_t depth, T* c,
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
XG_INLINE void tile_of(std::int64_t count, const GemmBlock<T>& p, const T* a, const T* b, std::int64_t b_row,
                       std::int64_t depth, T* c, std::int64_t columns, bool add, const T* start) {
  if constexpr (rows > 1)
    if (count < rows) return tile_of<T, rows - 1, vectors>(count, p, a, b, b_row, depth, c, columns, add, start);
  tile<T, rows, vectors>(p, a, b, b_row, depth, c, columns, add, start);
}

/// Rows [0, depth) and `columns` columns of b, side by side; zeros up to whole registers.
template <class T>
void pack(const GemmBlock<T>& p, const T* b, std::int64_t depth, std::int64_t columns, std::int64_t padded, T* to) {
  if (p.b_row == 1 && p.b_column != 1) {
    transpose_few(b, p.b_column, to, padded, depth, columns);
  } else {
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t j = 0; j < columns; ++j) to[k * padded + j] = b[k * p.b_row + j * p.b_column];
  }
  if (columns < padded)
    for (std::int64_t k = 0; k < depth; ++k) std::fill(to + k * padded + columns, to + (k + 1) * padded, T(0));
}

template <class T>
XG_INLINE void multiply_block(const GemmBlock<T>& p) {
  constexpr std::int64_t width = Vector<T>::width;
  for (std::int64_t first = 0; first < p.depth; first += gemm_depth) {
    std::int64_t depth = std::min(gemm_depth, p.depth - first);
    bool add = p.add || first > 0;
    for (std::int64_t j = 0; j < p.columns;) {
      std::int64_t left = p.columns - j, wide = left > width ? 2 * width : width;
      std::int64_t columns = std::min(left, wide);
      const T* b = p.b + first * p.b_row + j * p.b_column;
      std::int64_t b_row = p.b_row;
      // What is read again and again is better packed, and what does not fill its registers must be.
      if (p.b_column != 1 || columns != wide || p.rows > gemm_unpacked_rows) {
        pack(p, b, depth, columns, wide, p.room);
        b = p.room;
        b_row = wide;
      }
      const T* a = p.a + first * p.a_column;
      T* c = p.c + j;
      const T* start = p.start && first == 0 ? p.start + j : nullptr;
      for (std::int64_t i = 0; i < p.rows; i += most_rows, a += most_rows * p.a_row, c += most_rows * p.c_row) {
        std::int64_t rows = std::min(most_rows, p.rows - i);
        if (wide == width) tile_of<T, most_rows, 1>(rows, p, a, b, b_row, depth, c, columns, add, start);
        else tile_of<T, most_rows, 2>(rows, p, a, b, b_row, depth, c, columns, add, start);
      }
      j += columns;
    }
  }
}

#ifdef __x86_64__
__attribute__((target("avx512f"))) void multiply_wide(const GemmBlock<float>& p) { multiply_block(p); }
__attribute__((target("avx512f"))) void multiply_wide(const GemmBlock<double>& p) { multiply_block(p); }
#endif

}  // namespace

template <class T>
GemmKernel<T> gemm_kernel() {
#ifdef __x86_64__
  static const bool is_wide = __builtin_cpu_supports("avx512f");
  if (is_wide) return multiply_wide;
#endif
  return nullptr;
}
template GemmKernel<float> gemm_kernel<float>();
template GemmKernel<double> gemm_kernel<double>();

}  // namespace xg::kernels
