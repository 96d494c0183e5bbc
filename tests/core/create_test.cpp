// Creation: nested lists, containers, ranges; and the plain comparisons of arrays.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
using Doubles = std::vector<double>;
}  // namespace

TEST_CASE("nested lists of every depth") {
  CHECK(tensor(2.5).shape() == Shape{});
  CHECK(tensor({2.5}).shape() == Shape{1});
  CHECK(tensor({}).shape() == Shape{0});
  CHECK(tensor({0}).shape() == Shape{1});
  CHECK(tensor({{0}}).shape() == Shape{1, 1});
  CHECK(tensor({{{0}}}).shape() == Shape{1, 1, 1});
  CHECK(tensor({{0}, {1}}).shape() == Shape{2, 1});
  CHECK(tensor({{0, 1}}).shape() == Shape{1, 2});
  CHECK(tensor({{0, 1}, {2, 3}}).shape() == Shape{2, 2});
  CHECK(tensor({{}}).shape() == Shape{1, 0});
  CHECK(tensor({{}, {}}).shape() == Shape{2, 0});
  CHECK(tensor({{{0, 1}, {2, 3}, {4, 5}}, {{6, 7}, {8, 9}, {10, 11}}}).shape() == Shape{2, 3, 2});
  CHECK(tensor({{0, 1}, {2, 3}}).to_vector() == Doubles{0, 1, 2, 3});
  CHECK(variable({0}).shape() == Shape{1});
  CHECK(variable({{0}}).shape() == Shape{1, 1});
  CHECK(variable({{0, 1}, {2, 3}}, f64).to_vector() == Doubles{0, 1, 2, 3});
  double a = 1.5;
  int b = 2;
  CHECK(tensor({{a, 1.0 * b}, {0.0, a}}, f64).to_vector() == Doubles{1.5, 2, 0, 1.5});
}

TEST_CASE("the dtype of a list") {
  CHECK(tensor({0, 1}).dtype() == f32);
  CHECK(tensor(3).dtype() == f32);
  CHECK(tensor({true, false}).dtype() == boolean);
  CHECK(tensor({{true}, {false}}).dtype() == boolean);
  CHECK(tensor({true, false}, f64).dtype() == f64);
  CHECK(tensor({}).dtype() == f32);
  CHECK(tensor({0, 1}, i64).dtype() == i64);
  CHECK(tensor({2, 0}, boolean).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(variable({1.0, 2.0}, f64).dtype() == f64);
  CHECK(variable({1.0, 2.0}).dtype() == f32);
  CHECK(variable(0.5, f64).shape() == Shape{});
  CHECK(variable({1, 2}).requires_grad());
}

TEST_CASE("integers are exact in i64") {
  std::int64_t large = (std::int64_t(1) << 53) + 1, largest = std::numeric_limits<std::int64_t>::max();
  CHECK(tensor({large, largest}, i64).to_vector<std::int64_t>() == std::vector<std::int64_t>{large, largest});
  CHECK(tensor(std::vector<std::int64_t>{large}).item<std::int64_t>() == large);
  CHECK(full({1}, large, i64).item<std::int64_t>() == large);
  CHECK(arange(large, large + 2).to_vector<std::int64_t>() == std::vector<std::int64_t>{large, large + 1});
}

TEST_CASE("containers") {
  CHECK(tensor(std::vector<float>{1, 2}).dtype() == f32);
  CHECK(tensor(std::vector<double>{1, 2}).dtype() == f64);
  CHECK(tensor(std::vector<int>{1, -2}).to_vector() == Doubles{1, -2});
  CHECK(tensor(std::vector<int>{1, 2}).dtype() == i64);
  CHECK(tensor(std::vector<bool>{true, false}).dtype() == boolean);
  CHECK(tensor(std::vector<bool>{true, false, true}, {3, 1}).shape() == Shape{3, 1});
  CHECK(tensor(std::vector<std::uint8_t>{255}).item() == 255);
  CHECK(tensor(std::vector<std::int16_t>{-3}).item() == -3);
  CHECK(tensor(std::vector<long double>{0.5L}).item() == 0.5);
  CHECK(tensor(std::vector<double>{}).shape() == Shape{0});
  std::array<double, 4> four{1, 2, 3, 4};
  CHECK(tensor(four, {2, 2}).shape() == Shape{2, 2});
  CHECK(tensor(std::span<const double>(four), {2, 2}, f32).dtype() == f32);
  CHECK(variable(std::vector<double>{1, 2}).dtype() == f64);
  CHECK(variable(four, {4, 1}, f32).shape() == Shape{4, 1});
  CHECK(variable(std::span<const double>(four)).requires_grad());
  CHECK(message<DTypeError>([] { variable(std::vector<int>{1}); }, "create_test.cpp") ==
        "variable: gradients exist for f32 and f64, not for i64");
  CHECK(tensor(std::span(four).subspan(1), i64).to_vector() == Doubles{2, 3, 4});
}

TEST_CASE("filled tensors") {
  CHECK(zeros({2, 3}).to_vector() == Doubles(6, 0.0));
  CHECK(ones({}, f64).item() == 1);
  CHECK(full({2}, 0.25, f64).to_vector() == Doubles{0.25, 0.25});
  CHECK(zeros({0, 3}).size() == 0);
  Tensor x = full({2, 1}, 7, i64);
  CHECK(zeros_like(x).dtype() == i64);
  CHECK(ones_like(x, f64).dtype() == f64);
  CHECK(full_like(x, 3).to_vector() == Doubles{3, 3});
  CHECK(eye(2, 3).to_vector() == Doubles{1, 0, 0, 0, 1, 0});
  CHECK(eye(3, 1, f64).to_vector() == Doubles{1, 0, 0});
  CHECK(eye(0).shape() == Shape{0, 0});
  CHECK(eye(2, i64).dtype() == i64);
}

TEST_CASE("ranges") {
  CHECK(arange(4).dtype() == i64);
  CHECK(arange(4).to_vector() == Doubles{0, 1, 2, 3});
  CHECK(arange(4, f32).dtype() == f32);
  CHECK(arange(1.0, 2.0, 0.25).dtype() == f32);
  CHECK(arange(1.0, 2.0, 0.25, f64).to_vector() == Doubles{1, 1.25, 1.5, 1.75});
  CHECK(arange(5, 0, -2).to_vector() == Doubles{5, 3, 1});
  CHECK(arange(5, 0).shape() == Shape{0});
  CHECK(arange(2, 4, f64).to_vector() == Doubles{2, 3});
  CHECK(linspace(0, 1, 5, f64).to_vector() == Doubles{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(3, 4, 1).to_vector() == Doubles{3});
  CHECK(linspace(3, 4, 0).shape() == Shape{0});
  CHECK(linspace(0.1, 0.7, 7, f64).to_vector().back() == 0.7);
}

TEST_CASE("what creation complains about") {
  CHECK(message<ValueError>(
            [] {
              tensor({{0, 1}, {2}});
            },
            "create_test.cpp") == "tensor: the lists are ragged: 1 items where the first list at depth 1 has 2 items");
  CHECK(message<ValueError>([] {
          tensor({{0, 1}, 2});
        }) == "tensor: the lists are ragged: a number where the first list at depth 1 has 2 items");
  CHECK(message<ValueError>([] {
          tensor({0, {1}});
        }) == "tensor: the lists are ragged: 1 items where the first list at depth 1 has a number");
  CHECK(message<ValueError>([] {
          tensor({{}, {1}});
        }) == "tensor: the lists are ragged: 1 items where the first list at depth 1 has 0 items");
  CHECK(message<ValueError>([] { tensor({0.5}, i64); }, "create_test.cpp") == "tensor: 0.5 is no i64");
  CHECK(message<ValueError>([] { tensor({not_a_number}, i64); }) == "tensor: nan is no i64");
  CHECK(message<ValueError>([] { full({2}, 1e30, i64); }, "create_test.cpp") == "full: 1e+30 is no i64");
  CHECK(message<ShapeError>(
            [] {
              tensor(Doubles{1, 2, 3}, {2, 2});
            },
            "create_test.cpp") == "tensor: 3 values do not fill (2, 2)");
  CHECK(message<ValueError>([] { tensor(Doubles{1}, {-1}); }) == "tensor: a length is negative in (-1,)");
  CHECK(message<DTypeError>(
            [] {
              variable({1, 2}, i64);
            },
            "create_test.cpp") == "variable: gradients exist for f32 and f64, not for i64");
  CHECK(message<ValueError>([] { zeros({2, -1}); }, "create_test.cpp") == "zeros: a length is negative in (2, -1)");
  CHECK(message<ValueError>(
            [] {
              ones({1 << 30, 1 << 30});
            },
            "create_test.cpp") == "ones: too many elements in (1073741824, 1073741824)");
  CHECK(message<ValueError>([] { full({-2}, 1); }) == "full: a length is negative in (-2,)");
  CHECK(message<ValueError>([] { eye(-1); }, "create_test.cpp") == "eye: a length is negative in (-1, -1)");
  CHECK(message<ValueError>([] { arange(0, 3, 0); }, "create_test.cpp") ==
        "arange: no numbers from 0 to 3 in steps of 0");
  CHECK(message<ValueError>([] { arange(inf); }) == "arange: no numbers from 0 to inf in steps of 1");
  CHECK(message<ValueError>([] { arange(0.0, 1e300, 1.0); }) == "arange: too many elements in (4611686018427387904,)");
  CHECK(message<ValueError>([] { linspace(0, 1, -3); }, "create_test.cpp") ==
        "linspace: a length is negative in (-3,)");
}

TEST_CASE("all_close and all_equal") {
  Tensor a = tensor({1.0, 2.0}, f64);
  CHECK(all_close(a, a + 1e-9));
  CHECK_FALSE(all_close(a, a + 1e-4));
  CHECK(all_close(a, a + 1e-4, 0, 1e-3));
  CHECK(all_close(a, a * 1.01, 0.1));
  CHECK(all_close(full({3}, 2.0), 2));
  CHECK(all_close(tensor({1, 2}, i64), a));
  CHECK(all_close(tensor({inf, -inf}, f64), tensor({inf, -inf}, f64)));
  CHECK_FALSE(all_close(tensor({inf}, f64), tensor({-inf}, f64)));
  CHECK_FALSE(all_close(tensor({1.0}, f64), tensor({inf}, f64)));
  CHECK_FALSE(all_close(tensor({not_a_number}, f64), tensor({not_a_number}, f64)));
  CHECK(all_close(tensor({not_a_number, 1}, f64), tensor({not_a_number, 1}, f64), 1e-5, 1e-8, true));
  CHECK_FALSE(all_close(tensor({not_a_number}, f64), tensor({1}, f64), 1e-5, 1e-8, true));
  CHECK(all_close(zeros({0, 2}), ones({0, 2})));
  CHECK(all_close(arange(6.0)(range(none, none, 2)), tensor({0, 2, 4})));
  CHECK(message<ShapeError>([&] { all_close(a, zeros({3}, f64)); }, "create_test.cpp") ==
        "all_close: shapes do not broadcast: (2,) and (3,)");

  CHECK(all_equal(tensor({1, 2}, i64), tensor({1.0, 2.0}, f64)));
  CHECK_FALSE(all_equal(a, tensor({1.0, 2.5}, f64)));
  CHECK_FALSE(all_equal(a, tensor({{1.0, 2.0}}, f64)));
  CHECK_FALSE(all_equal(tensor({not_a_number}), tensor({not_a_number})));
  CHECK(all_equal(zeros({0}), ones({0})));
  CHECK(all_equal(tensor({true, false}), tensor({true, false})));
}
