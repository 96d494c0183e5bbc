// Matrix products.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// A matrix inside a buffer: element (i, j) is data[i · row + j · column].
template <class T>
struct MatrixView {
  const T* data;
  std::int64_t rows, columns;
  std::int64_t row, column;  // strides in elements, of any sign

  MatrixView transposed() const { return {data, columns, rows, column, row}; }
};

/// c = a b, or c += a b when `add`; c is row-major without gaps. Small products run here, others in BLAS.
template <class T>
void multiply(MatrixView<T> a, MatrixView<T> b, T* c, bool add);
extern template void multiply(MatrixView<float> a, MatrixView<float> b, float* c, bool add);
extern template void multiply(MatrixView<double> a, MatrixView<double> b, double* c, bool add);

/// Products of the matrices in the last two axes of a and b, which have one dtype. The result has shape `batch` plus
/// (rows of a, columns of b): `batch` is the broadcast of both operands' leading axes, or that with some lengths set
/// to 1 or left out in front, along which products are then summed. Booleans multiply by "and" and add by "or".
Array matmul(const Array& a, const Array& b, const Shape& batch);

/// x weightᵀ + bias over the last axis of x; weight is (out, in), bias (out,) or none; one dtype. When `turned`,
/// x weight + bias with a weight of (in, out).
Array linear(const Array& x, const Array& weight, const Array* bias, bool turned = false);

/// Σ gᵀ x over all leading axes, which are equal: (..., out), (..., in) -> (out, in).
Array sum_of_outer(const Array& g, const Array& x);

}  // namespace xg::kernels
