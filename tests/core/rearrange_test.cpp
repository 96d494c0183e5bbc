// flip, roll, tile, repeat, meshgrid and pad: NumPy's values, gradients, messages.
#include <doctest/doctest.h>

#include <limits>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using xg_test::check_both;
using xg_test::of_cube;
using xg_test::uneven;

TEST_CASE("flip") {
  Tensor x = tensor({{0, 1, 2}, {3, 4, 5}});
  CHECK(all_equal(flip(x), tensor({{5, 4, 3}, {2, 1, 0}})));
  CHECK(all_equal(flip(x, 0), tensor({{3, 4, 5}, {0, 1, 2}})));
  CHECK(all_equal(flip(x, {1, -2}), flip(x)));
  CHECK(flip(x).array().shares_storage_with(x.array()));
  CHECK(flip(zeros({0, 2})).shape() == Shape{0, 2});
  CHECK(flip(tensor(3)).item() == 3);
}

TEST_CASE("roll") {
  Tensor x = tensor({{0, 1, 2}, {3, 4, 5}});
  CHECK(all_equal(roll(x, 1, 1), tensor({{2, 0, 1}, {5, 3, 4}})));
  CHECK(all_equal(roll(x, -1, 0), tensor({{3, 4, 5}, {0, 1, 2}})));
  CHECK(all_equal(roll(x, 7, -1), roll(x, 1, 1)));
  CHECK(all_equal(roll(x, -7, 1), roll(x, 2, 1)));
  CHECK(all_equal(roll(x, std::numeric_limits<std::int64_t>::min(), 1), roll(x, 1, 1)));
  CHECK(all_equal(roll(x, 2), tensor({{4, 5, 0}, {1, 2, 3}})));
  CHECK(all_equal(roll(x, {1, 1}, {0, 1}), tensor({{5, 3, 4}, {2, 0, 1}})));
  CHECK(all_equal(roll(x, {1, 1}, {1, 1}), roll(x, 2, 1)));
  CHECK(roll(zeros({0, 3}), 1, 0).shape() == Shape{0, 3});
  CHECK(all_equal(roll(transpose(x), 1, 0), transpose(roll(x, 1, 1))));
}

TEST_CASE("tile and repeat") {
  Tensor x = tensor({{0, 1}, {2, 3}});
  CHECK(all_equal(tile(x, {1, 2}), tensor({{0, 1, 0, 1}, {2, 3, 2, 3}})));
  CHECK(all_equal(tile(x, {2}), tile(x, {1, 2})));
  CHECK(all_equal(tile(tensor({1, 2}), {2, 1}), tensor({{1, 2}, {1, 2}})));
  CHECK(tile(x, {0, 1}).shape() == Shape{0, 2});
  CHECK(all_equal(tile(tensor(3), {2}), tensor({3, 3})));
  CHECK(all_equal(repeat(x, 2, 1), tensor({{0, 0, 1, 1}, {2, 2, 3, 3}})));
  CHECK(all_equal(repeat(x, 2, -2), tensor({{0, 1}, {0, 1}, {2, 3}, {2, 3}})));
  CHECK(repeat(x, 0, 1).shape() == Shape{2, 0});
  CHECK(all_equal(repeat(x, {2, 1}, 0), tensor({{0, 1}, {0, 1}, {2, 3}})));
  CHECK(all_equal(repeat(x, Shape{0, 3}, 1), tensor({{1, 1, 1}, {3, 3, 3}})));
}

TEST_CASE("meshgrid") {
  Tensors grid = meshgrid({tensor({1, 2}), tensor({3, 4, 5})});
  CHECK(all_equal(grid[0], tensor({{1, 1, 1}, {2, 2, 2}})));
  CHECK(all_equal(grid[1], tensor({{3, 4, 5}, {3, 4, 5}})));
}

TEST_CASE("pad") {
  Tensor x = tensor({1, 2, 3});
  CHECK(all_equal(pad(x, {{1, 2}}), tensor({0, 1, 2, 3, 0, 0})));
  CHECK(all_equal(pad(x, 1, {.value = 9}), tensor({9, 1, 2, 3, 9})));
  CHECK(all_equal(pad(x, {{2, 2}}, {.mode = PadMode::reflect}), tensor({3, 2, 1, 2, 3, 2, 1})));
  CHECK(all_equal(pad(x, {{2, 4}}, {.mode = PadMode::replicate}), tensor({1, 1, 1, 2, 3, 3, 3, 3, 3})));
  CHECK(all_equal(pad(x, {{3, 1}}, {.mode = PadMode::circular}), tensor({1, 2, 3, 1, 2, 3, 1})));
  Tensor y = tensor({{1, 2}, {3, 4}});
  CHECK(all_equal(pad(y, {{0, 1}, {1, 0}}), tensor({{0, 1, 2}, {0, 3, 4}, {0, 0, 0}})));
  CHECK(all_equal(pad(y, 1, {.mode = PadMode::replicate}),
                  tensor({{1, 1, 2, 2}, {1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}})));
  CHECK(all_equal(pad(y, 1, {.mode = PadMode::reflect}),
                  tensor({{4, 3, 4, 3}, {2, 1, 2, 1}, {4, 3, 4, 3}, {2, 1, 2, 1}})));
  CHECK(pad(zeros({0, 2}), {{1, 1}, {0, 0}}, {.value = 5}).shape() == Shape{2, 2});
  CHECK(pad(arange(2), 1).dtype() == i64);
  CHECK(all_equal(pad(tensor(4), {{1, 1}}), tensor(4)));
  CHECK(all_equal(pad(transpose(y), {{0, 0}, {0, 1}}), tensor({{1, 3, 0}, {2, 4, 0}})));
}

TEST_CASE("gradients to the second order") {
  Tensor x = uneven({3, 4});
  check_both(of_cube([](const Tensor& v) { return flip(v, 1); }), x);
  check_both(of_cube([](const Tensor& v) { return roll(v, {1, -5}, {0, 1}); }), x);
  check_both(of_cube([](const Tensor& v) { return roll(v, 3); }), x);
  check_both(of_cube([](const Tensor& v) { return tile(v, {2, 1, 2}); }), x);
  check_both(of_cube([](const Tensor& v) { return repeat(v, 3, 0); }), x);
  check_both(of_cube([](const Tensor& v) { return repeat(v, {2, 0, 1}, 0); }), x);
  check_both(of_cube([](const Tensor& v) {
               Tensors grid = meshgrid({v(0), v(all, 1)});
               return grid[0] * grid[1];
             }),
             x);
  for (PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular})
    check_both(of_cube([mode](const Tensor& v) { return pad(v, {{2, 1}, {0, 3}}, {.mode = mode, .value = 2.5}); }), x);
}

TEST_CASE("what these ops complain about") {
  Tensor x = zeros({2, 3});
  const char* here = "rearrange_test.cpp";
  CHECK(message<IndexError>([&] { flip(x, 2); }, here) == "flip: axis 2 is out of range for 2 axes");
  CHECK(message<IndexError>([&] { roll(x, 1, 2); }, here) == "roll: axis 2 is out of range for 2 axes");
  CHECK(message<ValueError>([&] { roll(x, {1}, {0, 1}); }, here) == "roll: 1 shifts for 2 axes");
  CHECK(message<ValueError>([&] { tile(x, {-1}); }, here) == "tile: cannot repeat -1 times");
  CHECK(message<ValueError>([&] { repeat(x, -1, 0); }, here) == "repeat: cannot repeat -1 times");
  CHECK(message<ValueError>([&] { repeat(x, {1, -1}, 0); }, here) == "repeat: cannot repeat -1 times");
  CHECK(message<ShapeError>([&] { repeat(x, {1, 1}, 1); }, here) == "repeat: 2 numbers for axis 1 of length 3");
  CHECK(message<IndexError>([&] { repeat(x, 1, 2); }) == "repeat: axis 2 is out of range for 2 axes");
  std::int64_t large = std::int64_t(1) << 57;
  CHECK(message<ValueError>([&] { repeat(x, large, 0); }, here) ==
        "repeat: too many elements in (144115188075855872, 3)");
  CHECK(message<ValueError>(
            [&] {
              tile(x, {large, 8});
            },
            here) == "tile: too many elements in (144115188075855872, 2, 8, 3)");
  CHECK(message<ValueError>([&] { pad(x, large); }, here) ==
        "pad: too many elements in (288230376151711746, 288230376151711747)");
  CHECK(message<ValueError>([&] { pad(arange(3), 1, {.value = 0.5}); }, here) == "pad: 0.5 is no i64");
  CHECK(message<ShapeError>([&] { meshgrid({x}); }, here) == "meshgrid: a tensor of shape (2, 3) is not 1-d");
  CHECK(message<ShapeError>([&] { pad(x, {{1, 1}, {1, 1}, {1, 1}}); }, here) == "pad: 3 widths for 2 axes");
  CHECK(message<ValueError>(
            [&] {
              pad(x, {{-1, 0}, {0, 0}});
            },
            here) == "pad: axis 0 of length 2 cannot be padded by (-1, 0)");
  CHECK(message<ValueError>([&] {
          pad(x, {{2, 0}, {0, 0}}, {.mode = PadMode::reflect});
        }) == "pad: axis 0 of length 2 cannot be padded by (2, 0)");
  CHECK(message<ValueError>([&] {
          pad(x, {{0, 3}, {0, 0}}, {.mode = PadMode::circular});
        }) == "pad: axis 0 of length 2 cannot be padded by (0, 3)");
  CHECK(message<ValueError>([&] { pad(zeros({0}), 1, {.mode = PadMode::replicate}); }) ==
        "pad: axis 0 of length 0 cannot be padded by (1, 1)");
}
