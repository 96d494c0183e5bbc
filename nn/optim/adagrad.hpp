// Adagrad and Adadelta: a scale for every number from the squares of its gradients.
#pragma once

#include "elementwise_optimizer.hpp"

namespace xg::nn {

struct AdagradOptions {
  double lr = 1e-2;
  /// Divides the learning rate by 1 + (t − 1) lr_decay at step t.
  double lr_decay = 0;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
  /// What s is at first (PyTorch `initial_accumulator_value`).
  double initial = 0;
  double eps = 1e-10;
};

/// s ← s + g², w ← w − lr g / (√s + eps). Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011). Throws
/// ValueError: no parameters, an option that is negative or not finite.
class Adagrad : public detail::OptimizerOf<AdagradOptions> {
 public:
  explicit Adagrad(const std::vector<Tensor>& parameters, const AdagradOptions& options = {}, Site site = Site::here());
  explicit Adagrad(const std::vector<ParameterGroup<AdagradOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

struct AdadeltaOptions {
  double lr = 1;
  /// How much of the running means is kept.
  double rho = 0.9;
  double eps = 1e-6;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
};

/// s ← ρ s + (1 − ρ) g², d = g √(a + eps) / √(s + eps), a ← ρ a + (1 − ρ) d², w ← w − lr d. Zeiler, "ADADELTA: an
/// adaptive learning rate method" (2012). Throws ValueError: no parameters, an option that is negative or not finite, a
/// ρ that is not below 1.
class Adadelta : public detail::OptimizerOf<AdadeltaOptions> {
 public:
  explicit Adadelta(const std::vector<Tensor>& parameters, const AdadeltaOptions& options = {},
                    Site site = Site::here());
  explicit Adadelta(const std::vector<ParameterGroup<AdadeltaOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

}  // namespace xg::nn
