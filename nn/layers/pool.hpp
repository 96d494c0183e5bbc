// Pooling and resampling as layers, to stand in a Sequential. They hold nothing to walk through.
#pragma once

#include "../../core/ops/pool.hpp"
#include "../../core/ops/upsample.hpp"
#include "../module/module.hpp"

namespace xg::nn {

/// max_pool1d with windows of `kernel`.
class MaxPool1d {
 public:
  explicit MaxPool1d(std::int64_t kernel, const MaxPool1dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(max_pool1d(x, kernel_, options_)); }
  void walk(Walker&) {}

 private:
  std::int64_t kernel_;
  MaxPool1dOptions options_;
};

/// max_pool2d with windows of `kernel`.
class MaxPool2d {
 public:
  explicit MaxPool2d(const Size2& kernel, const MaxPool2dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(max_pool2d(x, kernel_, options_)); }
  void walk(Walker&) {}

 private:
  Size2 kernel_;
  MaxPool2dOptions options_;
};

/// avg_pool1d with windows of `kernel`.
class AvgPool1d {
 public:
  explicit AvgPool1d(std::int64_t kernel, const AvgPool1dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(avg_pool1d(x, kernel_, options_)); }
  void walk(Walker&) {}

 private:
  std::int64_t kernel_;
  AvgPool1dOptions options_;
};

/// avg_pool2d with windows of `kernel`.
class AvgPool2d {
 public:
  explicit AvgPool2d(const Size2& kernel, const AvgPool2dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(avg_pool2d(x, kernel_, options_)); }
  void walk(Walker&) {}

 private:
  Size2 kernel_;
  AvgPool2dOptions options_;
};

/// adaptive_avg_pool1d to `size`.
class AdaptiveAvgPool1d {
 public:
  explicit AdaptiveAvgPool1d(std::int64_t size) : size_(size) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(adaptive_avg_pool1d(x, size_)); }
  void walk(Walker&) {}

 private:
  std::int64_t size_;
};

/// adaptive_avg_pool2d to `size`.
class AdaptiveAvgPool2d {
 public:
  explicit AdaptiveAvgPool2d(const Size2& size) : size_(size) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(adaptive_avg_pool2d(x, size_)); }
  void walk(Walker&) {}

 private:
  Size2 size_;
};

/// upsample with `options`: `nn::Upsample{{.scale = 2}}`.
class Upsample {
 public:
  explicit Upsample(const UpsampleOptions& options) : options_(options) {}
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(upsample(x, options_)); }
  void walk(Walker&) {}

 private:
  UpsampleOptions options_;
};

}  // namespace xg::nn
