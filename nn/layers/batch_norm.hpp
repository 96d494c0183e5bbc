// BatchNorm: each channel brought to mean 0 and variance 1 over the batch, or by what earlier batches were like.
#pragma once

#include <optional>

#include "../module/module.hpp"

namespace xg::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  /// What the newest batch weighs in the running statistics; none is their plain average over all batches.
  std::optional<double> momentum = 0.1;
  /// Learn a weight and a bias a channel.
  bool affine = true;
  /// Keep running statistics and use them in evaluation (PyTorch's track_running_stats); else the batch's always.
  bool running = true;
};

namespace detail {

class BatchNormLayer {
 public:
  auto fields() {
    return nn::fields("weight", weight, "bias", bias, "running_mean", running_mean, "running_var", running_var,
                      "num_batches_tracked", num_batches_tracked, "training", training);
  }

  Parameter weight, bias;            // (channels,); undefined unless affine
  Buffer running_mean, running_var;  // (channels,); the variance is the unbiased one
  Buffer num_batches_tracked;        // i64
  Training training;

 protected:
  BatchNormLayer(const char* name, std::int64_t channels, const BatchNormOptions& options, const Site& site);
  /// `layouts` are the ranks that x may have, as the message has it.
  Tensor apply(const Operand& x, std::int64_t least_rank, std::int64_t most_rank, const char* layouts) const;

 private:
  void learn(const Tensor& mean, const Tensor& variance, std::int64_t values) const;

  const char* name_;
  std::int64_t channels_;
  BatchNormOptions options_;
};

}  // namespace detail

/// Each channel of (N, C) or (N, C, L) normalised: y = (x − mean) / √(var + eps) · weight + bias. In training the mean
/// and the biased variance are the batch's, and the running ones move towards it by `momentum`; in evaluation they are
/// the running ones. The weight starts at ones, the bias at zeros. Called, throws ShapeError for other shapes and
/// ValueError when training on one value a channel; made, ValueError unless channels ≥ 1. Source: Ioffe & Szegedy 2015.
class BatchNorm1d : public detail::BatchNormLayer {
 public:
  explicit BatchNorm1d(std::int64_t channels, const BatchNormOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

/// The same for images, (N, C, H, W).
class BatchNorm2d : public detail::BatchNormLayer {
 public:
  explicit BatchNorm2d(std::int64_t channels, const BatchNormOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

}  // namespace xg::nn
