#include "optimizer.hpp"

#include <algorithm>

#include "../../core/error/error.hpp"

namespace xg::nn {

Optimizer::Optimizer(const char* name, std::vector<Tensor> parameters, double lr, const Site& site)
    : name_(name), parameters_(std::move(parameters)), learning_rate_(lr) {
  check_option("lr", lr, site);
  if (parameters_.empty())
    Complaint(name, "there are no parameters to train").at(site).mend("nn::parameters(model)").raise<ValueError>();
  std::vector<const void*> leaves;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& p = parameters_[i];
    std::string which = "parameter " + std::to_string(i);
    if (!p.defined()) Complaint(name, which + " is undefined").at(site).raise<ValueError>();
    if (!p.is_leaf() || !is_differentiable(p.dtype()))
      Complaint(name, which + (p.is_leaf() ? " is not of real numbers" : " was made by an op"))
          .fact("parameter", describe(p))
          .at(site)
          .mend("train variables and the parameters of models")
          .raise<GradError>();
    leaves.push_back(p.impl().get());
  }
  std::sort(leaves.begin(), leaves.end());
  if (std::adjacent_find(leaves.begin(), leaves.end()) != leaves.end())
    Complaint(name, "a parameter is listed twice and would be changed twice").at(site).raise<ValueError>();
}

void Optimizer::check_option(const char* option, double value, const Site& site) const {
  if (!(value >= 0))
    Complaint(name_, std::string(option) + " must be at least 0, not " + std::to_string(value))
        .at(site)
        .raise<ValueError>();
}

void Optimizer::set_learning_rate(double lr, Site site) {
  check_option("lr", lr, site);
  learning_rate_ = lr;
}

void Optimizer::step(Site site) {
  ++steps_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& p = parameters_[i];
    const Tensor* g = p.find_grad();
    if (!g) continue;
    const Array& gradient = g->array();
    if (gradient.is_contiguous()) update(i, p.edit(site), gradient);
    else update(i, p.edit(site), gradient.copy());
  }
}

void Optimizer::zero_grad() const {
  for (const Tensor& p : parameters_) p.zero_grad();
}

Array& Optimizer::remembered(Array& state, const Array& value) {
  if (!state) state = Array::zeros(value.shape(), value.dtype());
  else if (state.dtype() != value.dtype()) state = state.cast(value.dtype());
  return state;
}

}  // namespace xg::nn
