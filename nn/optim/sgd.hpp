// Stochastic gradient descent.
#pragma once

#include "optimizer.hpp"

namespace xg::nn {

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
};

/// w ← w − lr v, with g = ∂L/∂w + weight_decay w and v ← momentum v + (1 − dampening) g, at first v = g; Nesterov's
/// form steps along g + momentum v. PyTorch's rule. Throws ValueError: no parameters, a negative option, Nesterov
/// without momentum or with dampening.
class SGD : public Optimizer {
 public:
  explicit SGD(std::vector<Tensor> parameters, const SgdOptions& options = {}, Site site = Site::here());

  SgdOptions options;

 private:
  void update(std::size_t i, Array& value, const Array& gradient) override;
  std::vector<Array> velocity_;
};

}  // namespace xg::nn
