#include "sgd.hpp"

#include "update_kernel.hpp"

namespace xg::nn {
namespace {

template <class V>
struct Numbers {
  V lr, momentum, undamped, decay;
};

struct Plain {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g) const {
    w = w - n.lr * (g + n.decay * w);
  }
};
struct Momentum {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& v) const {
    v = n.momentum * v + n.undamped * (g + n.decay * w);
    w = w - n.lr * v;
  }
};
struct Nesterov {
  template <class V>
  void operator()(const Numbers<V>& n, V& w, V g, V& v) const {
    V slope = g + n.decay * w;
    v = n.momentum * v + n.undamped * slope;
    w = w - n.lr * (slope + n.momentum * v);
  }
};

constexpr const char* array_names[] = {"velocity", nullptr, nullptr};

void check(const detail::OptionCheck& check, const SgdOptions& options) {
  check.not_negative("lr", options.lr);
  check.below_one("momentum", options.momentum);
  check.finite("dampening", options.dampening);
  check.not_negative("weight_decay", options.weight_decay);
  check.require(!options.nesterov || (options.momentum != 0 && options.dampening == 0),
                "Nesterov's form needs a momentum and no dampening");
}

}  // namespace

SGD::SGD(const std::vector<Tensor>& parameters, const SgdOptions& options, Site site)
    : SGD({{parameters, options}}, site) {}
SGD::SGD(const std::vector<ParameterGroup<SgdOptions>>& groups, Site site)
    : OptimizerOf("SGD", array_names, check, groups, site) {}

detail::UpdateRule SGD::rule(std::size_t group) const {
  const SgdOptions& o = options(group);
  if (o.momentum == 0) return detail::update_rule<Numbers, Plain>();
  return o.nesterov ? detail::update_rule<Numbers, Nesterov, 0>() : detail::update_rule<Numbers, Momentum, 0>();
}

void SGD::advance_numbers(std::size_t group, detail::StepCount& count, double* numbers) const {
  const SgdOptions& o = options(group);
  bool first = count.steps++ == 0;
  detail::set_numbers(numbers, Numbers<double>{o.lr, o.momentum, first ? 1 : 1 - o.dampening, o.weight_decay});
}

}  // namespace xg::nn
