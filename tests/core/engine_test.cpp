// The engine: recording, the chain rule, and what it does with graphs, leaves and errors.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/formula.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

TEST_CASE("the chain rule of sin(x²)") {
  Tensor x = variable(0.5, f64);
  Tensor u = sin(x * x);
  u.backward();
  CHECK(x.grad().item() == doctest::Approx(std::cos(0.25)).epsilon(1e-15));
}

TEST_CASE("derivatives of derivatives of sin") {
  Tensor x = variable(0.7, f64);
  Tensor d = sin(x);
  for (int order = 1; order <= 4; ++order) d = grad(d, x, create_graph);
  CHECK(d.item() == doctest::Approx(std::sin(0.7)).epsilon(1e-14));
}

TEST_CASE("a derived formula differentiates as often as asked") {
  auto mish = elementwise("mish", [](auto v) { return v * tanh(log1p(exp(v))); });
  Tensor x = variable(0.7, f64);
  Tensor y = mish(x);
  Tensor first = grad(y, x, create_graph);
  auto f = [](double v) { return v * std::tanh(std::log1p(std::exp(v))); };
  double h = 1e-5;
  CHECK(y.item() == doctest::Approx(f(0.7)));
  CHECK(first.item() == doctest::Approx((f(0.7 + h) - f(0.7 - h)) / (2 * h)).epsilon(1e-8));
  Tensor fused = grad(mish(x), x);
  CHECK(fused.item() == doctest::Approx(first.item()).epsilon(1e-13));
  Tensor second = grad(first, x);
  CHECK(second.item() == doctest::Approx((f(0.7 + h) - 2 * f(0.7) + f(0.7 - h)) / (h * h)).epsilon(1e-4));
}

TEST_CASE("a chain of a million nodes") {
  Tensor x = variable(1.0, f64);
  Tensor y = x;
  for (int i = 0; i < 1000000; ++i) y = y + 1;
  y.backward();
  CHECK(x.grad().item() == 1);
}
