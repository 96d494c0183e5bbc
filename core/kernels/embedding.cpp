#include "embedding.hpp"

#include <algorithm>

#include "../array/threads.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 14;  // elements

}  // namespace

Array pick_rows(const Array& table, const Array& indices, std::int64_t padding) {
  Array from = table.contiguous();
  std::int64_t size = from.shape()[1];
  Shape shape = indices.shape();
  shape.push_back(size);
  Array result(shape, from.dtype());
  const std::int64_t* index = indices.data<std::int64_t>();
  visit(from.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* rows = from.data<T>();
    T* to = result.fill<T>();
    parallel_for(indices.size(), std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, size)),
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t i = first; i < last; ++i) {
                     if (index[i] == padding) std::fill_n(to + i * size, size, T(0));
                     else std::copy_n(rows + index[i] * size, size, to + i * size);
                   }
                 });
  });
  return result;
}

Array add_rows(const Array& x, const Array& indices, std::int64_t rows, std::int64_t padding) {
  Array from = x.contiguous();
  std::int64_t size = from.shape().back(), count = indices.size();
  Array result(Shape{rows, size}, from.dtype());
  const std::int64_t* index = indices.data<std::int64_t>();
  visit(from.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* source = from.data<T>();
    T* to = result.fill<T>();
    // Each thread owns a range of rows and looks for their indices in order, so that sums have one order only.
    std::int64_t pieces = (rows * size + count * size) / (4 * grain) + 1;
    parallel_for(rows, rows / pieces + 1, [&](std::int64_t first, std::int64_t last) {
      std::fill(to + first * size, to + last * size, T(0));
      for (std::int64_t i = 0; i < count; ++i) {
        if (index[i] < first || index[i] >= last || index[i] == padding) continue;
        const T* row = source + i * size;
        T* target = to + index[i] * size;
        for (std::int64_t k = 0; k < size; ++k) target[k] = static_cast<T>(target[k] + row[k]);
      }
    });
  });
  return result;
}

}  // namespace xg::kernels
