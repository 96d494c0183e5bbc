// What optimizers have in common.
#pragma once

#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

class StateVisitor;

/// Parameters that an optimizer treats alike, with options of their own:
/// `nn::AdamW optimizer({{nn::parameters(model.body), {.lr = 1e-4}}, {nn::parameters(model.head), {.lr = 1e-3}}});`
template <class Options>
struct ParameterGroup {
  std::vector<Tensor> parameters;
  Options options = {};
};

/// Base of the optimizers: parameters in one or more groups, learning rates, and `step()`, which changes each parameter
/// that has a gradient; frozen ones and those without a gradient are passed over. Holds the leaves themselves, so a
/// model may be moved, assigned to, frozen and converted meanwhile.
///
/// Gradients add up until `zero_grad`, so a batch may be taken in n parts: `(loss / n).backward()` for each of n equal
/// parts and one `step()` is a step on the whole batch.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Changes the parameters that have a gradient, once. Nothing is recorded.
  void step(Site site = Site::here());
  /// Forgets the gradients, computes them anew and steps; returns the loss at the old parameters. The closure returns
  /// the loss as a tensor, or as a number if it has run backward itself: `step([&] { return nn::mse(model(x), y); })`.
  template <class F>
    requires std::is_invocable_v<F&>
  double step(F closure, Site site = Site::here());
  /// Forgets the gradients, runs backward from the loss, and steps.
  void minimize(const Tensor& loss, Site site = Site::here());
  /// Forgets the gradients; call before each backward, which adds to what is there.
  void zero_grad() const;

  /// The parameters of all groups, in order.
  const std::vector<Tensor>& parameters() const { return parameters_; }
  /// How many groups there are.
  std::size_t groups() const { return group_ends_.size(); }
  /// How many steps were made.
  std::int64_t steps() const { return steps_; }

  /// The learning rate of a group. Throws IndexError.
  double learning_rate(std::size_t group = 0, Site site = Site::here()) const;
  /// Sets the learning rate of every group, or of one. Throws ValueError unless lr ≥ 0 is finite, IndexError.
  void set_learning_rate(double lr, Site site = Site::here());
  void set_learning_rate(double lr, std::size_t group, Site site = Site::here());
  /// Whether there is a momentum (Adam's kind call it beta1), which one-cycle schedules move too.
  bool has_momentum() const;
  /// The momentum of a group, or its beta1. Throws ValueError where there is none, IndexError.
  double momentum(std::size_t group = 0, Site site = Site::here()) const;
  /// Throws ValueError unless 0 ≤ momentum < 1, IndexError.
  void set_momentum(double momentum, std::size_t group = 0, Site site = Site::here());

  /// Lists what is remembered, learning rates included, for saving and loading.
  virtual void state(StateVisitor& visitor);

 protected:
  explicit Optimizer(const char* name) : name_(name) {}
  /// Throws ValueError: no parameters, one listed twice, undefined; GradError: one that is made by an op.
  void add_group(const std::vector<Tensor>& parameters, const Site& site);
  /// The same index, if there is such a group: IndexError.
  std::size_t checked_group(std::size_t group, const Site& site) const;
  std::size_t group_end(std::size_t group) const { return group_ends_[group]; }

  /// What schedules turn; no momentum is null.
  struct Knobs {
    double* learning_rate;
    double* momentum;
  };
  virtual Knobs knobs(std::size_t group) = 0;

  /// The user's closure: computes the loss and the gradients.
  struct Closure {
    void* object;
    double (*call)(void*);
    double operator()() const { return call(object); }
  };
  /// One step; `closure` is null where gradients are there already.
  virtual double advance(const Closure* closure, const Site& site) = 0;
  virtual bool needs_closure() const { return false; }

  const char* name_;

 private:
  double step_with(const Closure& closure, const Site& site);
  /// Runs backward from the loss, unless the closure did; returns its value.
  static double settle(const Tensor& loss, const Site& site);
  Knobs checked_knobs(std::size_t group, const Site& site) const;
  double& checked_momentum(std::size_t group, const Site& site) const;

  std::vector<Tensor> parameters_;
  std::vector<std::size_t> group_ends_;
  std::int64_t steps_ = 0;
};

template <class F>
  requires std::is_invocable_v<F&>
double Optimizer::step(F closure, Site site) {
  struct Call {
    Optimizer& optimizer;
    F& closure;
    const Site& site;
  } call{*this, closure, site};
  return step_with({&call,
                    [](void* object) -> double {
                      Call& call = *static_cast<Call*>(object);
                      call.optimizer.zero_grad();
                      if constexpr (std::is_arithmetic_v<std::invoke_result_t<F&>>)
                        return static_cast<double>(call.closure());
                      else return settle(call.closure(), call.site);
                    }},
                   site);
}

namespace detail {

/// Checks the options of one optimizer or schedule; each check throws ValueError naming the option.
class OptionCheck {
 public:
  OptionCheck(const char* name, const Site& site) : name_(name), site_(site) {}
  /// Finite and at least 0.
  void not_negative(const char* option, double value) const;
  /// Finite and above 0.
  void positive(const char* option, double value) const;
  /// At least `least`.
  void at_least(const char* option, std::int64_t value, std::int64_t least) const;
  /// At least 0 and below 1.
  void below_one(const char* option, double value) const;
  void finite(const char* option, double value) const;
  /// Throws with `what` unless `good`.
  void require(bool good, const char* what) const;

 private:
  [[noreturn]] void refuse(const char* option, const char* must, const std::string& value) const;
  const char* name_;
  const Site& site_;
};

}  // namespace detail
}  // namespace xg::nn
