// Random numbers: known answers of the generator, distributions, and the same bits with any number of threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

// The known answers published with Random123, for ten rounds.
TEST_CASE("Philox4x32-10 gives its published answers") {
  using draw::Block;
  CHECK(draw::philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(draw::philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(draw::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a seed fixes the numbers") {
  seed(7);
  Tensor a = randn({5}), b = randn({5});
  CHECK_FALSE(all_equal(a, b));
  seed(7);
  CHECK(all_equal(randn({5}), a));
  CHECK(all_equal(randn({5}), b));
  seed(8);
  CHECK_FALSE(all_equal(randn({5}), a));
}

// What these draws were when they were first made: other compilers and machines must draw the same.
TEST_CASE("the first numbers of seed 7") {
  Rng rng(7);
  CHECK(rand({3}, f64, rng).to_vector() ==
        std::vector<double>{0x1.8013f3b9e8c0fp-1, 0x1.5edac821d3ab8p-4, 0x1.972f7826d05d1p-1});
  CHECK(rand({3}, rng).to_vector<float>() ==
        std::vector<float>{0x1.8e23000000000p-8f, 0x1.14fd800000000p-7f, 0x1.9d84f80000000p-1f});
  CHECK(randint(-5, 100, {4}, rng).to_vector<int>() == std::vector<int>{9, 52, 70, 37});
  CHECK(randperm(6, rng).to_vector<int>() == std::vector<int>{4, 5, 2, 0, 1, 3});
  CHECK(all_close(randn({3}, f64, rng), tensor({0.1817087850788992, -0.07969523617208762, 1.4673868065410312}, f64),
                  1e-14));
}

TEST_CASE("the number of threads changes nothing") {
  auto draw = [](int count) {
    int before = threads();
    set_threads(count);
    Rng rng(3);
    Tensors drawn{rand({100001}, rng), rand({30000}, f64, rng), randn({100003}, rng), randn({70001}, f64, rng),
                  randint(0, 1000, {50000}, rng)};
    set_threads(before);
    return drawn;
  };
  Tensors one = draw(1), two = draw(2), eight = draw(8);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(all_equal(one[i], two[i]));
    CHECK(all_equal(one[i], eight[i]));
  }
}

TEST_CASE("a saved state continues where it was") {
  Rng rng(11);
  rand({1000}, rng);
  RngState state = rng.state();
  CHECK(state.seed == 11);
  CHECK(state.position == 250);
  Tensor next = randn({100}, rng);
  Rng other(0);
  other.set_state(state);
  CHECK(all_equal(randn({100}, other), next));
  CHECK(other.state() == rng.state());
}

TEST_CASE("distributions") {
  Rng rng(5);
  constexpr std::int64_t n = 200000;
  for (DType dtype : {f32, f64}) {
    std::vector<double> u = rand({n}, dtype, rng).to_vector(), z = randn({n}, dtype, rng).to_vector();
    double mean = 0, square = 0, normal_mean = 0, normal_square = 0, fourth = 0;
    for (double x : u) {
      mean += x / n;
      square += x * x / n;
    }
    for (double x : z) {
      normal_mean += x / n;
      normal_square += x * x / n;
      fourth += x * x * x * x / n;
    }
    CHECK(*std::min_element(u.begin(), u.end()) >= 0);
    CHECK(*std::max_element(u.begin(), u.end()) < 1);
    CHECK(std::abs(mean - 0.5) < 0.003);
    CHECK(std::abs(square - 1.0 / 3) < 0.003);
    CHECK(std::abs(normal_mean) < 0.01);
    CHECK(std::abs(normal_square - 1) < 0.015);
    CHECK(std::abs(fourth - 3) < 0.15);
  }
  std::vector<int> seen(7, 0);
  for (int i : randint(-3, 4, {70000}, rng).to_vector<int>()) ++seen.at(static_cast<std::size_t>(i + 3));
  for (int count : seen) CHECK(std::abs(count - 10000) < 500);
}

TEST_CASE("integers up to the widest range") {
  Rng rng(1);
  std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  int negative = 0;
  for (std::int64_t x : randint(low, high, {1000}, rng).to_vector<std::int64_t>()) negative += x < 0;
  CHECK(negative > 400);
  CHECK(negative < 600);
  CHECK(randint(4, 5, {3}, rng).to_vector() == std::vector<double>{4, 4, 4});
  CHECK(randint(0, 9, {0}, rng).size() == 0);
}

TEST_CASE("permutations hold every number once, and each order is as likely") {
  Rng rng(2);
  std::vector<std::int64_t> order = randperm(1000, rng).to_vector<std::int64_t>();
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  CHECK(randperm(0, rng).shape() == Shape{0});
  int seen[6] = {};
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> p = randperm(3, rng).to_vector<int>();
    ++seen[p[0] * 2 + (p[1] > p[2])];
  }
  for (int count : seen) CHECK(std::abs(count - 1000) < 150);
}

TEST_CASE("bernoulli") {
  Rng rng(4);
  CHECK(all_equal(bernoulli(0, {50}, f32, rng), zeros({50})));
  CHECK(all_equal(bernoulli(1, {50}, f32, rng), ones({50})));
  CHECK(bernoulli(0.5, {3}, boolean, rng).dtype() == boolean);
  double mean = 0;
  for (double x : bernoulli(0.3, {100000}, f32, rng).to_vector()) mean += x / 100000;
  CHECK(std::abs(mean - 0.3) < 0.01);
  CHECK(all_equal(bernoulli(tensor({0.0, 1.0, 1.0}, f64), rng), tensor({0.0, 1.0, 1.0}, f64)));
}

TEST_CASE("like another tensor") {
  Tensor x = zeros({2, 3}, f64);
  CHECK(rand_like(x).shape() == x.shape());
  CHECK(randn_like(x).dtype() == f64);
}

TEST_CASE("what random functions complain about") {
  CHECK(message<ValueError>([] { rand({-1}); }, "random_test.cpp") == "rand: a length is negative in (-1,)");
  CHECK(message<ValueError>([] { randn({2, -1}); }) == "randn: a length is negative in (2, -1)");
  CHECK(message<DTypeError>([] { rand({2}, i64); }, "random_test.cpp") == "rand: random reals are f32 or f64, not i64");
  CHECK(message<DTypeError>([] { randn({2}, boolean); }) == "randn: random reals are f32 or f64, not boolean");
  CHECK(message<DTypeError>([] { randn_like(arange(3)); }, "random_test.cpp") ==
        "randn: random reals are f32 or f64, not i64");
  CHECK(message<ValueError>([] { randint(3, 3, {1}); }, "random_test.cpp") ==
        "randint: no integers from 3 up to but without 3");
  CHECK(message<ValueError>([] { randint(0, 3, {-1}); }) == "randint: a length is negative in (-1,)");
  CHECK(message<ValueError>([] { randperm(-1); }, "random_test.cpp") == "randperm: a length is negative in (-1,)");
  CHECK(message<ValueError>([] { bernoulli(1.5, {1}); }, "random_test.cpp") == "bernoulli: 1.5 is no probability");
  CHECK(message<ValueError>([] { bernoulli(0.5, {-1}); }) == "bernoulli: a length is negative in (-1,)");
  CHECK(message<ValueError>(
            [] {
              bernoulli(tensor({0.5, -0.25}));
            },
            "random_test.cpp") == "bernoulli: -0.25 is no probability");
  CHECK(message<DTypeError>([] { bernoulli(tensor({1}, i64)); }) == "bernoulli: random reals are f32 or f64, not i64");
}
