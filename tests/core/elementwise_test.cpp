// Every elementwise function: its value beside the C library's, its derivatives beside finite differences.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/formula.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Unary = std::function<Tensor(const Tensor&)>;
using Binary = std::function<Tensor(const Tensor&, const Tensor&)>;

double at(const Unary& f, double x) { return f(variable(x, f64)).item(); }
double slope(const Unary& f, double x) {
  Tensor v = variable(x, f64);
  return grad(f(v), v).item();
}
// By the recorded rule, and differentiated once more.
double recorded_slope(const Unary& f, double x) {
  Tensor v = variable(x, f64);
  return grad(f(v), v, create_graph).item();
}
double curvature(const Unary& f, double x) {
  Tensor v = variable(x, f64);
  Tensor first = grad(f(v), v, create_graph);
  return first.requires_grad() ? grad(first, v).item() : 0;
}
double difference(const std::function<double(double)>& f, double x) {
  double h = 1e-3;  // fourth order: the error is about h⁴
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}
doctest::Approx about(double x, double tolerance = 1e-8) { return doctest::Approx(x).epsilon(tolerance).scale(1); }

void check_derivatives(const std::string& name, const Unary& f, const std::vector<double>& points) {
  CAPTURE(name);
  for (double x : points) {
    CAPTURE(x);
    double first = slope(f, x);
    CHECK(first == about(difference([&](double v) { return at(f, v); }, x)));
    CHECK(recorded_slope(f, x) == about(first, 1e-13));
    CHECK(curvature(f, x) == about(difference([&](double v) { return slope(f, v); }, x)));
  }
}

#define ONE(name)                                                                         \
  {                                                                                       \
    #name, [](const Tensor& x) { return name(x); }, [](double x) { return std::name(x); } \
  }

struct Row {
  std::string name;
  Unary f;
  std::function<double(double)> reference;
};

}  // namespace

TEST_CASE("functions that the C library has") {
  const std::vector<Row> everywhere{
      ONE(exp),  ONE(exp2), ONE(expm1), ONE(sin),   ONE(cos), ONE(tan),  ONE(atan),
      ONE(sinh), ONE(cosh), ONE(tanh),  ONE(asinh), ONE(erf), ONE(erfc), ONE(abs),
  };
  for (const Row& row : everywhere) {
    CAPTURE(row.name);
    for (double x : {-2.3, -0.4, 0.3, 1.1}) CHECK(at(row.f, x) == about(row.reference(x), 1e-14));
    check_derivatives(row.name, row.f, {-2.3, -0.4, 0.3, 1.1});
  }
  const std::vector<Row> positive{ONE(log), ONE(log2), ONE(log10), ONE(log1p), ONE(sqrt), ONE(lgamma)};
  for (const Row& row : positive) {
    CAPTURE(row.name);
    for (double x : {0.2, 0.9, 1.7, 30.0}) CHECK(at(row.f, x) == about(row.reference(x), 1e-14));
    check_derivatives(row.name, row.f, {0.2, 0.9, 1.7, 30.0});
  }
  const std::vector<Row> within_one{ONE(asin), ONE(acos), ONE(atanh)};
  for (const Row& row : within_one) {
    CAPTURE(row.name);
    for (double x : {-0.7, -0.1, 0.3, 0.6}) CHECK(at(row.f, x) == about(row.reference(x), 1e-14));
    check_derivatives(row.name, row.f, {-0.7, -0.1, 0.3, 0.6});
  }
  check_derivatives("acosh", [](const Tensor& x) { return acosh(x); }, {1.2, 2.5, 40.0});
}

TEST_CASE("functions that it lacks") {
  const std::vector<double> points{-2.3, -0.4, 0.3, 1.1, 4.5};
  check_derivatives(
      "square", [](const Tensor& x) { return square(x); }, points);
  check_derivatives(
      "reciprocal", [](const Tensor& x) { return reciprocal(x); }, points);
  check_derivatives("rsqrt", [](const Tensor& x) { return rsqrt(x); }, {0.2, 0.9, 30.0});
  check_derivatives(
      "sigmoid", [](const Tensor& x) { return sigmoid(x); }, points);
  check_derivatives(
      "logsigmoid", [](const Tensor& x) { return logsigmoid(x); }, points);
  check_derivatives(
      "softplus", [](const Tensor& x) { return softplus(x); }, points);
  check_derivatives(
      "softplus 2.5", [](const Tensor& x) { return softplus(x, 2.5, 40); }, points);
  check_derivatives(
      "silu", [](const Tensor& x) { return silu(x); }, points);
  check_derivatives(
      "mish", [](const Tensor& x) { return mish(x); }, points);
  check_derivatives(
      "softsign", [](const Tensor& x) { return softsign(x); }, points);
  check_derivatives(
      "gelu", [](const Tensor& x) { return gelu(x); }, points);
  check_derivatives(
      "gelu tanh", [](const Tensor& x) { return gelu(x, Approximate::tanh); }, points);
  check_derivatives(
      "relu", [](const Tensor& x) { return relu(x); }, points);
  check_derivatives("relu6", [](const Tensor& x) { return relu6(x); }, {-2, 2, 7});
  check_derivatives(
      "leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.3); }, points);
  check_derivatives(
      "elu", [](const Tensor& x) { return elu(x, 1.7); }, points);
  check_derivatives(
      "celu", [](const Tensor& x) { return celu(x, 1.7); }, points);
  check_derivatives(
      "selu", [](const Tensor& x) { return selu(x); }, points);
  check_derivatives(
      "hardtanh", [](const Tensor& x) { return hardtanh(x, -2, 0.5); }, points);
  check_derivatives(
      "hardsigmoid", [](const Tensor& x) { return hardsigmoid(x); }, points);
  check_derivatives(
      "hardswish", [](const Tensor& x) { return hardswish(x); }, points);
  check_derivatives(
      "clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, points);
  for (double n : {-2.0, -1.0, 2.0, 3.0, 7.0})
    check_derivatives("pow", [n](const Tensor& x) { return pow(x, n); }, {-1.3, 0.4, 2.0});
  check_derivatives("pow 0.5", [](const Tensor& x) { return pow(x, 0.5); }, {0.4, 2.0});
  check_derivatives(
      "pow of 2", [](const Tensor& x) { return pow(2, x); }, points);
  check_derivatives("digamma", [](const Tensor& x) { return digamma(x); }, {-2.3, 0.3, 1.46, 5.5, 40});
  for (int n : {1, 2, 3})
    check_derivatives("polygamma", [n](const Tensor& x) { return polygamma(n, x); }, {-1.4, 0.6, 1.5, 5.5, 40});
}

TEST_CASE("digamma and its derivatives where they are known") {
  double euler = 0.57721566490153286061, pi = std::acos(-1.0), zeta3 = 1.2020569031595942854;
  auto value = [](int n, double x) { return polygamma(n, variable(x, f64)).item(); };
  CHECK(digamma(variable(1.0, f64)).item() == about(-euler, 1e-15));
  CHECK(digamma(variable(0.5, f64)).item() == about(-euler - 2 * std::log(2), 1e-15));
  CHECK(value(1, 1) == about(pi * pi / 6, 1e-15));
  CHECK(value(1, 0.5) == about(pi * pi / 2, 1e-15));
  CHECK(value(1, -0.5) == about(pi * pi / 2 + 4, 1e-15));
  CHECK(value(2, 1) == about(-2 * zeta3, 1e-15));
  CHECK(value(2, -0.5) == about(-14 * zeta3 + 16, 1e-14));
  CHECK(value(3, 1) == about(std::pow(pi, 4) / 15, 1e-15));
  CHECK(value(5, 3.25) == about(value(5, 2.25) - 120 / std::pow(2.25, 6), 1e-14));
}
