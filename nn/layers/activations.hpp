// Activations and other small functions as layers, for nn::Sequential and nn::Layer: `nn::Sequential{nn::Linear{4, 8},
// nn::ReLU{}}`. Each is the op of the same name, where the formula and its derivative stand.
#pragma once

#include "../../core/ops/activations.hpp"
#include "../../core/ops/shape.hpp"
#include "../../core/ops/softmax.hpp"
#include "../../core/ops/trigonometric.hpp"
#include "../module/module.hpp"

namespace xg::nn {

struct ReLU {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(relu(x)); }
};
struct ReLU6 {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(relu6(x)); }
};
struct LeakyReLU {
  double slope = 0.01;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(leaky_relu(x, slope)); }
};
struct ELU {
  double alpha = 1;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(elu(x, alpha)); }
};
struct SELU {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(selu(x)); }
};
struct GELU {
  Approximate approximate = Approximate::none;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(gelu(x, approximate)); }
};
struct SiLU {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(silu(x)); }
};
struct Tanh {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(tanh(x)); }
};
struct Sigmoid {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(sigmoid(x)); }
};
struct Softplus {
  double beta = 1;
  double threshold = 20;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(softplus(x, beta, threshold)); }
};
struct Softmax {
  std::int64_t axis = -1;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(softmax(x, axis)); }
};
struct LogSoftmax {
  std::int64_t axis = -1;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(log_softmax(x, axis)); }
};

/// x itself.
struct Identity {
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(x.tensor()); }
};

/// Axes `first` to `last` as one; by default all but that of the batch.
struct Flatten {
  std::int64_t first = 1;
  std::int64_t last = -1;
  Tensor operator()(const Operand& x) const { return ModuleCall(*this, x)(flatten(x, first, last)); }
};

struct PReLUOptions {
  double initial = 0.25;
};

/// `prelu(x, weight)` with a weight that is trained: one for all of x, or one a channel of axis 1. Called, throws
/// ShapeError when axis 1 is not `channels` long; made, ValueError unless channels ≥ 1.
class PReLU {
 public:
  explicit PReLU(std::int64_t channels = 1, const PReLUOptions& options = {}, Site site = Site::here());

  Tensor operator()(const Operand& x) const;
  auto fields() { return nn::fields("weight", weight); }

  Parameter weight;  // (channels,)
};

}  // namespace xg::nn
