// Convolution, and the two other products of its three arrays: any of x, weight and y from the other two. Each is a
// gradient of the others.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Where a filter is laid along one axis: y[o] sees x[o · stride + k · dilation − padding] for k < kernel.
struct ConvolutionAxis {
  std::int64_t x, y, kernel;  // lengths
  std::int64_t stride = 1, padding = 0, dilation = 1;
};

/// `front`, and after it one of the lengths of each axis.
inline Shape with_lengths(Shape front, const SmallVector<ConvolutionAxis, 2>& axes,
                          std::int64_t ConvolutionAxis::*length) {
  for (const ConvolutionAxis& axis : axes) front.push_back(axis.*length);
  return front;
}

/// Which arrays a convolution ties: x (batch, groups · inputs, …), weight (groups · outputs, inputs, …) and
/// y (batch, groups · outputs, …), each with the lengths of `axes` at its end.
struct Convolution {
  std::int64_t batch, groups, inputs, outputs;  // channels of one group
  SmallVector<ConvolutionAxis, 2> axes;         // one or two

  Shape x_shape() const;
  Shape weight_shape() const;
  Shape y_shape() const;
};

/// y from x and weight, plus `bias` (groups · outputs,), or none. One dtype, f32 or f64; so for the others.
Array convolve(const Convolution& c, const Array& x, const Array& weight, const Array& bias);
/// x from y and weight: the transpose of `convolve` as a linear map of x, plus `bias` (groups · inputs,), or none.
Array convolve_back(const Convolution& c, const Array& y, const Array& weight, const Array& bias);
/// weight from x and y: the transpose of `convolve` as a linear map of weight.
Array convolution_weight(const Convolution& c, const Array& x, const Array& y);

}  // namespace xg::kernels
