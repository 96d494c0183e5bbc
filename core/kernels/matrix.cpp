#include "matrix.hpp"

#include <algorithm>

#include "../array/copy.hpp"

namespace xg::kernels {

Array diagonal(const Array& x, std::int64_t k) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::int64_t columns = shape.back(), rows = shape[shape.size() - 2];
  std::int64_t column = strides.back(), row = strides[strides.size() - 2];
  std::int64_t length = k >= 0 ? std::min(rows, columns - k) : std::min(columns, rows + k);
  shape.pop_back();
  strides.pop_back();
  shape.back() = std::max<std::int64_t>(0, length);
  strides.back() = row + column;
  return x.view(shape, strides, shape.back() == 0 ? 0 : k >= 0 ? k * column : -k * row);
}

Array diagonal_matrix(const Array& x, std::int64_t k, std::int64_t rows, std::int64_t columns) {
  Shape shape = x.shape();
  shape.back() = rows;
  shape.push_back(columns);
  Array result = Array::zeros(shape, x.dtype());
  copy_into(x, diagonal(result, k));
  return result;
}

Array triangle(const Array& x, std::int64_t k, bool upper) {
  Array result = x.copy();
  if (result.size() == 0) return result;
  std::int64_t columns = x.shape().back(), rows = x.shape()[x.shape().size() - 2];
  k = std::clamp(k, -rows - 1, columns + 1);
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    T* line = result.fill<T>();
    for (std::int64_t i = 0; i < result.size() / columns; ++i, line += columns) {
      std::int64_t diagonal = i % rows + k;  // the column where the k-th diagonal crosses this row
      if (upper) std::fill_n(line, std::clamp<std::int64_t>(diagonal, 0, columns), T(0));
      else std::fill(line + std::clamp<std::int64_t>(diagonal + 1, 0, columns), line + columns, T(0));
    }
  });
  return result;
}

namespace {

/// Calls `body(kept, element)` with the offsets of each element in the array of minors and in the matrices.
template <class F>
void for_each_minor_element(std::int64_t matrices, std::int64_t n, const F& body) {
  std::int64_t at = 0;
  for (std::int64_t matrix = 0; matrix < matrices; ++matrix)
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t r = 0; r < n; ++r)
          for (std::int64_t c = 0; c < n; ++c)
            if (r != i && c != j) body(at++, (matrix * n + r) * n + c);
}

}  // namespace

Array minors(const Array& x) {
  Array from = x.contiguous();
  std::int64_t n = x.shape().back();
  Shape shape = x.shape();
  shape.push_back(n - 1);
  shape.push_back(n - 1);
  Array result(shape, x.dtype());
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    for_each_minor_element(x.size() / (n * n), n,
                           [to = result.fill<T>(), data = from.data<T>()](std::int64_t at, std::int64_t element) {
                             to[at] = data[element];
                           });
  });
  return result;
}

Array sum_of_minors(const Array& x) {
  Array from = x.contiguous();
  Shape shape(x.shape().begin(), x.shape().end() - 2);
  std::int64_t n = shape.back();
  Array result = Array::zeros(shape, x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    for_each_minor_element(result.size() / (n * n), n,
                           [to = result.fill<T>(), data = from.data<T>()](std::int64_t at, std::int64_t element) {
                             to[element] += data[at];
                           });
  });
  return result;
}

}  // namespace xg::kernels
