#include "adam_variants.hpp"

#include <cmath>

#include "../module/state.hpp"
#include "update_kernel.hpp"

namespace xg::nn {
namespace {

// One kernel for NAdam and RAdam: w − (along_g g + along_m m) / (√v root + eps), or over 1 where √v does not count.
template <class V>
struct MomentNumbers {
  V beta1, rest1, beta2, rest2, along_g, along_m, root, eps, decay;  // rest: 1 − β
};
struct MomentRule {
  template <class V>
  void operator()(const MomentNumbers<V>& n, V& w, V g, V& m, V& v) const {
    V slope = g + n.decay * w;
    m = n.beta1 * m + n.rest1 * slope;
    v = n.beta2 * v + n.rest2 * slope * slope;
    w = w - (n.along_g * slope + n.along_m * m) / (sqrt(v) * n.root + n.eps);
  }
};

template <class V>
struct LionNumbers {
  V lr, beta1, rest1, beta2, rest2, keep;
};
struct LionRule {
  template <class V>
  void operator()(const LionNumbers<V>& n, V& w, V g, V& m) const {
    w = n.keep * w - n.lr * sign(n.beta1 * m + n.rest1 * g);
    m = n.beta2 * m + n.rest2 * g;
  }
};

constexpr const char* moments[] = {"mean", "square", nullptr};
constexpr const char* mean_only[] = {"mean", nullptr, nullptr};

template <class Options>
void check(const detail::OptionCheck& check, const Options& options) {
  check.not_negative("lr", options.lr);
  check.below_one("beta1", options.beta1);
  check.below_one("beta2", options.beta2);
  if constexpr (requires { options.eps; }) check.not_negative("eps", options.eps);
  check.not_negative("weight_decay", options.weight_decay);
  if constexpr (requires { options.momentum_decay; }) check.not_negative("momentum_decay", options.momentum_decay);
}

}  // namespace

NAdam::NAdam(const std::vector<Tensor>& parameters, const NAdamOptions& options, Site site)
    : NAdam({{parameters, options}}, site) {}
NAdam::NAdam(const std::vector<ParameterGroup<NAdamOptions>>& groups, Site site)
    : OptimizerOf("NAdam", moments, check<NAdamOptions>, groups, site) {}

detail::UpdateRule NAdam::rule(std::size_t) const { return detail::update_rule<MomentNumbers, MomentRule, 0, 1>(); }

void NAdam::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const NAdamOptions& o = options(group);
  double t = static_cast<double>(++count.steps);
  auto momentum = [&](double step) { return o.beta1 * (1 - 0.5 * std::pow(0.96, step * o.momentum_decay)); };
  double now = momentum(t), next = momentum(t + 1);
  count.product *= now;
  detail::set_numbers(
      numbers, MomentNumbers<double>{o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2, o.lr * (1 - now) / (1 - count.product),
                                     o.lr * next / (1 - count.product * next), 1 / std::sqrt(1 - std::pow(o.beta2, t)),
                                     o.eps, o.weight_decay});
}

void NAdam::state(StateVisitor& visitor) {
  OptimizerOf::state(visitor);
  for (std::size_t i = 0; i < memories().size(); ++i)
    visitor.visit(std::to_string(i) + ".momentum_product", memories()[i].count.product, 0, 1);
}

RAdam::RAdam(const std::vector<Tensor>& parameters, const RAdamOptions& options, Site site)
    : RAdam({{parameters, options}}, site) {}
RAdam::RAdam(const std::vector<ParameterGroup<RAdamOptions>>& groups, Site site)
    : OptimizerOf("RAdam", moments, check<RAdamOptions>, groups, site) {}

detail::UpdateRule RAdam::rule(std::size_t) const { return detail::update_rule<MomentNumbers, MomentRule, 0, 1>(); }

void RAdam::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const RAdamOptions& o = options(group);
  double t = static_cast<double>(++count.steps), power = std::pow(o.beta2, t), bias2 = 1 - power;
  double longest = 2 / (1 - o.beta2) - 1, length = longest - 2 * t * power / bias2;
  double step = o.lr / (1 - std::pow(o.beta1, t)), root = 0, eps = 1;
  if (length > 5) {
    step *= std::sqrt(bias2 * (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    root = 1, eps = o.eps;
  }
  detail::set_numbers(
      numbers, MomentNumbers<double>{o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2, 0, step, root, eps, o.weight_decay});
}

Lion::Lion(const std::vector<Tensor>& parameters, const LionOptions& options, Site site)
    : Lion({{parameters, options}}, site) {}
Lion::Lion(const std::vector<ParameterGroup<LionOptions>>& groups, Site site)
    : OptimizerOf("Lion", mean_only, check<LionOptions>, groups, site) {}

detail::UpdateRule Lion::rule(std::size_t) const { return detail::update_rule<LionNumbers, LionRule, 0>(); }

void Lion::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const LionOptions& o = options(group);
  ++count.steps;
  detail::set_numbers(numbers,
                      LionNumbers<double>{o.lr, o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2, 1 - o.lr * o.weight_decay});
}

}  // namespace xg::nn
