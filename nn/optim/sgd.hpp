// Stochastic gradient descent.
#pragma once

#include "elementwise_optimizer.hpp"

namespace xg::nn {

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
  bool nesterov = false;
};

/// w ← w − lr v, with g = ∂L/∂w + weight_decay w and v ← momentum v + (1 − dampening) g, at first v = g; Nesterov's
/// form steps along g + momentum v. PyTorch's rule. Throws ValueError: no parameters, an option that is negative or not
/// finite, Nesterov without momentum or with dampening.
class SGD : public detail::OptimizerOf<SgdOptions> {
 public:
  explicit SGD(const std::vector<Tensor>& parameters, const SgdOptions& options = {}, Site site = Site::here());
  explicit SGD(const std::vector<ParameterGroup<SgdOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

}  // namespace xg::nn
