// take, gather, scatter_add, masks and one_hot: values, gradients, messages.
#include <doctest/doctest.h>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using xg_test::check_both;
using xg_test::of_cube;
using xg_test::uneven;

TEST_CASE("take") {
  Tensor x = reshape(arange(24), {2, 3, 4}), i = tensor({{2, 0}, {-1, 2}}, i64);
  CHECK(take(x, i, 1).shape() == Shape{2, 2, 2, 4});
  CHECK(all_equal(take(x, i, 1)(1, 0, 1), x(1, 0)));
  CHECK(all_equal(take(x, i, 1)(0, 1, 0), x(0, 2)));
  CHECK(all_equal(take(x, i, -1), x(all, all, i)));
  CHECK(all_equal(take(x, i, 0 * 1 + 1), x(all, i)));
  CHECK(all_equal(take(x, 1, 0), x(1)));
  CHECK(all_equal(take(x, tensor({23, -24}, i64)), tensor({23, 0}, i64)));
  CHECK(take(x, tensor({}, i64), 1).shape() == Shape{2, 0, 4});
  CHECK(all_equal(take(transpose(x), i, 1), transpose(x)(all, i)));
}

TEST_CASE("gather and take_along_axis") {
  Tensor x = tensor({{10, 11, 12}, {20, 21, 22}});
  CHECK(all_equal(gather(x, tensor({{2, 2}, {0, -1}}, i64), 1), tensor({{12, 12}, {20, 22}})));
  CHECK(all_equal(gather(x, tensor({{1, 0, 1}}, i64), 0), tensor({{20, 11, 22}})));
  CHECK(all_equal(gather(x, tensor({{1}}, i64), 1), tensor({{11}})));
  CHECK(all_equal(take_along_axis(x, tensor({{1}}, i64), 1), tensor({{11}, {21}})));
  CHECK(all_equal(take_along_axis(x(range(0, 1)), tensor({{1}, {0}, {2}}, i64), 1), tensor({{11}, {10}, {12}})));
  CHECK(gather(x, zeros({0, 3}, i64), 0).shape() == Shape{0, 3});
  CHECK(all_equal(gather(transpose(x), tensor({{1, 0}}, i64), 0), tensor({{11, 20}})));
}

TEST_CASE("scatter_add") {
  Tensor x = zeros({2, 3});
  Tensor i = tensor({{0, 0, 2}, {1, -1, -1}}, i64);
  CHECK(all_equal(scatter_add(x, i, tensor({{1, 2, 3}, {4, 5, 6}}), 1), tensor({{3, 0, 3}, {0, 4, 11}})));
  CHECK(all_equal(scatter_add(x, i, 1, 1), tensor({{2, 0, 1}, {0, 1, 2}})));
  CHECK(all_equal(scatter_add(ones({2}), tensor({0}, i64), tensor({5}), 0), tensor({6, 1})));
  CHECK(scatter_add(arange(3), tensor({0}, i64), 0.5, 0).dtype() == f64);
  CHECK(all_equal(x, zeros({2, 3})));
  CHECK(all_equal(scatter_add(broadcast_to(tensor(1), {3}), tensor({1}, i64), 1, 0), tensor({1, 2, 1})));
}

TEST_CASE("masked_fill") {
  Tensor x = tensor({{1, 2}, {3, 4}}), mask = tensor({true, false});
  CHECK(all_equal(masked_fill(x, mask, -1), tensor({{-1, 2}, {-1, 4}})));
  CHECK(all_equal(masked_fill(x, tensor({{true}, {false}}), tensor(9)), tensor({{9, 9}, {3, 4}})));
  Tensor v = variable(x), fill = variable(7.0);
  sum(masked_fill(v, mask, fill)).backward();
  CHECK(all_equal(v.grad(), tensor({{0, 1}, {0, 1}})));
  CHECK(fill.grad().item() == 2);
}

TEST_CASE("one_hot") {
  CHECK(all_equal(one_hot(tensor({2, 0}, i64)), tensor({{0, 0, 1}, {1, 0, 0}})));
  CHECK(one_hot(tensor({{0}, {1}}, i64), 4).shape() == Shape{2, 1, 4});
  CHECK(one_hot(tensor(1, i64), 2, i64).dtype() == i64);
  CHECK(one_hot(tensor({}, i64), 3).shape() == Shape{0, 3});
  CHECK(one_hot(tensor({}, i64)).shape() == Shape{0, 0});
  CHECK(one_hot(transpose(tensor({{0, 1}, {1, 0}}, i64)), 2)(0, 1, 1).item() == 1);
}

TEST_CASE("shuffle picks every slice once") {
  Tensor x = reshape(arange(60), {20, 3});
  Rng rng(3);
  Tensor mixed = shuffle(x, 0, rng);
  CHECK_FALSE(all_equal(mixed, x));
  Rng again(3);
  CHECK(all_equal(mixed, x(randperm(20, again))));
  CHECK(shuffle(x, -1).shape() == Shape{20, 3});
}

TEST_CASE("gradients to the second order, repeated indices among them") {
  Tensor x = uneven({2, 3, 4}), i = tensor({{2, 0}, {2, -1}}, i64);
  check_both(of_cube([i](const Tensor& v) { return take(v, i, 0 + 1); }), x);
  check_both(of_cube([i](const Tensor& v) { return take(v, i, -1); }), x);
  check_both(of_cube([i](const Tensor& v) { return take(v, i); }), x);
  Tensor along = tensor({{{2, 2, 0, 1}}, {{0, -1, 0, 0}}}, i64);
  check_both(of_cube([along](const Tensor& v) { return gather(v, along, 1); }), x);
  check_both(of_cube([](const Tensor& v) { return take_along_axis(v, tensor({{{1}, {1}, {0}}}, i64), 2); }), x);
  check_both(of_cube([along](const Tensor& v) { return scatter_add(v, along, v(all, range(0, 1)), 1); }), x);
  check_both(of_cube([along](const Tensor& v) { return scatter_add(zeros({2, 3, 4}, f64), along, v(0, 0, 0), 1); }), x);
  check_both(of_cube([](const Tensor& v) {
               return masked_fill(v, tensor({true, false, true, false}), v(0, 0, 0));
             }),
             x);
  check_both(of_cube([](const Tensor& v) {
               Rng rng(1);
               return shuffle(v, 2, rng);
             }),
             x);
}

TEST_CASE("what these ops complain about") {
  Tensor x = zeros({2, 3});
  const char* here = "gather_test.cpp";
  CHECK(message<IndexError>([&] { take(x, tensor({3}, i64), 1); }, here) ==
        "take: index 3 is out of range for axis 1 of length 3");
  CHECK(message<IndexError>([&] { take(x, tensor({6}, i64)); }, here) ==
        "take: index 6 is out of range for axis 0 of length 6");
  CHECK(message<IndexError>([&] { take(x, 0, 2); }, here) == "take: axis 2 is out of range for 2 axes");
  CHECK(message<DTypeError>([&] { take(x, tensor({0.0}), 0); }, here) == "take: indices are i64, not f32");
  CHECK(message<ShapeError>([&] { gather(x, tensor({0}, i64), 1); }, here) ==
        "gather: indices of shape (1,) do not fit (2, 3) beside axis 1");
  CHECK(message<ShapeError>([&] {
          gather(x, zeros({3, 1}, i64), 1);
        }) == "gather: indices of shape (3, 1) do not fit (2, 3) beside axis 1");
  CHECK(message<IndexError>(
            [&] {
              gather(x, full({2, 1}, -4, i64), 1);
            },
            here) == "gather: index -4 is out of range for axis 1 of length 3");
  CHECK(message<DTypeError>([&] { gather(x, zeros({2, 1}), 1); }) == "gather: indices are i64, not f32");
  CHECK(message<IndexError>([&] { gather(x, zeros({2, 1}, i64), 2); }) == "gather: axis 2 is out of range for 2 axes");
  CHECK(message<ShapeError>(
            [&] {
              take_along_axis(x, zeros({3, 1}, i64), 1);
            },
            here) == "take_along_axis: indices of shape (3, 1) do not fit (2, 3) beside axis 1");
  CHECK(message<IndexError>(
            [&] {
              take_along_axis(x, full({1, 1}, 3, i64), 1);
            },
            here) == "take_along_axis: index 3 is out of range for axis 1 of length 3");
  CHECK(message<ShapeError>(
            [&] {
              scatter_add(x, zeros({2, 1}, i64), zeros({2, 2}), 1);
            },
            here) == "scatter_add: the source (2, 2) does not broadcast to the indices (2, 1)");
  CHECK(message<ShapeError>([&] { scatter_add(x, zeros({3}, i64), 1, 1); }) ==
        "scatter_add: indices of shape (3,) do not fit (2, 3) beside axis 1");
  CHECK(message<IndexError>(
            [&] {
              scatter_add(x, full({2, 1}, 3, i64), 1, 1);
            },
            here) == "scatter_add: index 3 is out of range for axis 1 of length 3");
  CHECK(message<DTypeError>([&] { masked_fill(x, zeros({3}), 1); }, here) == "masked_fill: a mask is boolean, not f32");
  CHECK(message<ShapeError>([&] { masked_fill(x, zeros({2}, boolean), 1); }, here) ==
        "masked_fill: a mask of shape (2,) does not broadcast to (2, 3)");
  CHECK(message<ShapeError>([&] {
          masked_fill(zeros({3}), zeros({2, 3}, boolean), 1);
        }) == "masked_fill: a mask of shape (2, 3) does not broadcast to (3,)");
  CHECK(message<ShapeError>([&] { masked_fill(x, zeros({3}, boolean), zeros({3})); }, here) ==
        "masked_fill: a value of shape (3,) is not one number");
  CHECK(message<DTypeError>([&] { one_hot(zeros({2})); }, here) == "one_hot: indices are i64, not f32");
  CHECK(message<IndexError>([&] { one_hot(tensor({0, 3}, i64), 3); }, here) == "one_hot: index 3 is none of 3 classes");
  CHECK(message<ValueError>(
            [&] {
              one_hot(tensor({0, 3}, i64), std::int64_t(1) << 60);
            },
            here) == "one_hot: too many elements in (2, 1152921504606846976)");
  CHECK(message<IndexError>([&] { one_hot(tensor({-1}, i64)); }) == "one_hot: index -1 is none of 0 classes");
  CHECK(message<IndexError>([&] { shuffle(x, 2); }, here) == "shuffle: axis 2 is out of range for 2 axes");
}
