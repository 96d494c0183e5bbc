#include "adam.hpp"

#include <cmath>

#include "../../core/array/threads.hpp"
#include "../../core/error/error.hpp"

namespace xg::nn {
namespace {

constexpr std::int64_t grain = std::int64_t(1) << 14;

template <class T>
struct Coefficients {
  T step, beta1, rest1, beta2, rest2, root, eps, decay;  // rest: 1 − β, root: 1/√(1 − β₂ᵗ)
};

template <class T>
void adam_step(T* __restrict w, const T* __restrict g, T* __restrict m, T* __restrict v, Coefficients<T> c,
               std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    T slope = g[i] + c.decay * w[i];
    m[i] = c.beta1 * m[i] + c.rest1 * slope;
    v[i] = c.beta2 * v[i] + c.rest2 * slope * slope;
    w[i] -= c.step * m[i] / (std::sqrt(v[i]) * c.root + c.eps);
  }
}

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, const AdamOptions& options, Site site)
    : Optimizer("Adam", std::move(parameters), options.lr, site), options(options) {
  check_option("eps", options.eps, site);
  check_option("weight_decay", options.weight_decay, site);
  for (double beta : {options.beta1, options.beta2})
    if (!(beta >= 0 && beta < 1))
      Complaint(name_, "beta1 and beta2 must be at least 0 and below 1, not " + std::to_string(beta))
          .at(site)
          .raise<ValueError>();
  states_.resize(this->parameters().size());
}

void Adam::update(std::size_t i, Array& value, const Array& gradient) {
  State& state = states_[i];
  double t = static_cast<double>(++state.steps);
  double bias1 = 1 - std::pow(options.beta1, t), bias2 = 1 - std::pow(options.beta2, t);
  visit_real(value.dtype(), [&](auto zero) {
    using T = decltype(zero);
    auto as = [](double number) { return static_cast<T>(number); };
    Coefficients<T> c{
        as(learning_rate() / bias1), as(options.beta1),        as(1 - options.beta1), as(options.beta2),
        as(1 - options.beta2),       as(1 / std::sqrt(bias2)), as(options.eps),       as(options.weight_decay)};
    T* w = value.fill<T>();
    const T* g = gradient.data<T>();
    T* m = remembered(state.mean, value).template fill<T>();
    T* v = remembered(state.square, value).template fill<T>();
    parallel_for(value.size(), grain, [=](std::int64_t first, std::int64_t last) {
      adam_step(w + first, g + first, m + first, v + first, c, last - first);
    });
  });
}

}  // namespace xg::nn
