#include "optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../module/state.hpp"

namespace xg::nn {

void Optimizer::add_group(const std::vector<Tensor>& parameters, const Site& site) {
  if (parameters.empty())
    Complaint(name_, "there are no parameters to train").at(site).mend("nn::parameters(model)").raise<ValueError>();
  std::size_t number = parameters_.size();
  for (const Tensor& p : parameters) {
    std::string which = "parameter " + std::to_string(number++);
    if (!p.defined()) Complaint(name_, which + " is undefined").at(site).raise<ValueError>();
    if (!p.is_leaf() || !is_differentiable(p.dtype()))
      Complaint(name_, which + (p.is_leaf() ? " is not of real numbers" : " was made by an op"))
          .fact("parameter", describe(p))
          .at(site)
          .mend("train variables and the parameters of models")
          .raise<GradError>();
  }
  parameters_.insert(parameters_.end(), parameters.begin(), parameters.end());
  group_ends_.push_back(parameters_.size());
  std::vector<const void*> leaves;
  for (const Tensor& p : parameters_) leaves.push_back(p.impl().get());
  std::sort(leaves.begin(), leaves.end());
  if (std::adjacent_find(leaves.begin(), leaves.end()) != leaves.end())
    Complaint(name_, "a parameter is listed twice and would be changed twice").at(site).raise<ValueError>();
}

// Steps.

void Optimizer::step(Site site) {
  if (needs_closure())
    Complaint(name_, "a step computes the loss several times, so it takes a closure")
        .at(site)
        .mend("optimizer.step([&] { return loss(); })")
        .raise<ValueError>();
  advance(nullptr, site);
  ++steps_;
}

double Optimizer::step_with(const Closure& closure, const Site& site) {
  double loss = needs_closure() ? 0 : closure();
  loss = needs_closure() ? advance(&closure, site) : (advance(nullptr, site), loss);
  ++steps_;
  return loss;
}

namespace {

bool has_run_backward(const Tensor& loss) {
  return loss.requires_grad() && !loss.is_leaf() && !loss.impl()->node->rule;
}

}  // namespace

double Optimizer::settle(const Tensor& loss, const Site& site) {
  if (!has_run_backward(loss)) loss.backward(site);
  return loss.item(site);
}

void Optimizer::minimize(const Tensor& loss, Site site) {
  if (needs_closure()) return step(site);
  // What backward would refuse, it refuses before the gradients are gone.
  if (loss.requires_grad() && loss.size() == 1 && !has_run_backward(loss)) zero_grad();
  loss.backward(site);
  step(site);
}

void Optimizer::zero_grad() const {
  for (const Tensor& p : parameters_) p.zero_grad();
}

// Learning rates and momenta.

std::size_t Optimizer::checked_group(std::size_t group, const Site& site) const {
  if (group < groups()) return group;
  Complaint(name_, "there is no group " + std::to_string(group) + ": there are " + std::to_string(groups()))
      .at(site)
      .raise<IndexError>();
}

Optimizer::Knobs Optimizer::checked_knobs(std::size_t group, const Site& site) const {
  return const_cast<Optimizer*>(this)->knobs(checked_group(group, site));
}

double& Optimizer::checked_momentum(std::size_t group, const Site& site) const {
  Knobs knobs = checked_knobs(group, site);
  if (!knobs.momentum) Complaint(name_, "this optimizer has no momentum").at(site).raise<ValueError>();
  return *knobs.momentum;
}

double Optimizer::learning_rate(std::size_t group, Site site) const {
  return *checked_knobs(group, site).learning_rate;
}

void Optimizer::set_learning_rate(double lr, Site site) {
  for (std::size_t group = 0; group < groups(); ++group) set_learning_rate(lr, group, site);
}

void Optimizer::set_learning_rate(double lr, std::size_t group, Site site) {
  detail::OptionCheck(name_, site).not_negative("lr", lr);
  *checked_knobs(group, site).learning_rate = lr;
}

bool Optimizer::has_momentum() const { return const_cast<Optimizer*>(this)->knobs(0).momentum; }

double Optimizer::momentum(std::size_t group, Site site) const { return checked_momentum(group, site); }

void Optimizer::set_momentum(double momentum, std::size_t group, Site site) {
  detail::OptionCheck(name_, site).below_one("momentum", momentum);
  checked_momentum(group, site) = momentum;
}

void Optimizer::state(StateVisitor& visitor) {
  visitor.visit("steps", steps_, 0, StateVisitor::most_steps);
  for (std::size_t group = 0; group < groups(); ++group) {
    auto scope = visitor.enter("groups." + std::to_string(group));
    Knobs turned = knobs(group);
    visitor.visit("lr", *turned.learning_rate, 0, StateVisitor::most_finite);
    if (turned.momentum) visitor.visit("momentum", *turned.momentum, 0, std::nextafter(1.0, 0.0));
  }
}

// Options.

namespace detail {

void OptionCheck::require(bool good, const char* what) const {
  if (!good) Complaint(name_, what).at(site_).raise<ValueError>();
}

void OptionCheck::refuse(const char* option, const char* must, const std::string& value) const {
  Complaint(name_, std::string(option) + " must be " + must + ", not " + value).at(site_).raise<ValueError>();
}

void OptionCheck::not_negative(const char* option, double value) const {
  if (!(value >= 0 && std::isfinite(value))) refuse(option, "at least 0 and finite", fmt::format("{:.6g}", value));
}

void OptionCheck::positive(const char* option, double value) const {
  if (!(value > 0 && std::isfinite(value))) refuse(option, "above 0 and finite", fmt::format("{:.6g}", value));
}

void OptionCheck::at_least(const char* option, std::int64_t value, std::int64_t least) const {
  if (value < least) refuse(option, ("at least " + std::to_string(least)).c_str(), std::to_string(value));
}

void OptionCheck::below_one(const char* option, double value) const {
  if (!(value >= 0 && value < 1)) refuse(option, "at least 0 and below 1", fmt::format("{:.6g}", value));
}

void OptionCheck::finite(const char* option, double value) const {
  if (!std::isfinite(value)) refuse(option, "finite", fmt::format("{:.6g}", value));
}

}  // namespace detail
}  // namespace xg::nn
