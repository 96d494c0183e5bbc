// A matrix that many small ones are multiplied by, one after another: laid out once as the kernel reads it.
#pragma once

#include <algorithm>

#include "gemm.hpp"
#include "matmul.hpp"

namespace xg::kernels {

template <class T>
class StepProduct {
 public:
  /// For about `uses` products with `right`, which must outlive this.
  StepProduct(const MatrixView<T>& right, std::int64_t uses) : right_(right), kernel_(gemm_kernel<T>()) {
    whole_ = uses >= 4 && kernel_ ? right.columns / panel : 0;
    if (whole_ == 0) return;
    packed_ = Array({whole_, right.rows, panel}, dtype_of<T>());
    T* to = packed_.fill<T>();
    for (std::int64_t p = 0; p < whole_; ++p, to += right.rows * panel) {
      const T* from = right.data + p * panel * right.column;
      for (std::int64_t k = 0; k < right.rows; ++k)
        for (std::int64_t j = 0; j < panel; ++j) to[k * panel + j] = from[k * right.row + j * right.column];
    }
  }

  /// c = left right, or c += left right; `left` and c are row-major without gaps.
  void operator()(const T* left, std::int64_t rows, T* c, bool add) const {
    std::int64_t depth = right_.rows, columns = right_.columns, done = whole_ * panel;
    if (rows == 0 || columns == 0) return;
    if (whole_ == 0) return multiply(MatrixView<T>{left, rows, depth, depth, 1}, right_, c, add);
    alignas(64) T room[1];  // packed already: none is needed
    for (std::int64_t p = 0; p < whole_; ++p)
      for (std::int64_t i = 0; i < rows; i += most_rows)
        kernel_({left + i * depth, packed_.data<T>() + p * depth * panel, c + i * columns + p * panel,
                 std::min(most_rows, rows - i), depth, panel, depth, 1, panel, 1, columns, add, room});
    if (done == columns) return;
    auto* rest = static_cast<T*>(memory::allocate(gemm_room<T> * sizeof(T)));
    kernel_({left, right_.data + done * right_.column, c + done, rows, depth, columns - done, depth, 1, right_.row,
             right_.column, columns, add, rest});
    memory::free(rest, gemm_room<T> * sizeof(T));
  }

 private:
  static constexpr std::int64_t panel = gemm_panel<T>;
  static constexpr std::int64_t most_rows = gemm_unpacked_rows;  // beyond, it would pack again

  MatrixView<T> right_;
  GemmKernel<T> kernel_;
  std::int64_t whole_;
  Array packed_;
};

}  // namespace xg::kernels
