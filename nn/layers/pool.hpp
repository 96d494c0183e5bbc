// Pooling as layers, to stand in a Sequential.
#pragma once

#include "../../core/ops/pool.hpp"

namespace xg::nn {

/// max_pool1d with windows of `kernel`.
class MaxPool1d {
 public:
  explicit MaxPool1d(std::int64_t kernel, const MaxPool1dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return max_pool1d(x, kernel_, options_); }

 private:
  std::int64_t kernel_;
  MaxPool1dOptions options_;
};

/// max_pool2d with windows of `kernel`.
class MaxPool2d {
 public:
  explicit MaxPool2d(const Size2& kernel, const MaxPool2dOptions& options = {}) : kernel_(kernel), options_(options) {}
  Tensor operator()(const Operand& x) const { return max_pool2d(x, kernel_, options_); }

 private:
  Size2 kernel_;
  MaxPool2dOptions options_;
};

}  // namespace xg::nn
