// Parts of an array brought to mean 0 and variance 1, then scaled and shifted; and the gradients of that. f32 and f64.
// Arrays are row-major and of one dtype, statistics f64. A weight or bias may be missing: an empty Array.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// y, and of each part its mean and (biased) variance.
struct Normalized {
  Array y, mean, variance;
};
/// Gradients of x, weight and bias; a missing one is empty.
struct NormalizedGradients {
  Array x, weight, bias;
};

/// Rows of `length` neighbours: y = (x − mean) / √(variance + eps) · weight + bias, with a weight and a bias of
/// `length`. Not centred: mean is 0 and variance the mean square.
Normalized normalize_rows(const Array& x, std::int64_t length, const Array& weight, const Array& bias, double eps,
                          bool centred);
NormalizedGradients normalize_rows_vjp(const Array& g, const Array& x, const Normalized& forward, const Array& weight,
                                       std::int64_t length, double eps, bool centred, bool wants_weight,
                                       bool wants_bias);

/// x of shape (N, C, …) with a weight and a bias a channel. Parts are the channels of all samples together when
/// `groups` is 0, else each sample's channels in that many groups of equal size.
Normalized normalize_channels(const Array& x, std::int64_t groups, const Array& weight, const Array& bias, double eps);
NormalizedGradients normalize_channels_vjp(const Array& g, const Array& x, const Normalized& forward,
                                           std::int64_t groups, const Array& weight, double eps);

// Channels of one element a sample, normalised over the samples: columns of a matrix.
Normalized normalize_columns(const Array& x, const Array& weight, const Array& bias, double eps);
NormalizedGradients normalize_columns_vjp(const Array& g, const Array& x, const Normalized& forward,
                                          const Array& weight, double eps);

}  // namespace xg::kernels
