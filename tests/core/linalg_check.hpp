// Gradients of functions of several matrices against central differences, to second order.
#pragma once

#include "differences.hpp"

namespace xg_test {

using Function = std::function<Tensor(const Tensors&)>;

/// Numbers without pattern in (-1, 1).
inline Tensor noise(const Shape& shape, DType dtype = f64, unsigned seed = 1) {
  std::uint32_t state = 2463534242u + 7919u * seed;
  return astype(filled(shape,
                       [&](std::int64_t) {
                         state ^= state << 13, state ^= state >> 17, state ^= state << 5;
                         return state / 2147483648.0 - 1;
                       }),
                dtype);
}

/// The largest difference between elements.
inline double worst(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  auto x = a.to_vector(), y = b.to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) {
    double difference = std::abs(x[i] - y[i]);
    if (!(difference <= worst)) worst = difference;  // NaN too
  }
  return worst;
}

/// Σ f(x) c with c fixed noise: a number that depends on every element of f(x).
inline Tensor probe(const Function& f, const Tensors& x) {
  Tensor y = f(x);
  return sum(y * noise(y.shape(), f64, 99));
}

/// Gradients of f against central differences, and gradients of a probe of the gradients likewise.
inline void check_gradients(const Function& f, const Tensors& values, int order = 2, double tolerance = 1e-7) {
  Tensors x, found;
  for (const Tensor& value : values) x.push_back(variable(value));
  Tensor at_values = probe(f, x);
  if (at_values.requires_grad())
    found = grad(Tensors{at_values}, x, {}, {.create_graph = order > 1, .allow_unused = true});
  found.resize(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    auto g = found[k].defined() ? found[k].to_vector() : zeros_like(x[k]).to_vector();
    for (std::int64_t i = 0; i < x[k].size(); ++i) {
      auto moved = [&](double h) {
        Tensors y = values;
        Array changed = values[k].array().copy();
        changed.fill<double>()[i] += h;
        y[k] = Tensor(changed);
        return probe(f, y).item();
      };
      double h = 1e-6, difference = (moved(h) - moved(-h)) / (2 * h), gradient = g[static_cast<std::size_t>(i)];
      INFO("input " << k << ", element " << i << ": gradient " << gradient << ", differences " << difference);
      CHECK(std::abs(gradient - difference) <= tolerance * std::max(1.0, std::abs(difference)));
    }
  }
  if (order == 1) return;
  auto gradients = [&](const Tensors& y) {
    Tensors at;
    for (const Tensor& value : y) at.push_back(value.requires_grad() ? value : variable(value));
    Tensors d = grad(Tensors{probe(f, at)}, at, {}, {.create_graph = true, .allow_unused = true});
    Tensor total = zeros({}, f64);
    for (const Tensor& g : d)
      if (g.defined()) total = total + sum(g * noise(g.shape(), f64, 77));
    return total;
  };
  check_gradients(gradients, values, order - 1, 30 * tolerance);
}

}  // namespace xg_test
