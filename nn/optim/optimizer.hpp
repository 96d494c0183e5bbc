// What optimizers have in common.
#pragma once

#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// Base of the optimizers: parameters, a learning rate, and `step()`, which changes each parameter that has a gradient.
/// Holds the leaves themselves, so a model may be moved, assigned to, frozen and converted meanwhile.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Changes the parameters that have a gradient, once. Nothing is recorded.
  void step(Site site = Site::here());
  /// Forgets the gradients; call before each backward, which adds to what is there.
  void zero_grad() const;

  const std::vector<Tensor>& parameters() const { return parameters_; }
  double learning_rate() const { return learning_rate_; }
  /// Throws ValueError unless lr ≥ 0.
  void set_learning_rate(double lr, Site site = Site::here());
  /// How many steps were made.
  std::int64_t steps() const { return steps_; }

 protected:
  /// Throws ValueError: no parameters, one listed twice, undefined, lr < 0; GradError: one that is made by an op.
  Optimizer(const char* name, std::vector<Tensor> parameters, double lr, const Site& site);
  /// Refuses an option that is not at least 0: ValueError.
  void check_option(const char* option, double value, const Site& site) const;

  /// Changes parameter `i` in place: `value` is its own array and `gradient` of the same shape and dtype, both
  /// row-major.
  virtual void update(std::size_t i, Array& value, const Array& gradient) = 0;
  /// An array of what an optimizer remembers of a parameter: zeros at first, then as it was left, in its dtype.
  static Array& remembered(Array& state, const Array& value);

  const char* name_;

 private:
  std::vector<Tensor> parameters_;
  double learning_rate_;
  std::int64_t steps_ = 0;
};

}  // namespace xg::nn
