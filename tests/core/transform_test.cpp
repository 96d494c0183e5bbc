// Derivatives of functions against closed forms, against each other, and through captured variables.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/formula.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor vector(std::initializer_list<double> values) {
  Array array(Shape{static_cast<std::int64_t>(values.size())}, f64);
  std::copy(values.begin(), values.end(), array.fill<double>());
  return Tensor(array);
}
Tensor total(const Tensor& x) { return sum_to(x, {}); }
void check_close(const Tensor& x, std::vector<double> expected, double tolerance = 1e-13) {
  std::vector<double> values = x.to_vector();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == doctest::Approx(expected[i]).epsilon(tolerance));
}
std::string message_of(auto f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("value_and_grad of one input and of several") {
  auto [value, g] = value_and_grad([](const Tensor& x) { return total(x * x * x); }, vector({1, -2}));
  CHECK(value.item() == -7);
  check_close(g, {3, 12});
  CHECK_FALSE(g.requires_grad());
  CHECK_FALSE(value.requires_grad());

  auto [y, both] = value_and_grad([](const Tensor& a, const Tensor& b) { return total(a * exp(b)); }, vector({1, 2}),
                                  vector({0, 1}));
  auto [ga, gb] = both;
  check_close(ga, {1, std::exp(1)});
  check_close(gb, {1, 2 * std::exp(1)});
  CHECK(y.item() == doctest::Approx(1 + 2 * std::exp(1)));
}

TEST_CASE("vjp, jvp and jacobian agree") {
  auto f = [](const Tensor& x) { return sin(x) * total(x); };
  Tensor x = vector({0.3, -0.7, 1.1}), u = vector({1, 2, -1}), v = vector({0.5, -1, 3});
  std::vector<double> j = jacobian(f, x).to_vector(), xs = x.to_vector();
  double sum = 0.3 - 0.7 + 1.1;
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k)
      CHECK(j[3 * i + k] == doctest::Approx(std::sin(xs[i]) + (i == k ? std::cos(xs[i]) * sum : 0)).epsilon(1e-14));
  std::vector<double> forward(3), reverse(3), us = u.to_vector(), vs = v.to_vector();
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) {
      forward[i] += j[3 * i + k] * us[k];
      reverse[k] += vs[i] * j[3 * i + k];
    }
  check_close(jvp(f, x, u), forward);
  check_close(vjp(f, x, v), reverse);
}

TEST_CASE("jacobians have the shape of the output and then of the input") {
  Tensor a(Array::full({2, 3}, 2, f64)), b(Array::full({3}, 5, f64));
  auto [ja, jb] = jacobian([](const Tensor& a, const Tensor& b) { return a * b; }, a, b);
  CHECK(ja.shape() == Shape{2, 3, 2, 3});
  CHECK(jb.shape() == Shape{2, 3, 3});
  CHECK(total(ja).item() == 30);
  CHECK(total(jb).item() == 12);
  CHECK(jacobian([](const Tensor& x) { return x * x; }, Tensor(Array::zeros({0}, f64))).shape() == Shape{0, 0});
}

TEST_CASE("hessian and hvp, of one input and of two") {
  auto f = [](const Tensor& x) { return total(x * x * x) + total(x) * total(x); };
  check_close(hessian(f, vector({1, 2})), {8, 2, 2, 14});
  check_close(hvp(f, vector({1, 2}), vector({1, -1})), {6, -12});

  auto g = [](const Tensor& a, const Tensor& b) { return total(a * a * b); };
  auto h = hessian(g, vector({1, 2}), vector({3, 4}));
  check_close(h[0][0], {6, 0, 0, 8});
  check_close(h[0][1], {2, 0, 0, 4});
  check_close(h[1][0], {2, 0, 0, 4});
  check_close(h[1][1], {0, 0, 0, 0});
  auto [ha, hb] = hvp(g, {vector({1, 2}), vector({3, 4})}, {vector({1, 1}), vector({1, 1})});
  check_close(ha, {8, 12});
  check_close(hb, {2, 4});
  check_close(jvp(g, {vector({1, 2}), vector({3, 4})}, {vector({1, 0}), Tensor()}), {6});
  auto [va, vb] = vjp(g, {vector({1, 2}), vector({3, 4})}, Tensor(Array(2.0, f64)));
  check_close(va, {12, 32});
  check_close(vb, {2, 8});
}

TEST_CASE("a function that is linear, constant, or does not use an input has zero derivatives") {
  check_close(hessian([](const Tensor& x) { return total(3 * x); }, vector({1, 2})), {0, 0, 0, 0});
  check_close(vjp([](const Tensor&) { return vector({1, 2, 3}); }, vector({1, 2}), vector({1, 1, 1})), {0, 0});
  check_close(jvp([](const Tensor&) { return vector({1, 2, 3}); }, vector({1, 2}), vector({1, 1})), {0, 0, 0});
  auto [value, g] = value_and_grad([](const Tensor& a, const Tensor&) { return total(a); }, vector({1}), vector({2}));
  check_close(g[1], {0});
}

TEST_CASE("integers are passed on and have no derivative") {
  Tensor i(Array::full({2}, 3, i64));
  auto [value, g] = value_and_grad([](const Tensor& a, const Tensor& n) { return total(a * n); }, vector({1, 2}), i);
  check_close(g[0], {3, 3});
  CHECK_FALSE(g[1].defined());
}

TEST_CASE("transforms nest, and their results are differentiable in variables") {
  Tensor x = variable(vector({0.5, 2}));
  auto cubes = [](const Tensor& z) { return total(z * z * z); };
  Tensor h = hessian(cubes, x);  // diag(6x)
  check_close(grad(total(h * h), x), {36, 144});
  check_close(grad(total(jacobian([](const Tensor& z) { return z * z; }, x)), x), {2, 2});
  auto [value, g] = value_and_grad(cubes, x);
  check_close(grad(value + total(g), x), {0.75 + 3, 12 + 12});
  check_close(grad(total(jvp([](const Tensor& z) { return z * z * z; }, x, vector({1, 1}))), x), {3, 12});
  // A third derivative by nesting.
  check_close(jacobian([&](const Tensor& z) { return hessian(cubes, z); }, vector({1, 1})), {6, 0, 0, 0, 0, 0, 0, 6});
  {
    NoGrad guard;
    CHECK_FALSE(hessian(cubes, x).requires_grad());
    check_close(hessian(cubes, x), {3, 0, 0, 12});
  }
}

TEST_CASE("derivatives along an input are differentiable in what the function captures") {
  Tensor w = variable(3.0, f64);
  Tensor slope = vjp([&](const Tensor& x) { return w * w * x * x; }, vector({2}), vector({1}));  // 2w²x
  check_close(slope, {36});
  check_close(grad(total(slope), w), {24});
  // Of the captured use of x itself nothing is counted.
  Tensor x = variable(vector({2}));
  check_close(vjp([&](const Tensor& z) { return x * z; }, x, vector({1})), {2});
}

TEST_CASE("Newton's method finds the minimum of Rosenbrock's function") {
  auto rosenbrock = [](const Tensor& p) {
    Tensor x = p(0), y = p(1);
    return pow(1 - x, 2) + 100 * pow(y - x * x, 2);
  };
  Tensor p = tensor({-1.2, 1.0}, f64), v = tensor({0.3, -0.7}, f64);
  for (int step = 0; step < 8; ++step) {
    auto [value, g] = value_and_grad(rosenbrock, p);
    p = p - solve(hessian(rosenbrock, p), g);
  }
  CHECK(all_close(p, ones({2}, f64)));
  CHECK(all_close(hvp(rosenbrock, p, v), matmul(hessian(rosenbrock, p), v)));

  auto f = [](const Tensor& x) { return stack({sin(x(0)) * x(1), exp(x(0)), x(1) * x(1)}); };
  Tensor j = jacobian(f, v);
  CHECK(j.shape() == Shape{3, 2});
  CHECK(all_close(jvp(f, v, p), matmul(j, p)));
  CHECK(all_close(vjp(f, v, ones({3}, f64)), sum(j, 0)));
}

TEST_CASE("what a transform refuses, and how it says so") {
  auto twice = [](const Tensor& x) { return 2 * x; };
  CHECK(message_of([&] {
          value_and_grad(twice, vector({1, 2}));
        }).find("value_and_grad: the function must return one element, not shape (2,)") == 0);
  CHECK_THROWS_AS(hessian(twice, vector({1, 2})), ShapeError);
  CHECK(message_of([&] { vjp(twice, vector({1, 2}), vector({1})); }).find("vjp: v has shape (1,), f(x) (2,)") == 0);
  CHECK(message_of([&] { jvp(twice, vector({1, 2}), vector({1})); }).find("jvp: v has shape (1,), x (2,)") == 0);
  CHECK(message_of([&] { hvp(twice, vector({1, 2}), astype(vector({1, 2}), f32)); }).find("hvp: v is f32, x f64") == 0);
  CHECK(message_of([&] {
          jacobian([](const Tensor& x) { return Tensors{x, x}; }, vector({1}));
        }).find("jacobian: the function returned 2 tensors instead of one") == 0);
  CHECK(message_of([&] {
          jacobian([](const Tensor& x) { return x > 0; }, vector({1}));
        }).find("jacobian: gradients exist for f32 and f64, the function returned boolean") == 0);
  CHECK(message_of([&] { jacobian([](const Tensor& x) { return x > 0; }, vector({1})); }).find("transform_test.cpp") !=
        std::string::npos);
}
