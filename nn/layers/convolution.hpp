// Convolution layers for sequences and images.
#pragma once

#include "../../core/ops/convolution.hpp"
#include "../module/module.hpp"

namespace xg::nn {

struct Conv1dOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  bool bias = true;
};
struct Conv2dOptions {
  Size2 stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
};
struct ConvTranspose1dOptions {
  std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1, groups = 1;
  bool bias = true;
};
struct ConvTranspose2dOptions {
  Size2 stride = 1, padding = 0, output_padding = 0, dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
};

/// conv1d with a weight of its own: (batch, in, length) -> (batch, out, …). Weight (out, in / groups, kernel) and bias
/// (out,) start uniform over ±1/√(in / groups · kernel). Called, throws what conv1d throws; made, ValueError for sizes
/// or options out of range and groups that do not divide the channels.
class Conv1d {
 public:
  Conv1d(std::int64_t in, std::int64_t out, std::int64_t kernel, const Conv1dOptions& options = {},
         Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one

 private:
  xg::Conv1dOptions options_;
};

/// conv2d with a weight of its own: (batch, in, height, width) -> (batch, out, …). Weight (out, in / groups, kernel
/// height, kernel width) and bias (out,) start uniform over ±1/√(in / groups · kernel height · kernel width). Called,
/// throws what conv2d throws; made, ValueError for sizes or options out of range and groups that do not divide the
/// channels.
class Conv2d {
 public:
  Conv2d(std::int64_t in, std::int64_t out, const Size2& kernel, const Conv2dOptions& options = {},
         Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one

 private:
  xg::Conv2dOptions options_;
};

/// conv_transpose1d with a weight of its own: (batch, in, length) -> (batch, out, …). Weight (in, out / groups, kernel)
/// and bias (out,) start uniform over ±1/√(out / groups · kernel), as in PyTorch. Called, throws what conv_transpose1d
/// throws; made, ValueError for sizes or options out of range and groups that do not divide the channels.
class ConvTranspose1d {
 public:
  ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t kernel, const ConvTranspose1dOptions& options = {},
                  Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one

 private:
  xg::ConvTranspose1dOptions options_;
};

/// conv_transpose2d with a weight of its own: (batch, in, height, width) -> (batch, out, …). Weight (in, out / groups,
/// kernel height, kernel width) and bias (out,) start uniform over ±1/√(out / groups · kernel height · kernel width),
/// as in PyTorch. Called, throws what conv_transpose2d throws; made, ValueError for sizes or options out of range and
/// groups that do not divide the channels.
class ConvTranspose2d {
 public:
  ConvTranspose2d(std::int64_t in, std::int64_t out, const Size2& kernel, const ConvTranspose2dOptions& options = {},
                  Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one

 private:
  xg::ConvTranspose2dOptions options_;
};

}  // namespace xg::nn
