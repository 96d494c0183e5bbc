#include "sgd.hpp"

#include "../../core/array/threads.hpp"
#include "../../core/error/error.hpp"

namespace xg::nn {
namespace {

constexpr std::int64_t grain = std::int64_t(1) << 15;

template <class T>
void plain_step(T* w, const T* g, T lr, T decay, std::int64_t count) {
  parallel_for(count, grain, [=](std::int64_t first, std::int64_t last) {
    if (decay == 0)
      for (std::int64_t i = first; i < last; ++i) w[i] -= lr * g[i];
    else
      for (std::int64_t i = first; i < last; ++i) w[i] -= lr * (g[i] + decay * w[i]);
  });
}

template <class T>
struct Momentum {
  T lr, momentum, undamped, decay;
  bool nesterov;
};

template <class T>
void momentum_step(T* w, const T* g, T* v, Momentum<T> m, std::int64_t count) {
  parallel_for(count, grain, [=](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      T slope = g[i] + m.decay * w[i];
      v[i] = m.momentum * v[i] + m.undamped * slope;
      w[i] -= m.lr * (m.nesterov ? slope + m.momentum * v[i] : v[i]);
    }
  });
}

}  // namespace

SGD::SGD(std::vector<Tensor> parameters, const SgdOptions& options, Site site)
    : Optimizer("SGD", std::move(parameters), options.lr, site), options(options) {
  check_option("momentum", options.momentum, site);
  check_option("weight_decay", options.weight_decay, site);
  if (options.nesterov && (options.momentum == 0 || options.dampening != 0))
    Complaint(name_, "Nesterov's form needs a momentum and no dampening").at(site).raise<ValueError>();
  velocity_.resize(this->parameters().size());
}

void SGD::update(std::size_t i, Array& value, const Array& gradient) {
  visit_real(value.dtype(), [&](auto t) {
    using T = decltype(t);
    T lr = static_cast<T>(learning_rate()), decay = static_cast<T>(options.weight_decay);
    T* w = value.fill<T>();
    const T* g = gradient.data<T>();
    if (options.momentum == 0) return plain_step(w, g, lr, decay, value.size());
    bool first = !velocity_[i];
    momentum_step(w, g, remembered(velocity_[i], value).template fill<T>(),
                  {lr, static_cast<T>(options.momentum), static_cast<T>(first ? 1 : 1 - options.dampening), decay,
                   options.nesterov},
                  value.size());
  });
}

}  // namespace xg::nn
