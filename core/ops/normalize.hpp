// Normalisation: parts of a tensor brought to mean 0 and variance 1, then scaled by a weight and shifted by a bias. All
// are one fused pass forward and one back, accurate for values far from 0, differentiable to any order, and the same
// bits with any number of threads. An undefined weight or bias is none. Integers are computed as f64.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// y = (x − mean) / √(var + eps) · weight + bias over the last axes, which have shape `shape`, as have weight and bias;
/// var is the biased one. dx = (h − mean(h) − x̂ mean(h x̂)) / √(var + eps) with h = g · weight. Throws ShapeError when x
/// does not end in `shape`, ValueError when that is empty. Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
Tensor layer_norm(const Operand& x, const Shape& shape, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// y = x / √(mean(x²) + eps) · weight over the last axes. Throws as layer_norm. Source: Zhang and Sennrich, Root Mean
/// Square Layer Normalization, 2019.
Tensor rms_norm(const Operand& x, const Shape& shape, const Tensor& weight = {}, double eps = 0x1p-23);

/// What batch_norm gives: y, and of each channel the mean and the biased variance, as constants.
struct BatchNormed {
  Tensor y, mean, variance;
};
/// Each channel (axis 1) of (N, C, …) normalised over all samples and places: training. Weight and bias are (C,).
/// Throws ShapeError for other shapes, ValueError when a channel has one value only. Source: Ioffe and Szegedy, Batch
/// Normalization, 2015.
BatchNormed batch_norm(const Operand& x, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5);
/// The same with a mean and a variance that are given, (C,): evaluation. Differentiable in these too. Throws
/// ShapeError.
Tensor batch_norm_eval(const Operand& x, const Tensor& mean, const Tensor& variance, const Tensor& weight = {},
                       const Tensor& bias = {}, double eps = 1e-5);
/// The channels of each sample of (N, C, …) normalised in `groups` groups. Weight and bias are (C,). Throws ShapeError
/// for other shapes, ValueError unless the groups divide C. Source: Wu and He, Group Normalization, 2018.
Tensor group_norm(const Operand& x, std::int64_t groups, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// Each channel of each sample of (N, C, …) normalised by itself. Throws ShapeError for other shapes or fewer than
/// three axes, ValueError when a channel has one value only. Source: Ulyanov, Vedaldi and Lempitsky, 2016.
Tensor instance_norm(const Operand& x, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5);

}  // namespace xg
