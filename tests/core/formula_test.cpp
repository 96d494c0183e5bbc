// Formulas as users write them: any number of inputs and outputs, numbers mixed in, any order of derivative.
#include <doctest/doctest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "differences.hpp"
#include "xgrad/formula.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg_test;

TEST_CASE("every function may be called in a formula, on its own and with numbers") {
  auto everything = elementwise("everything", [](auto x) {
    auto y = exp(x) + exp2(x) + expm1(x) + log(x) + log2(x) + log10(x) + log1p(x) + sin(x) + cos(x) + tan(x) +
             asin(x / 4) + acos(x / 4) + atan(x) + sinh(x) + cosh(x) + tanh(x) + asinh(x) + acosh(x + 2) +
             atanh(x / 4) + erf(x) + erfc(x) + lgamma(x) + digamma(x) + polygamma(1, x) + sqrt(x) + rsqrt(x) +
             square(x) + reciprocal(x) + abs(x) + sign(x);
    auto z = floor(x) + ceil(x) + round(x) + trunc(x) + fmod(x, 0.7) + remainder(x, 0.7) + floor_divide(x, 0.7) +
             maximum(x, 0.3) + minimum(2.0, x) + clamp(x, 0.2, 5) + pow(x, 2.5) + pow(1.5, x) + atan2(x, 2) +
             hypot(3, x) + xlogy(x, 2) + xlogy(2, x) + logaddexp(x, 0.5);
    auto w = sigmoid(x) + logsigmoid(x) + relu(x) + relu6(x) + leaky_relu(x, 0.2) + elu(x) + celu(x, 2) + selu(x) +
             gelu(x) + gelu(x, Approximate::tanh) + silu(x) + mish(x) + softplus(x, 2) + softsign(x) + hardtanh(x) +
             hardsigmoid(x) + hardswish(x) + prelu(-x, 0.3);
    return y + z + w;
  });
  check_both([&](const Tensor& x) { return everything(x); },
             filled({5}, [](std::int64_t i) { return 0.43 + 0.31 * static_cast<double>(i); }), 1e-6);
}

TEST_CASE("conditions in a formula") {
  bool flag = true;
  auto f = elementwise("conditions", [flag](auto x, auto y) {
    auto inside = x > -0.5 && x <= 0.5;
    auto z = where(inside, x * y, 0.0) + where(!inside || y < 0, 2.0, x) + where(flag, x, y);
    return z + where(x > 0, 0.1, 0.7) * x + where(isnan(x) || isinf(y) || !isfinite(x), 0.0, y);
  });
  Tensor y = uneven({9}, 0.3);
  check_both([&](const Tensor& x) { return f(x * x, y); }, uneven({9}));
  check_both([&](const Tensor& x) { return f(y, x * x); }, uneven({9}));
  // Numbers that meet no tensor are not rounded to f32.
  Tensor x = variable(-0.25, f64);
  auto leak = elementwise("leak", [](auto v) { return where(v > 0, 1.0, 0.1) * v * v; });
  CHECK(grad(leak(x), x, create_graph).item() == grad(leak(x), x).item());
}

TEST_CASE("one to eight inputs") {
  auto f2 = elementwise("f2", [](auto a, auto b) { return a * sin(b); });
  auto f3 = elementwise("f3", [](auto a, auto b, auto c) { return a * sin(b) + c * c; });
  auto f4 = elementwise("f4", [](auto a, auto b, auto c, auto d) { return a * sin(b) + c * d; });
  auto f5 = elementwise("f5", [](auto a, auto b, auto c, auto d, auto e) { return a * sin(b) + c * d * e; });
  auto f6 = elementwise(
      "f6", [](auto a, auto b, auto c, auto d, auto e, auto f) { return a * sin(b) + c * d * e / (f + 2); });
  auto f7 = elementwise("f7", [](auto a, auto b, auto c, auto d, auto e, auto f, auto g) {
    return a * sin(b) + c * d * e / (f + 2) - exp(g);
  });
  auto f8 = elementwise("f8", [](auto a, auto b, auto c, auto d, auto e, auto f, auto g, auto h) {
    return a * sin(b) + c * d * e / (f + 2) - exp(g) * tanh(h * a);
  });
  std::vector<Tensor> x;
  for (int i = 0; i < 8; ++i) x.push_back(uneven(i % 2 ? Shape{3} : Shape{2, 3}, i));
  for (std::size_t k = 0; k < 8; ++k) {
    auto with = [&](const Tensor& v) {
      std::vector<Tensor> y = x;
      y[k] = v * v;  // so that there is a second derivative
      Tensor total = f8(y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7]);
      if (k < 7) total = total + f7(y[0], y[1], y[2], y[3], y[4], y[5], y[6]);
      if (k < 6) total = total + f6(y[0], y[1], y[2], y[3], y[4], y[5]);
      if (k < 5) total = total + f5(y[0], y[1], y[2], y[3], y[4]);
      if (k < 4) total = total + f4(y[0], y[1], y[2], y[3]);
      if (k < 3) total = total + f3(y[0], y[1], y[2]);
      if (k < 2) total = total + f2(y[0], y[1]);
      return total;
    };
    check_both(with, x[k]);
  }
  // Every input at once, a tail of one element: what is not wanted is not written.
  Tensor a = variable(1.5, f64);
  Tensor y = f3(2, a, 4);
  CHECK(grad(y, a).item() == doctest::Approx(2 * std::cos(1.5)).epsilon(1e-15));
}

TEST_CASE("one to four outputs") {
  auto polar = elementwise("polar", [](auto x, auto y) { return std::tuple{hypot(x, y), atan2(y, x)}; });
  auto four = elementwise("four", [](auto x) { return std::tuple{x * x, sin(x), exp(x), 1 / (x + 3)}; });
  Tensor y = uneven({2, 3}, 2);
  for (std::size_t k : {0, 1}) {
    check_both([&](const Tensor& x) { return polar(x, y)[k]; }, uneven({2, 3}));
    check_both([&](const Tensor& x) { return polar(y, x)[k]; }, uneven({2, 3}));
  }
  check_both([&](const Tensor& x) { return polar(x, x + 1)[0] * polar(x, y)[1]; }, uneven({3}));
  for (std::size_t k : {0, 1, 2, 3}) check_both([&](const Tensor& x) { return four(x)[k]; }, uneven({5}));
  check_both([&](const Tensor& x) { return four(x)[0] * four(x)[3] + four(x)[2]; }, uneven({5}));
}

TEST_CASE("a formula that is constant, or does not look at an input") {
  auto seven = elementwise("seven", [](auto) { return 7.0; });
  CHECK(seven(uneven({3})).to_vector() == std::vector<double>{7, 7, 7});
  Tensor x = variable(uneven({3})), y = variable(uneven({3}, 1));
  CHECK(grad(sum(seven(x) * x), x).to_vector() == std::vector<double>{7, 7, 7});
  auto first = elementwise("first", [](auto a, auto) { return a * a; });
  sum(first(x, y)).backward();
  CHECK(x.has_grad());
  if (y.has_grad()) CHECK(y.grad().to_vector() == std::vector<double>{0, 0, 0});
  auto half = elementwise("half", [](auto a) { return std::tuple{a * a, 2.0}; });
  CHECK(half(x)[1].to_vector() == std::vector<double>{2, 2, 2});
  check_both([&](const Tensor& v) { return half(v)[0] * half(v)[1]; }, uneven({3}));
}

namespace {

struct Horner {
  double c[3];
  template <class V>
  V operator()(V x) const {
    V total = c[0] + 0 * x;
    total *= x;
    total += c[1];
    total *= x;
    total -= c[2];
    return total;
  }
};

}  // namespace

TEST_CASE("captured constants and a function object") {
  double slope = 0.3, shift = -1;
  auto line = elementwise("line", [slope, shift](auto x) { return slope * x * x + shift; });
  check_both([&](const Tensor& x) { return line(x); }, uneven({4}));
  auto polynomial = elementwise("polynomial", Horner{{2, -3, 0.5}});
  check_both([&](const Tensor& x) { return polynomial(x); }, uneven({4}));
}

TEST_CASE("broadcasting, strides and empty arrays") {
  auto f = elementwise("f", [](auto a, auto b) { return a * tanh(b) + b; });
  Tensor row = uneven({4}, 1), column = uneven({3, 1}, 2), table = uneven({3, 4}, 3);
  check_both([&](const Tensor& x) { return f(x * x, column); }, row);
  check_both([&](const Tensor& x) { return f(row, x); }, column);
  check_both([&](const Tensor& x) { return f(x * x, table); }, row);
  check_both([&](const Tensor& x) { return f(transpose(x * x), transpose(table)); }, table);
  check_both([&](const Tensor& x) { return f(x(all, range(0, 4, 2)), x(all, range(3, none, -2))); }, table);
  check_both([&](const Tensor& x) { return f(x, x); }, table);
  check_both([&](const Tensor& x) { return f(x, x); }, uneven({}));
  Tensor nothing = variable(uneven({0, 4}));
  CHECK(f(nothing, row).shape() == Shape{0, 4});
  CHECK(grad(sum(f(nothing, row)), nothing).shape() == Shape{0, 4});
}

TEST_CASE("long arrays: whole lanes, the rest, and several blocks") {
  auto f = elementwise("f", [](auto a, auto b) { return a * exp(b); });
  for (std::int64_t n : {1, 3, 8, 15, 16, 17, 255, 256, 257, 1000, 40001}) {
    Tensor a = variable(uneven({n})), b = variable(uneven({n}, 1));
    Tensor y = f(a, b);
    sum(y).backward();
    std::vector<double> av = a.to_vector(), bv = b.to_vector(), da = a.grad().to_vector(), db = b.grad().to_vector();
    double worst = 0;
    for (std::size_t i = 0; i < av.size(); ++i) {
      worst = std::max(worst, std::abs(da[i] - std::exp(bv[i])));
      worst = std::max(worst, std::abs(db[i] - av[i] * std::exp(bv[i])));
    }
    CHECK(worst < 1e-15 * 4);
  }
}

TEST_CASE("a third derivative of a user's formula") {
  auto f = elementwise("f", [](auto x) { return x * x * x * sin(x); });
  Tensor x = variable(0.8, f64);
  Tensor d = f(x);
  for (int order = 0; order < 3; ++order) d = grad(d, x, create_graph);
  double s = std::sin(0.8), c = std::cos(0.8);
  CHECK(d.item() == doctest::Approx(6 * s + 18 * 0.8 * c - 9 * 0.64 * s - 0.512 * c).epsilon(1e-13));
}
