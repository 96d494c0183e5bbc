// Linear: the fully connected layer; Bilinear: the one of two inputs.
#pragma once

#include "../module/module.hpp"

namespace xg::nn {

struct LinearOptions {
  bool bias = true;
};

/// y = x Wᵀ + b over the last axis: (..., in) -> (..., out). Weight (out, in) and bias (out,) start uniform over
/// ±1/√in. Called, throws ShapeError when x does not end in `in`; made, ValueError for sizes that are negative.
class Linear {
 public:
  Linear(std::int64_t in, std::int64_t out, const LinearOptions& options = {}, Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one
};

/// y[…, o] = aᵀ W[o] b + bias[o]: (…, first), (…, second) -> (…, out). Weight (out, first, second) and bias (out,)
/// start uniform over ±1/√first. Called, throws ShapeError; made, ValueError for sizes that are negative.
class Bilinear {
 public:
  Bilinear(std::int64_t first, std::int64_t second, std::int64_t out, const LinearOptions& options = {},
           Site site = Site::here());

  Tensor operator()(const Operand& a, const Operand& b) const;
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  Parameter weight;
  Parameter bias;  // undefined without one
};

}  // namespace xg::nn
