// Products of small matrices, where a call into BLAS would cost more than the product.
#pragma once

#include <xsimd/xsimd.hpp>

#include "matmul.hpp"

namespace xg::kernels {

/// c[i, j] for `rows` rows from i and `vectors` SIMD registers of columns from j, b's columns being neighbours.
template <class V, int rows, int vectors, class T>
inline void tile(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add, std::int64_t i, std::int64_t j) {
  constexpr std::int64_t width = static_cast<std::int64_t>(V::size);
  V total[rows][vectors];
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v)
      total[r][v] = add ? V::load_unaligned(c + (i + r) * b.columns + j + v * width) : V(T(0));
  const T* left = a.data + i * a.row;
  const T* right = b.data + j;
  for (std::int64_t k = 0; k < a.columns; ++k, left += a.column, right += b.row)
    for (int v = 0; v < vectors; ++v) {
      V line = V::load_unaligned(right + v * width);
      for (int r = 0; r < rows; ++r) total[r][v] = xsimd::fma(V(left[r * a.row]), line, total[r][v]);
    }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) total[r][v].store_unaligned(c + (i + r) * b.columns + j + v * width);
}

/// Any strides, one element after another.
template <class T>
void multiply_plain(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add, std::int64_t first_column = 0) {
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = first_column; j < b.columns; ++j) {
      const T* left = a.data + i * a.row;
      const T* right = b.data + j * b.column;
      T total = add ? c[i * b.columns + j] : T(0);
      for (std::int64_t k = 0; k < a.columns; ++k) total += left[k * a.column] * right[k * b.row];
      c[i * b.columns + j] = total;
    }
}

/// All rows of the columns from j on that fill whole registers; returns the first column left over.
template <class V, int vectors, class T>
inline std::int64_t tiles(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add, std::int64_t j) {
  constexpr std::int64_t width = static_cast<std::int64_t>(V::size) * vectors;
  for (; j + width <= b.columns; j += width) {
    std::int64_t i = 0;
    for (; i + 4 <= a.rows; i += 4) tile<V, 4, vectors>(a, b, c, add, i, j);
    for (; i < a.rows; ++i) tile<V, 1, vectors>(a, b, c, add, i, j);
  }
  return j;
}

/// b's columns are neighbours: rows of b are added up, each times a number of a.
template <class T>
void multiply_by_rows(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add) {
  using Wide = xsimd::batch<T>;
  using Narrow = xsimd::make_sized_batch_t<T, 16 / sizeof(T)>;
  std::int64_t j = tiles<Wide, 2>(a, b, c, add, 0);
  j = tiles<Wide, 1>(a, b, c, add, j);
  if constexpr (Wide::size != Narrow::size) j = tiles<Narrow, 1>(a, b, c, add, j);
  if (j < b.columns) multiply_plain(a, b, c, add, j);
}

/// Dot products of one row of a with `columns` columns of b, everything contiguous along the sum.
template <class V, int columns, class T>
inline void dots(const T* left, const T* right, std::int64_t step, std::int64_t count, T* c, bool add) {
  constexpr std::int64_t width = static_cast<std::int64_t>(V::size);
  V total[columns];
  for (int j = 0; j < columns; ++j) total[j] = V(T(0));
  std::int64_t k = 0;
  for (; k + width <= count; k += width) {
    V line = V::load_unaligned(left + k);
    for (int j = 0; j < columns; ++j) total[j] = xsimd::fma(line, V::load_unaligned(right + j * step + k), total[j]);
  }
  T sums[columns];
  for (int j = 0; j < columns; ++j) sums[j] = xsimd::hadd(total[j]);
  for (; k < count; ++k)
    for (int j = 0; j < columns; ++j) sums[j] += left[k] * right[j * step + k];
  for (int j = 0; j < columns; ++j) c[j] = add ? c[j] + sums[j] : sums[j];
}

template <class V, class T>
void multiply_by_dots(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add) {
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const T* left = a.data + i * a.row;
    T* to = c + i * b.columns;
    std::int64_t j = 0;
    for (; j + 4 <= b.columns; j += 4) dots<V, 4>(left, b.data + j * b.column, b.column, a.columns, to + j, add);
    for (; j < b.columns; ++j) dots<V, 1>(left, b.data + j * b.column, b.column, a.columns, to + j, add);
  }
}

/// c = a b or c += a b, by the loop that the strides suit best.
template <class T>
void multiply_small(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add) {
  bool sums_contiguous = (a.column == 1 || a.columns == 1) && (b.row == 1 || b.rows == 1);
  if (b.column == 1 && !(sums_contiguous && b.columns == 1)) return multiply_by_rows(a, b, c, add);
  if (sums_contiguous) {
    using Wide = xsimd::batch<T>;
    using Narrow = xsimd::make_sized_batch_t<T, 16 / sizeof(T)>;
    if (a.columns >= 2 * static_cast<std::int64_t>(Wide::size)) return multiply_by_dots<Wide>(a, b, c, add);
    return multiply_by_dots<Narrow>(a, b, c, add);
  }
  // A vector's transpose is the vector, so the product may be turned: (a b)ᵀ = bᵀ aᵀ.
  if ((a.rows == 1 || b.columns == 1) && (a.row == 1 || a.rows == 1))
    return multiply_by_rows(b.transposed(), a.transposed(), c, add);
  multiply_plain(a, b, c, add);
}

}  // namespace xg::kernels
