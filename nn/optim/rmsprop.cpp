#include "rmsprop.hpp"

#include "update_kernel.hpp"

namespace xg::nn {
namespace {

template <class V>
struct Numbers {
  V lr, alpha, rest, eps, decay, momentum;  // rest: 1 − α
};

/// The gradient, over the root of its running mean square.
template <class V>
V scaled(const Numbers<V>& n, V w, V g, V& s) {
  V slope = g + n.decay * w;
  s = n.alpha * s + n.rest * slope * slope;
  return slope / (sqrt(s) + n.eps);
}
template <class V>
V centered(const Numbers<V>& n, V w, V g, V& s, V& mean) {
  V slope = g + n.decay * w;
  s = n.alpha * s + n.rest * slope * slope;
  mean = n.alpha * mean + n.rest * slope;
  return slope / (sqrt(s - mean * mean) + n.eps);
}

struct Plain {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& s) const {
    w = w - n.lr * scaled(n, w, g, s);
  }
};
struct Centered {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& s, V& mean) const {
    w = w - n.lr * centered(n, w, g, s, mean);
  }
};
struct Momentum {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& s, V& b) const {
    b = n.momentum * b + scaled(n, w, g, s);
    w = w - n.lr * b;
  }
};
struct CenteredMomentum {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& s, V& mean, V& b) const {
    b = n.momentum * b + centered(n, w, g, s, mean);
    w = w - n.lr * b;
  }
};

constexpr const char* array_names[] = {"square", "mean", "velocity"};

void check(const detail::OptionCheck& check, const RmsPropOptions& options) {
  check.not_negative("lr", options.lr);
  check.below_one("alpha", options.alpha);
  check.not_negative("eps", options.eps);
  check.not_negative("weight_decay", options.weight_decay);
  check.below_one("momentum", options.momentum);
}

}  // namespace

RMSprop::RMSprop(const std::vector<Tensor>& parameters, const RmsPropOptions& options, Site site)
    : RMSprop({{parameters, options}}, site) {}
RMSprop::RMSprop(const std::vector<ParameterGroup<RmsPropOptions>>& groups, Site site)
    : OptimizerOf("RMSprop", array_names, check, groups, site) {}

detail::UpdateRule RMSprop::rule(std::size_t group) const {
  const RmsPropOptions& o = options(group);
  if (o.momentum != 0)
    return o.centered ? detail::update_rule<Numbers, CenteredMomentum, 0, 1, 2>()
                      : detail::update_rule<Numbers, Momentum, 0, 2>();
  return o.centered ? detail::update_rule<Numbers, Centered, 0, 1>() : detail::update_rule<Numbers, Plain, 0>();
}

void RMSprop::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const RmsPropOptions& o = options(group);
  ++count.steps;
  detail::set_numbers(numbers, Numbers<double>{o.lr, o.alpha, 1 - o.alpha, o.eps, o.weight_decay, o.momentum});
}

}  // namespace xg::nn
