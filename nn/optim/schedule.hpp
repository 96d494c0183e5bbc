// Learning rates that follow a curve over the steps of training.
#pragma once

#include <string>
#include <vector>

#include "curves.hpp"
#include "optimizer.hpp"

namespace xg::nn {

/// Sets the learning rates of an optimizer along a curve: of each group that many times its own rate at the start.
/// `step()` goes on by one, after each optimizer step or each epoch, whichever the curve counts. The optimizer must
/// live as long. One schedule moves an optimizer; several curves are joined to one by SequenceCurve and ProductCurve.
///
///     nn::CosineSchedule schedule(optimizer, {.steps = 90});
///     nn::Schedule schedule(optimizer, [](std::int64_t step) { return 1 / (1 + 0.1 * double(step)); });
class Schedule {
 public:
  /// Sets the rates of step 0. `curve` is any curve, or a function of the step that gives a factor (PyTorch
  /// `LambdaLR`). Throws ValueError for options that make no sense.
  Schedule(Optimizer& optimizer, const Curve& curve, Site site = Site::here())
      : Schedule("Schedule", optimizer, curve, site) {}
  virtual ~Schedule() = default;

  /// Sets the rates of the next step. Throws ValueError, and stays where it is, if one would be negative or not finite.
  void step(Site site = Site::here());
  /// How many steps were made.
  std::int64_t steps() const { return steps_; }
  /// Lists its state for saving and loading. A state at which `step` would throw is not loaded.
  void state(StateVisitor& visitor);

 protected:
  Schedule(const char* name, Optimizer& optimizer, const Curve& curve, const Site& site);
  /// Sets what else follows the steps.
  virtual void turn(Optimizer&, std::int64_t) const {}

 private:
  /// What is wrong with the rates of a step, if anything.
  std::string fault(const std::vector<double>& bases, std::int64_t step) const;
  void apply(std::int64_t step, const Site& site) const;

  const char* name_;
  Optimizer* optimizer_;
  Curve curve_;
  std::vector<double> bases_;
  std::int64_t steps_ = 0;
};

/// A schedule along a curve of one kind, which is its options.
template <class C>
class ScheduleOf : public Schedule {
 public:
  ScheduleOf(Optimizer& optimizer, const C& curve, Site site = Site::here())
      : Schedule(C::schedule, optimizer, curve, site) {}
};

using StepSchedule = ScheduleOf<StepCurve>;
using MultiStepSchedule = ScheduleOf<MultiStepCurve>;
using ExponentialSchedule = ScheduleOf<ExponentialCurve>;
using LinearSchedule = ScheduleOf<LinearCurve>;
using PolynomialSchedule = ScheduleOf<PolynomialCurve>;
using CosineSchedule = ScheduleOf<CosineCurve>;
using CosineRestartsSchedule = ScheduleOf<CosineRestartsCurve>;
using SequenceSchedule = ScheduleOf<SequenceCurve>;
using ProductSchedule = ScheduleOf<ProductCurve>;

/// Along a OneCycleCurve; the momentum goes the other way. Throws ValueError for an optimizer without momentum, unless
/// `.cycle_momentum = false`.
class OneCycleSchedule : public Schedule {
 public:
  OneCycleSchedule(Optimizer& optimizer, const OneCycleCurve& curve, Site site = Site::here());

 private:
  void turn(Optimizer& optimizer, std::int64_t step) const override;
  OneCycleCurve curve_;
};

struct PlateauOptions {
  /// Multiplies the learning rate.
  double factor = 0.1;
  /// After this many steps without progress, the next one reduces the rate.
  std::int64_t patience = 10;
  /// What counts as progress: by this share of the best value, or, if not `relative`, by this much.
  double threshold = 1e-4;
  bool relative = true;
  /// The metric is to grow, as an accuracy.
  bool maximize = false;
  /// Steps after a reduction that do not count.
  std::int64_t cooldown = 0;
  /// No rate goes below this.
  double lowest = 0;
  /// Changes of the rate that are not larger are left out.
  double eps = 1e-8;
};

/// Reduces the learning rates when a metric stops improving (PyTorch `ReduceLROnPlateau`): `schedule.step(loss)` after
/// each validation. NaN is no progress. Throws ValueError for options that make no sense.
class PlateauSchedule {
 public:
  explicit PlateauSchedule(Optimizer& optimizer, const PlateauOptions& options = {}, Site site = Site::here());

  void step(double metric, Site site = Site::here());
  /// The best metric so far; at first the worst there is.
  double best() const { return best_; }
  /// How many steps were made.
  std::int64_t steps() const { return steps_; }
  /// Lists its state for saving and loading.
  void state(StateVisitor& visitor);

 private:
  bool is_better(double metric) const;

  Optimizer* optimizer_;
  PlateauOptions options_;
  double best_;
  std::int64_t bad_steps_ = 0, cooling_ = 0, steps_ = 0;
};

}  // namespace xg::nn
