// Central differences in f64 for tests below the public gradcheck.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "xgrad/xgrad.hpp"

namespace xg_test {

using namespace xg;

/// An array of `shape` filled by `f(i)`.
template <class T = double>
Tensor filled(const Shape& shape, const std::function<double(std::int64_t)>& f) {
  Array a(shape, dtype_of<T>());
  for (std::int64_t i = 0; i < a.size(); ++i) a.fill<T>()[i] = static_cast<T>(f(i));
  return Tensor(a);
}

/// Numbers between -1 and 1, all different, the same at each call with one `seed`.
inline Tensor uneven(const Shape& shape, double seed = 0) {
  return filled(shape, [seed](std::int64_t i) { return std::sin(1.3 * static_cast<double>(i) + 0.7 + seed); });
}

/// Compares Σ w f(x) with its gradient, element by element.
inline void check_first(const std::function<Tensor(const Tensor&)>& f, const Tensor& at, double tolerance = 1e-7) {
  Tensor x = variable(at);
  Tensor w = uneven(f(x).shape(), 0.4);
  Tensor slope = grad(sum(f(x) * w), x);
  std::vector<double> got = slope.to_vector(), values = at.to_vector();
  constexpr double h = 1e-6;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto moved = [&](double by) {
      return sum(f(filled(at.shape(), [&](std::int64_t k) { return values[k] + (k == std::int64_t(i) ? by : 0); })) * w)
          .item();
    };
    double expected = (moved(h) - moved(-h)) / (2 * h);
    INFO("element " << i << ": gradient " << got[i] << ", differences " << expected);
    CHECK(std::abs(got[i] - expected) <= tolerance * (1 + std::abs(expected)));
  }
}

/// First order, and second order with a cotangent that is differentiated as well.
inline void check_both(const std::function<Tensor(const Tensor&)>& f, const Tensor& at, double tolerance = 1e-7) {
  check_first(f, at, tolerance);
  Tensor v = uneven(f(at).shape(), 0.9);
  auto first = [&](const Tensor& x) {
    NoGrad on(false);
    Tensor leaf = x.requires_grad() ? x : variable(x);
    return grad(sum(f(leaf) * v), leaf, create_graph);
  };
  check_first(first, at, tolerance);
  auto in_cotangent = [&](const Tensor& g) {
    Tensor x = variable(at);
    return grad(Tensors{f(x)}, Tensors{x}, Tensors{g}, create_graph)[0];
  };
  check_first(in_cotangent, v, tolerance);
}

/// Equal bit by bit.
inline bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  Array x = a.array().contiguous(), y = b.array().contiguous();
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.size()) * size_of(x.dtype()); ++i)
    if (x.bytes()[i] != y.bytes()[i]) return false;
  return true;
}

/// f(x³), so that second derivatives are there to be wrong.
template <class F>
auto of_cube(const F& f) {
  return [f](const xg::Tensor& x) { return f(x * x * x); };
}

}  // namespace xg_test
