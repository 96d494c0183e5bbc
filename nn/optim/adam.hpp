// Adam and AdamW: steps scaled by running moments of the gradient.
#pragma once

#include "elementwise_optimizer.hpp"

namespace xg::nn {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// Added to the gradient as weight_decay w.
  double weight_decay = 0;
  /// Scales by the largest second moment so far: AMSGrad of Reddi, Kale and Kumar, "On the convergence of Adam and
  /// beyond" (2018).
  bool amsgrad = false;
};

/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − lr m̂ / (√v̂ + eps), where m̂ and v̂ are m / (1 − β₁ᵗ) and
/// v / (1 − β₂ᵗ) after t steps. Kingma and Ba, "Adam: a method for stochastic optimization" (2015). Throws ValueError:
/// no parameters, an option that is negative or not finite, a β that is not below 1.
class Adam : public detail::OptimizerOf<AdamOptions> {
 public:
  explicit Adam(const std::vector<Tensor>& parameters, const AdamOptions& options = {}, Site site = Site::here());
  explicit Adam(const std::vector<ParameterGroup<AdamOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /// Shrinks the weights by the factor 1 − lr weight_decay before the step.
  double weight_decay = 1e-2;
  bool amsgrad = false;
};

/// Adam with the decay of the weights apart from the gradient: w ← (1 − lr weight_decay) w, then Adam's step.
/// Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). Throws as Adam does.
class AdamW : public detail::OptimizerOf<AdamWOptions> {
 public:
  explicit AdamW(const std::vector<Tensor>& parameters, const AdamWOptions& options = {}, Site site = Site::here());
  explicit AdamW(const std::vector<ParameterGroup<AdamWOptions>>& groups, Site site = Site::here());

 private:
  detail::UpdateRule rule(std::size_t group) const override;
  void advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const override;
};

}  // namespace xg::nn
