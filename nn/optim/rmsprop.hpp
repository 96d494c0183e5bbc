// RMSprop: steps scaled by a running mean of squared gradients.
#pragma once

#include "elementwise_optimizer.hpp"

namespace xg::nn {

struct RmsPropOptions {
  double lr = 1e-2;
  /// How much of the running means is kept.
  double alpha = 0.99;
  double eps = 1e-8;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
  double momentum = 0;
  /// Scales by the running variance instead.
  bool centered = false;
};

/// s ← α s + (1 − α) g², w ← w − lr g / (√s + eps); centered, √(s − m²) stands for √s, where m ← α m + (1 − α) g. With
/// momentum the quotients add up first: b ← momentum b + g / (√s + eps), w ← w − lr b. PyTorch's rule; after Hinton's
/// lecture. Throws ValueError: no parameters, an option that is negative or not finite, an α that is not below 1.
class RMSprop : public detail::OptimizerOf<RmsPropOptions> {
 public:
  explicit RMSprop(const std::vector<Tensor>& parameters, const RmsPropOptions& options = {}, Site site = Site::here());
  explicit RMSprop(const std::vector<ParameterGroup<RmsPropOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

}  // namespace xg::nn
