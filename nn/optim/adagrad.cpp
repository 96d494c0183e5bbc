#include "adagrad.hpp"

#include "update_kernel.hpp"

namespace xg::nn {
namespace {

template <class V>
struct AdagradNumbers {
  V lr, eps, decay;
};
struct AdagradRule {
  template <class V>
  void operator()(const AdagradNumbers<V>& n, V& w, V g, V& s) const {
    V slope = g + n.decay * w;
    s = s + slope * slope;
    w = w - n.lr * slope / (sqrt(s) + n.eps);
  }
};

template <class V>
struct AdadeltaNumbers {
  V lr, rho, rest, eps, decay;  // rest: 1 − ρ
};
struct AdadeltaRule {
  template <class V>
  void operator()(const AdadeltaNumbers<V>& n, V& w, V g, V& s, V& a) const {
    V slope = g + n.decay * w;
    s = n.rho * s + n.rest * slope * slope;
    V change = slope * sqrt(a + n.eps) / sqrt(s + n.eps);
    a = n.rho * a + n.rest * change * change;
    w = w - n.lr * change;
  }
};

constexpr const char* adagrad_arrays[] = {"square", nullptr, nullptr};
constexpr const char* adadelta_arrays[] = {"square", "change", nullptr};

void check_adagrad(const detail::OptionCheck& check, const AdagradOptions& options) {
  check.not_negative("lr", options.lr);
  check.not_negative("lr_decay", options.lr_decay);
  check.not_negative("weight_decay", options.weight_decay);
  check.not_negative("initial", options.initial);
  check.not_negative("eps", options.eps);
}

void check_adadelta(const detail::OptionCheck& check, const AdadeltaOptions& options) {
  check.not_negative("lr", options.lr);
  check.below_one("rho", options.rho);
  check.not_negative("eps", options.eps);
  check.not_negative("weight_decay", options.weight_decay);
}

}  // namespace

Adagrad::Adagrad(const std::vector<Tensor>& parameters, const AdagradOptions& options, Site site)
    : Adagrad({{parameters, options}}, site) {}
Adagrad::Adagrad(const std::vector<ParameterGroup<AdagradOptions>>& groups, Site site)
    : OptimizerOf("Adagrad", adagrad_arrays, check_adagrad, groups, site) {}

detail::UpdateRule Adagrad::rule(std::size_t group) const {
  return detail::update_rule<AdagradNumbers, AdagradRule, 0>(options(group).initial);
}

void Adagrad::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const AdagradOptions& o = options(group);
  double lr = o.lr / (1 + static_cast<double>(count.steps++) * o.lr_decay);
  detail::set_numbers(numbers, AdagradNumbers<double>{lr, o.eps, o.weight_decay});
}

Adadelta::Adadelta(const std::vector<Tensor>& parameters, const AdadeltaOptions& options, Site site)
    : Adadelta({{parameters, options}}, site) {}
Adadelta::Adadelta(const std::vector<ParameterGroup<AdadeltaOptions>>& groups, Site site)
    : OptimizerOf("Adadelta", adadelta_arrays, check_adadelta, groups, site) {}

detail::UpdateRule Adadelta::rule(std::size_t) const {
  return detail::update_rule<AdadeltaNumbers, AdadeltaRule, 0, 1>();
}

void Adadelta::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const AdadeltaOptions& o = options(group);
  ++count.steps;
  detail::set_numbers(numbers, AdadeltaNumbers<double>{o.lr, o.rho, 1 - o.rho, o.eps, o.weight_decay});
}

}  // namespace xg::nn
