// GroupNorm and InstanceNorm: the channels of each sample brought to mean 0 and variance 1, in groups or one by one.
#pragma once

#include "../module/module.hpp"

namespace xg::nn {

struct GroupNormOptions {
  double eps = 1e-5;
  /// Learn a weight and a bias a channel.
  bool affine = true;
};

/// The channels of each sample of (N, C, …) normalised in groups of C / groups: y = (x − mean) / √(var + eps) · weight
/// + bias. The weight starts at ones, the bias at zeros. Called, throws ShapeError for other shapes; made, ValueError
/// unless groups ≥ 1 divides channels. Source: Wu & He 2018.
class GroupNorm {
 public:
  GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormOptions& options = {}, Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight, bias;  // (channels,); undefined unless affine

 private:
  std::int64_t groups_, channels_;
  double eps_;
};

struct InstanceNormOptions {
  double eps = 1e-5;
  /// Learn a weight and a bias a channel.
  bool affine = false;
};

namespace detail {

class InstanceNormLayer {
 public:
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight, bias;  // (channels,); undefined unless affine

 protected:
  InstanceNormLayer(const char* name, std::int64_t channels, const InstanceNormOptions& options, const Site& site);
  Tensor apply(const Operand& x, std::int64_t rank, const char* layouts) const;

 private:
  const char* name_;
  std::int64_t channels_;
  double eps_;
};

}  // namespace detail

/// Each channel of each sample of (N, C, L) or (C, L) normalised by itself, in training and evaluation alike. Called,
/// throws ShapeError for other shapes and ValueError for one value a channel; made, ValueError unless channels ≥ 1.
/// Source: Ulyanov, Vedaldi & Lempitsky 2016.
class InstanceNorm1d : public detail::InstanceNormLayer {
 public:
  explicit InstanceNorm1d(std::int64_t channels, const InstanceNormOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

/// The same for images, (N, C, H, W) or (C, H, W).
class InstanceNorm2d : public detail::InstanceNormLayer {
 public:
  explicit InstanceNorm2d(std::int64_t channels, const InstanceNormOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x) const;
};

}  // namespace xg::nn
