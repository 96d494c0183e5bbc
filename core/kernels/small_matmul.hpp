// Products of small matrices, where a call into BLAS would cost more than the product.
#pragma once

#include <xsimd/xsimd.hpp>

#include "matmul.hpp"

namespace xg::kernels {

/// A register of one number, for columns that fill no vector.
template <class T>
struct One {
  static constexpr std::size_t size = 1;
  T value;
  explicit One(T value) : value(value) {}
  One() = default;
  static One load_unaligned(const T* from) { return One(*from); }
  void store_unaligned(T* to) const { *to = value; }
  friend One fma(One a, One b, One c) { return One(a.value * b.value + c.value); }
};

template <class T>
using Wide = xsimd::batch<T>;
template <class T>
using Narrow = xsimd::make_sized_batch_t<T, 16 / sizeof(T)>;

/// c[i, j] for `rows` rows from i and `vectors` registers of columns from j, b's columns being neighbours.
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
      for (int r = 0; r < rows; ++r) total[r][v] = fma(V(left[r * a.row]), line, total[r][v]);
    }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) total[r][v].store_unaligned(c + (i + r) * b.columns + j + v * width);
}

/// All rows of the columns from j on that fill whole tiles; returns the first column left over.
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
  std::int64_t j = tiles<Wide<T>, 2>(a, b, c, add, 0);
  j = tiles<Wide<T>, 1>(a, b, c, add, j);
  if constexpr (Wide<T>::size != Narrow<T>::size) {
    j = tiles<Narrow<T>, 2>(a, b, c, add, j);
    j = tiles<Narrow<T>, 1>(a, b, c, add, j);
  }
  j = tiles<One<T>, 2>(a, b, c, add, j);
  tiles<One<T>, 1>(a, b, c, add, j);
}

/// Dot products of one row of a with `columns` columns of b, everything contiguous along the sum.
template <class V, int columns, class T>
inline void dots(const T* left, const T* right, std::int64_t step, std::int64_t count, T* c, bool add) {
  constexpr int width = static_cast<int>(V::size);
  V total[columns];
  for (int j = 0; j < columns; ++j) total[j] = V(T(0));
  std::int64_t k = 0;
  for (; k + width <= count; k += width) {
    V line = V::load_unaligned(left + k);
    for (int j = 0; j < columns; ++j) total[j] = fma(line, V::load_unaligned(right + j * step + k), total[j]);
  }
  T sums[columns];
  if constexpr (columns % width == 0)
    for (int j = 0; j < columns; j += width) xsimd::haddp(total + j).store_unaligned(sums + j);
  else
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

/// Any strides, one element after another.
template <class T>
void multiply_plain(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add) {
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < b.columns; ++j) {
      const T* left = a.data + i * a.row;
      const T* right = b.data + j * b.column;
      T total = add ? c[i * b.columns + j] : T(0);
      for (std::int64_t k = 0; k < a.columns; ++k) total += left[k * a.column] * right[k * b.row];
      c[i * b.columns + j] = total;
    }
}

/// The loop that the strides of a product suit best.
enum class Loop { rows, dots, turned_rows, plain };

template <class T>
Loop best_loop(const MatrixView<T>& a, const MatrixView<T>& b) {
  bool along_sum = (a.column == 1 || a.columns == 1) && (b.row == 1 || b.rows == 1);
  if (b.column == 1 && !(along_sum && b.columns == 1)) return Loop::rows;
  if (along_sum) return Loop::dots;
  // A vector's transpose is the vector, so the product may be turned: (a b)ᵀ = bᵀ aᵀ.
  if ((a.rows == 1 || b.columns == 1) && (a.row == 1 || a.rows == 1)) return Loop::turned_rows;
  return Loop::plain;
}

/// Up to how many multiplications the loop beats BLAS, measured: with the baseline's 16-byte registers and with the
/// wider ones of a native build.
template <class T>
std::int64_t limit_of(Loop loop, bool vector) {
  constexpr bool wide = Wide<T>::size > Narrow<T>::size;
  if (loop == Loop::plain) return 128;
  if (vector) return wide ? 8192 : 1024;
  if (loop == Loop::dots) return 256;
  return wide ? 8192 : 1024;
}

/// c = a b or c += a b.
template <class T>
void multiply_small(const MatrixView<T>& a, const MatrixView<T>& b, T* c, bool add, Loop loop) {
  switch (loop) {
    case Loop::rows: return multiply_by_rows(a, b, c, add);
    case Loop::turned_rows: return multiply_by_rows(b.transposed(), a.transposed(), c, add);
    case Loop::plain: return multiply_plain(a, b, c, add);
    case Loop::dots:
      if (a.columns >= 2 * static_cast<std::int64_t>(Wide<T>::size)) return multiply_by_dots<Wide<T>>(a, b, c, add);
      return multiply_by_dots<Narrow<T>>(a, b, c, add);
  }
}

}  // namespace xg::kernels
