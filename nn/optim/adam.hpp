// Adam: steps scaled by running moments of the gradient.
#pragma once

#include "optimizer.hpp"

namespace xg::nn {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
};

/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − lr m̂ / (√v̂ + eps), where m̂ and v̂ are m / (1 − β₁ᵗ) and
/// v / (1 − β₂ᵗ) after t steps. Kingma and Ba, "Adam: a method for stochastic optimization" (2015). Throws ValueError:
/// no parameters, a negative option, a β that is not below 1.
class Adam : public Optimizer {
 public:
  explicit Adam(std::vector<Tensor> parameters, const AdamOptions& options = {}, Site site = Site::here());

  AdamOptions options;

 private:
  void update(std::size_t i, Array& value, const Array& gradient) override;
  struct State {
    std::int64_t steps = 0;
    Array mean, square;
  };
  std::vector<State> states_;
};

}  // namespace xg::nn
