// How a learning rate runs over the steps: pure functions of a base rate and a step, which can be joined.
#pragma once

#include <concepts>
#include <vector>

#include "../../core/array/counted.hpp"
#include "optimizer.hpp"

namespace xg::nn {

/// rate = base · factor^⌊step / every⌋ (PyTorch `StepLR`).
struct StepCurve {
  static constexpr const char* schedule = "StepSchedule";
  std::int64_t every = 0;
  double factor = 0.1;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// rate = base · factor^(milestones reached); they are in ascending order (PyTorch `MultiStepLR`).
struct MultiStepCurve {
  static constexpr const char* schedule = "MultiStepSchedule";
  std::vector<std::int64_t> milestones = {};
  double factor = 0.1;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// rate = base · factor^step (PyTorch `ExponentialLR`).
struct ExponentialCurve {
  static constexpr const char* schedule = "ExponentialSchedule";
  double factor = 0;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// From base · start to base · end in a straight line over `steps`, then as it is: a warm-up (PyTorch `LinearLR`).
struct LinearCurve {
  static constexpr const char* schedule = "LinearSchedule";
  std::int64_t steps = 5;
  double start = 1.0 / 3;
  double end = 1;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// rate = base · (1 − step / steps)^power, then 0 (PyTorch `PolynomialLR`).
struct PolynomialCurve {
  static constexpr const char* schedule = "PolynomialSchedule";
  std::int64_t steps = 5;
  double power = 1;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// rate = lowest + (base − lowest) (1 + cos(π step / steps)) / 2, which after `steps` rises again (PyTorch
/// `CosineAnnealingLR`). Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
struct CosineCurve {
  static constexpr const char* schedule = "CosineSchedule";
  std::int64_t steps = 0;
  double lowest = 0;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// The falling half of the cosine again and again, each `growth` times as long as the one before (PyTorch
/// `CosineAnnealingWarmRestarts`).
struct CosineRestartsCurve {
  static constexpr const char* schedule = "CosineRestartsSchedule";
  std::int64_t steps = 0;
  std::int64_t growth = 1;
  double lowest = 0;
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// From highest / start_divisor up to the highest rate over the first part of `steps`, then down to the start /
/// end_divisor, where it stays (PyTorch `OneCycleLR`). The momentum goes from its highest to its lowest and back. Smith
/// and Topin, "Super-convergence" (2018).
struct OneCycleCurve {
  static constexpr const char* schedule = "OneCycleSchedule";
  std::int64_t steps = 0;
  /// The highest rate; 0 is the base rate of each group.
  double highest = 0;
  /// The share of the steps on the way up.
  double rising = 0.3;
  double start_divisor = 25;
  double end_divisor = 1e4;
  /// Straight lines instead of half cosines.
  bool straight = false;
  /// The way down takes as long as the way up and ends where it began; the remaining steps lead to the end.
  bool three_phases = false;
  bool cycle_momentum = true;
  double lowest_momentum = 0.85;
  double highest_momentum = 0.95;

  double rate(double base, std::int64_t step) const;
  double momentum(std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// Any curve, or a function of the step that gives a factor.
class Curve {
 public:
  template <class C>
    requires(!std::same_as<C, Curve> &&
             requires(const C& curve, const detail::OptionCheck& check) {
               { curve.rate(1.0, std::int64_t()) } -> std::convertible_to<double>;
               curve.check(check);
             })
  Curve(C curve) : held_(new Held<C>(std::move(curve))) {}
  template <class F>
    requires(std::is_invocable_r_v<double, const F&, std::int64_t>)
  Curve(F factor) : held_(new Factor<F>(std::move(factor))) {}

  double rate(double base, std::int64_t step) const { return held_->rate(base, step); }
  void check(const detail::OptionCheck& check) const { held_->check(check); }

 private:
  struct Any {
    Count references;
    virtual ~Any() = default;
    virtual double rate(double base, std::int64_t step) const = 0;
    virtual void check(const detail::OptionCheck&) const {}
    static void destroy(Any* any) { delete any; }
  };
  template <class C>
  struct Held : Any {
    explicit Held(C&& c) : curve(std::move(c)) {}
    double rate(double base, std::int64_t step) const override { return curve.rate(base, step); }
    void check(const detail::OptionCheck& check) const override { curve.check(check); }
    C curve;
  };
  template <class F>
  struct Factor : Any {
    explicit Factor(F&& f) : factor(std::move(f)) {}
    double rate(double base, std::int64_t step) const override { return base * factor(step); }
    F factor;
  };
  Ref<Any> held_;
};

/// One curve after another, each from its own step 0: the next begins at the next milestone (PyTorch `SequentialLR`).
/// `{.curves = {nn::LinearCurve{.steps = 5}, nn::CosineCurve{.steps = 85}}, .milestones = {5}}` warms up, then falls.
struct SequenceCurve {
  static constexpr const char* schedule = "SequenceSchedule";
  std::vector<Curve> curves = {};
  std::vector<std::int64_t> milestones = {};
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

/// All curves at once: the rate of one is the base of the next, so factors multiply (PyTorch `ChainedScheduler`).
struct ProductCurve {
  static constexpr const char* schedule = "ProductSchedule";
  std::vector<Curve> curves = {};
  double rate(double base, std::int64_t step) const;
  void check(const detail::OptionCheck& check) const;
};

}  // namespace xg::nn
