#include "schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../core/error/error.hpp"
#include "../module/state.hpp"

namespace xg::nn {

Schedule::Schedule(const char* name, Optimizer& optimizer, const Curve& curve, const Site& site)
    : name_(name), optimizer_(&optimizer), curve_(curve) {
  curve_.check(detail::OptionCheck(name, site));
  for (std::size_t group = 0; group < optimizer.groups(); ++group) bases_.push_back(optimizer.learning_rate(group));
  apply(0, site);
}

std::string Schedule::fault(const std::vector<double>& bases, std::int64_t step) const {
  for (double base : bases)
    if (double rate = curve_.rate(base, step); !(rate >= 0 && std::isfinite(rate)))
      return "the learning rate of step " + std::to_string(step) + " would be " + fmt::format("{:.6g}", rate);
  return "";
}

void Schedule::apply(std::int64_t step, const Site& site) const {
  if (std::string why = fault(bases_, step); !why.empty()) Complaint(name_, why).at(site).raise<ValueError>();
  for (std::size_t group = 0; group < bases_.size(); ++group)
    optimizer_->set_learning_rate(curve_.rate(bases_[group], step), group, site);
  turn(*optimizer_, step);
}

void Schedule::step(Site site) {
  apply(steps_ + 1, site);
  ++steps_;
}

void Schedule::state(StateVisitor& visitor) {
  std::int64_t before = steps_, steps = visitor.visit("steps", steps_, 0, StateVisitor::most_steps);
  std::vector<double> bases_before = bases_, bases;
  for (std::size_t group = 0; group < bases_.size(); ++group)
    bases.push_back(visitor.visit("base." + std::to_string(group), bases_[group], 0, StateVisitor::most_finite));
  if (steps == before && bases == bases_before) return;
  if (visitor.loads()) apply(steps, Site());
  else if (std::string why = fault(bases, steps); !why.empty()) visitor.reject("steps", why);
}

namespace {

/// The optimizer, if it can do what the curve asks for.
Optimizer& with_momentum(Optimizer& optimizer, const OneCycleCurve& curve, const Site& site) {
  if (curve.cycle_momentum && !optimizer.has_momentum())
    Complaint(OneCycleCurve::schedule, "this optimizer has no momentum to cycle")
        .at(site)
        .mend("{.cycle_momentum = false}")
        .raise<ValueError>();
  return optimizer;
}

}  // namespace

OneCycleSchedule::OneCycleSchedule(Optimizer& optimizer, const OneCycleCurve& curve, Site site)
    : Schedule(OneCycleCurve::schedule, with_momentum(optimizer, curve, site), curve, site), curve_(curve) {
  turn(optimizer, 0);
}

void OneCycleSchedule::turn(Optimizer& optimizer, std::int64_t step) const {
  if (!curve_.cycle_momentum) return;
  for (std::size_t group = 0; group < optimizer.groups(); ++group) optimizer.set_momentum(curve_.momentum(step), group);
}

PlateauSchedule::PlateauSchedule(Optimizer& optimizer, const PlateauOptions& options, Site site)
    : optimizer_(&optimizer), options_(options),
      best_(options.maximize ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity()) {
  detail::OptionCheck check("PlateauSchedule", site);
  check.below_one("factor", options.factor);
  check.at_least("patience", options.patience, 0);
  check.not_negative("threshold", options.threshold);
  check.require(!options.relative || options.threshold < 1, "a relative threshold must be below 1");
  check.at_least("cooldown", options.cooldown, 0);
  check.not_negative("lowest", options.lowest);
  check.not_negative("eps", options.eps);
}

bool PlateauSchedule::is_better(double metric) const {
  double sign = options_.maximize ? -1 : 1, margin = options_.threshold;
  if (options_.relative) return sign * metric < sign * best_ * (1 - sign * margin);
  return sign * metric < sign * best_ - margin;
}

void PlateauSchedule::step(double metric, Site site) {
  ++steps_;
  bool better = is_better(metric);
  if (better) best_ = metric;
  bad_steps_ = better ? 0 : bad_steps_ + 1;
  if (cooling_ > 0) {
    --cooling_;
    bad_steps_ = 0;
  }
  if (bad_steps_ <= options_.patience) return;
  cooling_ = options_.cooldown;
  bad_steps_ = 0;
  for (std::size_t group = 0; group < optimizer_->groups(); ++group) {
    double rate = optimizer_->learning_rate(group), reduced = std::max(rate * options_.factor, options_.lowest);
    if (rate - reduced > options_.eps) optimizer_->set_learning_rate(reduced, group, site);
  }
}

void PlateauSchedule::state(StateVisitor& visitor) {
  visitor.visit("steps", steps_, 0, StateVisitor::most_steps);
  visitor.visit("best", best_);
  visitor.visit("bad_steps", bad_steps_, 0, StateVisitor::most_steps);
  visitor.visit("cooling", cooling_, 0);
}

}  // namespace xg::nn
