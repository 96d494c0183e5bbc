// NAdam, RAdam and Lion: relatives of Adam.
#pragma once

#include "elementwise_optimizer.hpp"

namespace xg::nn {

struct NAdamOptions {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
  double momentum_decay = 4e-3;
};

/// Adam with Nesterov's momentum: the step is along μ' m / (1 − Π μ') + (1 − μ) g / (1 − Π μ), over √v̂ + eps, where
/// μ = β₁ (1 − 0.96^(t momentum_decay) / 2) at step t and μ' that of the next. Dozat, "Incorporating Nesterov momentum
/// into Adam" (2016); PyTorch's rule since 2.0 (before, its Π μ' had μ twice). Throws as Adam does.
class NAdam : public detail::OptimizerOf<NAdamOptions> {
 public:
  explicit NAdam(const std::vector<Tensor>& parameters, const NAdamOptions& options = {}, Site site = Site::here());
  explicit NAdam(const std::vector<ParameterGroup<NAdamOptions>>& groups, Site site = Site::here());
  void state(StateVisitor& visitor) override;

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

struct RAdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
};

/// Adam whose second moment counts as much as it is certain, and not at all in the first steps: w ← w − lr r m̂ √(1 −
/// β₂ᵗ) / (√v + eps), or w ← w − lr m̂. Liu et al., "On the variance of the adaptive learning rate and beyond" (2020).
/// Throws as Adam does.
class RAdam : public detail::OptimizerOf<RAdamOptions> {
 public:
  explicit RAdam(const std::vector<Tensor>& parameters, const RAdamOptions& options = {}, Site site = Site::here());
  explicit RAdam(const std::vector<ParameterGroup<RAdamOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

struct LionOptions {
  double lr = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  /// Added to the sign as weight_decay w.
  double weight_decay = 0;
};

/// w ← w − lr (sign(β₁ m + (1 − β₁) g) + weight_decay w), m ← β₂ m + (1 − β₂) g: every number moves by as much. Chen et
/// al., "Symbolic discovery of optimization algorithms" (2023). Throws as Adam does.
class Lion : public detail::OptimizerOf<LionOptions> {
 public:
  explicit Lion(const std::vector<Tensor>& parameters, const LionOptions& options = {}, Site site = Site::here());
  explicit Lion(const std::vector<ParameterGroup<LionOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

}  // namespace xg::nn
