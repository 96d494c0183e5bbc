// Elementwise functions where they have no derivative, at special values, of integers, and in error.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Tensor numbers(const std::vector<double>& values, DType dtype = f64) {
  Array a(Shape{static_cast<std::int64_t>(values.size())}, f64);
  for (std::size_t i = 0; i < values.size(); ++i) a.fill<double>()[i] = values[i];
  return astype(Tensor(a), dtype);
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]);
  return equal;
}

// The gradient with cotangent 1, by the fused kernel and by the recorded rule, which must agree.
std::vector<double> slopes(const std::function<Tensor(const Tensor&)>& f, const std::vector<double>& points,
                           DType dtype = f64) {
  Tensor x = variable(numbers(points, dtype));
  std::vector<double> fused = grad(sum(f(x)), x).to_vector();
  std::vector<double> recorded = grad(sum(f(x)), x, create_graph).to_vector();
  CHECK(same(fused, recorded));
  return fused;
}

#define SLOPES(call, ...) slopes([](const Tensor& x) { return call; }, __VA_ARGS__)

}  // namespace

TEST_CASE("gradients at kinks") {
  for (DType dtype : {f32, f64}) {
    CHECK(same(SLOPES(abs(x), {-2, -0.0, 0, 2}, dtype), {-1, 0, 0, 1}));
    CHECK(same(SLOPES(sign(x), {-2, 0, 2}, dtype), {0, 0, 0}));
    CHECK(same(SLOPES(relu(x), {-1, 0, 1}, dtype), {0, 0, 1}));
    CHECK(same(SLOPES(relu6(x), {0, 3, 6}, dtype), {0, 1, 0}));
    CHECK(same(SLOPES(hardtanh(x), {-1, 0, 1}, dtype), {0, 1, 0}));
    CHECK(same(SLOPES(hardswish(x), {-4, -3, 3, 4}, dtype), {0, -0.5, 1.5, 1}));
    CHECK(same(SLOPES(hardsigmoid(x), {-3, 3}, dtype), {0, 0}));
    CHECK(same(SLOPES(leaky_relu(x, 0.25), {-1, 0, 1}, dtype), {0.25, 0.25, 1}));
    CHECK(same(SLOPES(elu(x), {0}, dtype), {1}));
    CHECK(same(SLOPES(elu(x, 2.5), {0}, dtype), {2.5}));
    CHECK(same(SLOPES(celu(x, 2.5), {0}, dtype), {1}));
    CHECK(same(SLOPES(clamp(x, -1, 1), {-2, -1, 0, 1, 2}, dtype), {0, 1, 1, 1, 0}));
    CHECK(same(SLOPES(clamp(x, none, 1), {0, 1, 2}, dtype), {1, 1, 0}));
    CHECK(same(SLOPES(clamp(x, -1, none), {-2, -1, 0}, dtype), {0, 1, 1}));
    CHECK(same(SLOPES(sqrt(x), {0}, dtype), {infinity}));
    CHECK(same(SLOPES(log(x), {0}, dtype), {infinity}));
    CHECK(same(SLOPES(rsqrt(x), {0}, dtype), {-infinity}));
    CHECK(same(SLOPES(pow(x, 0), {0, 3, infinity, missing}, dtype), {0, 0, 0, 0}));
    CHECK(same(SLOPES(pow(0, x), {0, 2, -1}, dtype), {0, 0, -infinity}));
    CHECK(std::isnan(SLOPES(pow(-2, x), {2}, dtype)[0]));
    CHECK(same(SLOPES(maximum(x, 1), {0, 1, 2}, dtype), {0, 0.5, 1}));
    CHECK(same(SLOPES(minimum(1, x), {0, 1, 2}, dtype), {1, 0.5, 0}));
    CHECK(same(SLOPES(maximum(x, x), {0, 1}, dtype), {1, 1}));
    CHECK(same(SLOPES(xlogy(x, 0), {0}, dtype), {0}));
    CHECK(same(SLOPES(xlogy(0, x), {0, 2}, dtype), {0, 0}));
    CHECK(same(SLOPES(hypot(x, 0), {0, 3}, dtype), {0, 1}));
    CHECK(same(SLOPES(atan2(x, 0), {0}, dtype), {0}));
    CHECK(same(SLOPES(floor(x), {0.5, 1}, dtype), {0, 0}));
    CHECK(same(SLOPES(ceil(x), {0.5, 1}, dtype), {0, 0}));
    CHECK(same(SLOPES(round(x), {0.5, 1}, dtype), {0, 0}));
    CHECK(same(SLOPES(trunc(x), {0.5, 1}, dtype), {0, 0}));
    CHECK(same(SLOPES(fmod(7.5, x), {2, -2}, dtype), {-3, 3}));
    CHECK(same(SLOPES(remainder(7.5, x), {2, -2}, dtype), {-3, 4}));
    CHECK(same(SLOPES(floor_divide(x, 2), {7.5}, dtype), {0}));
    CHECK(same(SLOPES(softplus(x), {21, 1000}, dtype), {1, 1}));
    CHECK(same(SLOPES(logaddexp(x, -infinity), {-infinity, 0}, dtype), {0, 1}));
  }
}

TEST_CASE("a cotangent of exactly zero gives a gradient of exactly zero") {
  auto unseen = [](const std::function<Tensor(const Tensor&)>& f, double x) {
    return slopes([&](const Tensor& v) { return where(v == v + 1, f(v), 1.0); }, {x})[0];
  };
  CHECK(unseen([](const Tensor& x) { return sqrt(x); }, 0) == 0);
  CHECK(unseen([](const Tensor& x) { return log(x); }, 0) == 0);
  CHECK(unseen([](const Tensor& x) { return log(x); }, -1) == 0);
  CHECK(unseen([](const Tensor& x) { return 1 / x; }, 0) == 0);
  CHECK(unseen([](const Tensor& x) { return pow(x, -0.5); }, 0) == 0);
  CHECK(unseen([](const Tensor& x) { return x * infinity; }, 0) == 0);
  CHECK(unseen([](const Tensor& x) { return acos(x); }, 1) == 0);
  CHECK(unseen([](const Tensor& x) { return atanh(x); }, 3) == 0);
  // To the second order too.
  Tensor x = variable(numbers({0, 4}));
  Tensor first = grad(sum(where(x > 0, sqrt(x), 0)), x, create_graph);
  CHECK(same(grad(sum(first), x).to_vector(), {0, -0.25 / 8}));
}

TEST_CASE("values far out stay finite, and NaN stays NaN") {
  for (DType dtype : {f32, f64}) {
    Tensor far = numbers({-1000, 1000}, dtype);
    for (const Tensor& y :
         {sigmoid(far), logsigmoid(far), softplus(far), silu(far), mish(far), gelu(far), gelu(far, Approximate::tanh),
          tanh(far), elu(far), selu(far), celu(far), softsign(far), erf(far), logaddexp(far, -far), hardswish(far)})
      CHECK(same(isfinite(y).to_vector(), {1, 1}));
    CHECK(same(slopes([](const Tensor& x) { return softplus(x) + logsigmoid(x) + sigmoid(x) + tanh(x); }, {-1000, 1000},
                      dtype),
               {1, 1}));
    for (auto f :
         {+[](const Tensor& x) { return silu(x); }, +[](const Tensor& x) { return mish(x); },
          +[](const Tensor& x) { return gelu(x); }, +[](const Tensor& x) { return gelu(x, Approximate::tanh); },
          +[](const Tensor& x) { return elu(x); }})
      CHECK(same(slopes(f, {-1000, 1000}, dtype), {0, 1}));
    Tensor not_a_number = numbers({missing}, dtype);
    for (const Tensor& y :
         {relu(not_a_number), relu6(not_a_number), hardtanh(not_a_number), hardswish(not_a_number),
          maximum(not_a_number, 1), minimum(1, not_a_number), clamp(not_a_number, 0, 1), sigmoid(not_a_number),
          erf(not_a_number), tanh(not_a_number), gelu(not_a_number), sign(not_a_number), xlogy(0, not_a_number),
          leaky_relu(not_a_number), softplus(not_a_number), elu(not_a_number)})
      CHECK(std::isnan(y.to_vector()[0]));
  }
  CHECK(logaddexp(-infinity, numbers({-infinity})).to_vector()[0] == -infinity);
  CHECK(xlogy(0, numbers({0})).to_vector()[0] == 0);
}

TEST_CASE("questions about values, and logic") {
  for (DType dtype : {f32, f64}) {
    Tensor x = numbers({0, -1, infinity, -infinity, missing}, dtype);
    CHECK(same(isnan(x).to_vector(), {0, 0, 0, 0, 1}));
    CHECK(same(isinf(x).to_vector(), {0, 0, 1, 1, 0}));
    CHECK(same(isfinite(x).to_vector(), {1, 1, 0, 0, 0}));
    CHECK(same((!x).to_vector(), {1, 0, 0, 0, 0}));
    CHECK(same((x > 0 || x < 0).to_vector(), {0, 1, 1, 1, 0}));
    CHECK(same((x > -2 && x < 1).to_vector(), {1, 1, 0, 0, 0}));
    CHECK(same(logical_xor(x, 1).to_vector(), {1, 0, 0, 0, 0}));
    CHECK(isnan(x).dtype() == boolean);
  }
  Tensor i = numbers({-2, 0, 3}, i64);
  CHECK(same(isfinite(i).to_vector(), {1, 1, 1}));
  CHECK(same(isinf(i).to_vector(), {0, 0, 0}));
  CHECK(same(isnan(i).to_vector(), {0, 0, 0}));
  CHECK(same(logical_and(i, true).to_vector(), {1, 0, 1}));
}

TEST_CASE("integers stay integers where NumPy keeps them") {
  Tensor i = numbers({-7, -1, 0, 5}, i64);
  auto is = [](const Tensor& x, const std::vector<double>& values) {
    CHECK(x.dtype() == i64);
    CHECK(same(x.to_vector(), values));
  };
  is(abs(i), {7, 1, 0, 5});
  is(sign(i), {-1, -1, 0, 1});
  is(square(i), {49, 1, 0, 25});
  is(pow(i, 3), {-343, -1, 0, 125});
  is(pow(2, abs(i)), {128, 2, 1, 32});
  is(floor(i), {-7, -1, 0, 5});
  is(ceil(i), {-7, -1, 0, 5});
  is(round(i), {-7, -1, 0, 5});
  is(trunc(i), {-7, -1, 0, 5});
  is(relu(i), {0, 0, 0, 5});
  is(maximum(i, -1), {-1, -1, 0, 5});
  is(minimum(i, 0), {-7, -1, 0, 0});
  is(clamp(i, -2, 2), {-2, -1, 0, 2});
  is(clamp(i, none, 2), {-7, -1, 0, 2});
  is(clamp(i, -2, none), {-2, -1, 0, 5});
  is(i % 3, {2, 2, 0, 2});
  is(fmod(i, 3), {-1, -1, 0, 2});
  is(floor_divide(i, 3), {-3, -1, 0, 1});
  is(floor_divide(i, 0), {0, 0, 0, 0});
  is(i % 0, {0, 0, 0, 0});
  is(-i, {7, 1, 0, -5});
  for (const Tensor& y : {exp(i), sqrt(i), sigmoid(i), i / 2, reciprocal(i), clamp(i, -1.5, 2), maximum(i, 0.5)})
    CHECK(y.dtype() == f64);
  CHECK(exp(numbers({1}, boolean)).item() == doctest::Approx(std::exp(1.0)).epsilon(1e-15));
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  Tensor far(Array(least, i64));
  CHECK(floor_divide(far, -1).item<std::int64_t>() == least);
  CHECK((far % -1).item() == 0);
}

TEST_CASE("division that rounds, of reals") {
  // 1 // 0.1 is 9: ten times 0.1 is more than 1.
  CHECK(floor_divide(numbers({1.0, -7.5, 7.5, 1}), numbers({0.1, 2, -2, 0})).to_vector() ==
        std::vector<double>{9, -4, -4, infinity});
  CHECK(remainder(numbers({-7.5, 7.5, 7.5}), numbers({2, -2, 2})).to_vector() == std::vector<double>{0.5, -0.5, 1.5});
  CHECK(fmod(numbers({-7.5, 7.5, 7.5}), numbers({2, -2, 2})).to_vector() == std::vector<double>{-1.5, 1.5, 1.5});
  CHECK(round(numbers({0.5, 1.5, 2.5, -0.5, -1.5})).to_vector() == std::vector<double>{0, 2, 2, 0, -2});
}

TEST_CASE("clamp between tensors") {
  Tensor x = variable(numbers({-3, 0, 3})), least = variable(numbers({-1, -1, -1})),
         most = variable(numbers({1, 1, 1}));
  sum(clamp(x, least, most) * numbers({1, 2, 4})).backward();
  CHECK(same(x.grad().to_vector(), {0, 2, 0}));
  CHECK(same(least.grad().to_vector(), {1, 0, 0}));
  CHECK(same(most.grad().to_vector(), {0, 0, 4}));
  CHECK(same(clamp(numbers({0, 9}), 5, 2).to_vector(), {2, 2}));
}

TEST_CASE("compound assignment makes a new tensor") {
  Tensor x = variable(numbers({1, 2}));
  Tensor total = x;
  total += 1;
  total *= x;
  total -= 0.5;
  total /= 2;
  CHECK(same(x.to_vector(), {1, 2}));
  CHECK(same(total.to_vector(), {0.75, 2.75}));
  sum(total).backward();
  CHECK(same(x.grad().to_vector(), {1.5, 2.5}));
}

TEST_CASE("a number in f64 keeps all its digits through every order") {
  Tensor x = variable(3.0, f64);
  Tensor first = grad(0.1 * x * x * x, x, create_graph);
  CHECK(first.item() == doctest::Approx(0.1 * 27).epsilon(1e-15));
  CHECK(grad(first, x).item() == doctest::Approx(0.1 * 18).epsilon(1e-15));
  CHECK(grad(x / 0.1, x).item() == 1 / 0.1);
}

TEST_CASE("what elementwise functions refuse") {
  const char* here = "elementwise_edges_test.cpp:";
  Tensor yes = numbers({1, 0}, boolean), i = numbers({1, 2}, i64), two = numbers({1, 2}), three = numbers({1, 2, 3});
  CHECK(message<DTypeError>([&] { abs(yes); }, here) == "abs: booleans have no sign");
  CHECK(message<DTypeError>([&] { sign(yes); }, here) == "sign: booleans have no sign");
  CHECK(message<DTypeError>([&] { -yes; }, here) == "negative: booleans have no negative");
  CHECK(message<ValueError>([&] { pow(i, -1); }, here) == "pow: integers to negative integer powers are not integers");
  CHECK(message<ValueError>([&] { clamp(i, none, none); }, here) == "clamp: there is no bound");
  CHECK(message<ValueError>([&] { polygamma(-1, i); }, here) == "polygamma: the order is -1, not within 0 and 100");
  CHECK(message<ValueError>([&] { polygamma(101, i); }, here) == "polygamma: the order is 101, not within 0 and 100");
  CHECK(message<ShapeError>([&] { atan2(three, two); }, here) == "atan2: shapes do not broadcast: (3,) and (2,)");
  CHECK(message<ShapeError>([&] { maximum(three, two); }, here) == "maximum: shapes do not broadcast: (3,) and (2,)");
  CHECK(message<ShapeError>([&] { where(three, two, 0); }, here) ==
        "where: the condition does not broadcast: (3,) and (2,)");
}
