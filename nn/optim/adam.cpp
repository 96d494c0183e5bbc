#include "adam.hpp"

#include <cmath>

#include "update_kernel.hpp"

namespace xg::nn {
namespace {

template <class V>
struct Numbers {
  V step, beta1, rest1, beta2, rest2, root, eps, decay, keep;  // rest: 1 − β, root: 1/√(1 − β₂ᵗ), keep: decoupled decay
};

struct Usual {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& m, V& v) const {
    V slope = g + n.decay * w;
    m = n.beta1 * m + n.rest1 * slope;
    v = n.beta2 * v + n.rest2 * slope * slope;
    w = n.keep * w - n.step * m / (sqrt(v) * n.root + n.eps);
  }
};
struct AmsGrad {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& m, V& v, V& largest) const {
    V slope = g + n.decay * w;
    m = n.beta1 * m + n.rest1 * slope;
    v = n.beta2 * v + n.rest2 * slope * slope;
    largest = maximum(largest, v);
    w = n.keep * w - n.step * m / (sqrt(largest) * n.root + n.eps);
  }
};

constexpr const char* array_names[] = {"mean", "square", "largest_square"};

template <class Options>
void check(const detail::OptionCheck& check, const Options& options) {
  check.not_negative("lr", options.lr);
  check.below_one("beta1", options.beta1);
  check.below_one("beta2", options.beta2);
  check.not_negative("eps", options.eps);
  check.not_negative("weight_decay", options.weight_decay);
}

detail::UpdateRule rule_of(bool amsgrad) {
  return amsgrad ? detail::update_rule<Numbers, AmsGrad, 0, 1, 2>() : detail::update_rule<Numbers, Usual, 0, 1>();
}

template <class Options>
void set_numbers(const Options& o, std::int64_t step, double decay, double keep, double* numbers) {
  double t = static_cast<double>(step), bias1 = 1 - std::pow(o.beta1, t), bias2 = 1 - std::pow(o.beta2, t);
  detail::set_numbers(numbers, Numbers<double>{o.lr / bias1, o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2,
                                               1 / std::sqrt(bias2), o.eps, decay, keep});
}

}  // namespace

Adam::Adam(const std::vector<Tensor>& parameters, const AdamOptions& options, Site site)
    : Adam({{parameters, options}}, site) {}
Adam::Adam(const std::vector<ParameterGroup<AdamOptions>>& groups, Site site)
    : OptimizerOf("Adam", array_names, check<AdamOptions>, groups, site) {}

detail::UpdateRule Adam::rule(std::size_t group) const { return rule_of(options(group).amsgrad); }

void Adam::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const AdamOptions& o = options(group);
  set_numbers(o, ++count.steps, o.weight_decay, 1, numbers);
}

AdamW::AdamW(const std::vector<Tensor>& parameters, const AdamWOptions& options, Site site)
    : AdamW({{parameters, options}}, site) {}
AdamW::AdamW(const std::vector<ParameterGroup<AdamWOptions>>& groups, Site site)
    : OptimizerOf("AdamW", array_names, check<AdamWOptions>, groups, site) {}

detail::UpdateRule AdamW::rule(std::size_t group) const { return rule_of(options(group).amsgrad); }

void AdamW::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const AdamWOptions& o = options(group);
  set_numbers(o, ++count.steps, 0, 1 - o.lr * o.weight_decay, numbers);
}

}  // namespace xg::nn
