// LayerNorm and RMSNorm: each row brought to one scale.
#pragma once

#include "../module/module.hpp"

namespace xg::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  /// Learn a weight and a bias per element (PyTorch's elementwise_affine).
  bool affine = true;
  bool bias = true;
};

/// y = (x − mean) / √(var + eps) · weight + bias over the last axes, which have shape `shape`; var is the biased one. A
/// constant row gives the bias. The weight starts at ones, the bias at zeros. Called, throws ShapeError when x does not
/// end in `shape`; made, ValueError for an empty shape or negative sizes. Source: Ba, Kiros & Hinton 2016.
class LayerNorm {
 public:
  LayerNorm(const Shape& shape, const LayerNormOptions& options = {}, Site site = Site::here());
  LayerNorm(std::int64_t size, const LayerNormOptions& options = {}, Site site = Site::here())
      : LayerNorm(Shape{size}, options, site) {}

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;  // undefined unless affine
  Parameter bias;    // undefined without one

 private:
  Shape shape_;
  double eps_;
};

struct RMSNormOptions {
  double eps = 0x1p-23;
  /// Learn a weight per element (PyTorch's elementwise_affine).
  bool affine = true;
};

/// y = x / √(mean(x²) + eps) · weight over the last axes, which have shape `shape`. The weight starts at ones. Throws
/// as LayerNorm. Source: Zhang & Sennrich 2019.
class RMSNorm {
 public:
  RMSNorm(const Shape& shape, const RMSNormOptions& options = {}, Site site = Site::here());
  RMSNorm(std::int64_t size, const RMSNormOptions& options = {}, Site site = Site::here())
      : RMSNorm(Shape{size}, options, site) {}

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight); }

  Parameter weight;  // undefined unless affine

 private:
  Shape shape_;
  double eps_;
};

}  // namespace xg::nn
