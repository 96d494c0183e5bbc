// Dropout: how much is left out, that the rest makes up for it, gradients, generators and errors.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

TEST_CASE("dropout leaves out a share p and scales the rest") {
  Rng rng(4);
  for (double p : {0.1, 0.5, 0.9}) {
    std::vector<double> y = dropout(ones({200, 100}), p, rng).to_vector();
    double dropped = 0;
    for (double v : y) {
      CHECK((v == 0 || v == doctest::Approx(1 / (1 - p))));
      dropped += v == 0;
    }
    double share = dropped / 20000, deviation = std::sqrt(p * (1 - p) / 20000);
    CHECK(std::abs(share - p) < 4 * deviation);
  }
  Tensor x = tensor({1, 2, 3});
  CHECK(dropout(x, 0).impl().get() == x.impl().get());
  CHECK(all_equal(dropout(x, 1), zeros({3})));
  CHECK(dropout(zeros({0, 3})).shape() == Shape{0, 3});
  CHECK(dropout(ones({2}, i64)).dtype() == f64);
}

TEST_CASE("dropout of channels") {
  Rng rng(1);
  for (const Shape& shape : {Shape{20, 30, 4}, Shape{600, 4}}) {
    Tensor y = dropout1d(ones(shape), 0.5, rng), first = y(ellipsis, range(0, 1));
    CHECK(all_equal(y, broadcast_to(first, shape)));
    double share = mean(y).item() / 2;
    CHECK(std::abs(share - 0.5) < 0.1);
  }
  for (const Shape& shape : {Shape{20, 30, 2, 3}, Shape{600, 2, 3}}) {
    Tensor y = dropout2d(ones(shape), 0.5, rng);
    CHECK(all_equal(y, broadcast_to(y(ellipsis, range(0, 1), range(0, 1)), shape)));
    CHECK(std::abs(mean(y).item() - 1) < 0.2);
  }
  CHECK_THROWS_WITH_AS(dropout1d(ones({3})), doctest::Contains("dropout1d: x has 1 axes, not those of (N, C, L)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(dropout2d(ones({3, 3})), doctest::Contains("dropout2d: x has 2 axes, not those of (N, C, H, W)"),
                       ShapeError);
}

TEST_CASE("dropout draws the same bits with any number of threads") {
  int before = threads();
  std::vector<double> expected;
  for (int count : {1, 2, 5}) {
    set_threads(count);
    Rng rng(9);
    std::vector<double> y = dropout(ones({300, 401}), 0.3, rng).to_vector();
    if (expected.empty()) expected = y;
    CHECK(y == expected);
  }
  set_threads(before);
}

TEST_CASE("the gradient of dropout is its mask") {
  auto fixed = [](auto op) {
    return [op](const Tensor& x) {
      Rng rng(3);
      return op(x, 0.4, rng);
    };
  };
  CHECK_GRADIENTS(fixed([](auto& x, double p, Rng& rng) { return dropout(x, p, rng); }), randn({3, 4}, f64));
  CHECK_GRADIENTS(fixed([](auto& x, double p, Rng& rng) { return dropout2d(x, p, rng); }), randn({2, 3, 2, 2}, f64));
  CHECK_SECOND_GRADIENTS(fixed([](auto& x, double p, Rng& rng) { return dropout(x * x, p, rng); }), randn({3, 4}, f64));
  Tensor x = variable(ones({100})), y = dropout(x, 0.5);
  sum(y).backward();
  CHECK(all_equal(x.grad(), y));
}

TEST_CASE("the layers drop in training only, from the generator they are told") {
  struct Model {
    nn::Dropout plain;
    nn::Dropout1d one{0.25};
    nn::Dropout2d two{0.75};
  } model;
  CHECK(model.plain.p() == 0.5);
  nn::eval(model);
  Tensor x = randn({2, 3, 4, 5});
  CHECK(model.plain(x).impl().get() == x.impl().get());
  CHECK(all_equal(model.two(x), x));
  nn::train(model);
  CHECK_FALSE(all_equal(model.plain(x), x));
  CHECK(mean(astype(model.two(ones({10, 50, 2, 2})) == 0, f64)).item() == doctest::Approx(0.75).epsilon(0.1));
  CHECK(mean(astype(model.one(ones({10, 50, 2})) == 0, f64)).item() == doctest::Approx(0.25).epsilon(0.2));

  Rng own(5), same(5);
  RngState untouched = default_rng().state();
  nn::Dropout seeded{0.5, {.rng = &own}};
  nn::Dropout copy = seeded;
  CHECK(all_equal(seeded(x), dropout(x, 0.5, same)));
  CHECK(all_equal(copy(x), dropout(x, 0.5, same)));
  CHECK(default_rng().state() == untouched);
  seed(8);
  Tensor first = model.plain(x);
  seed(8);
  CHECK(all_equal(model.plain(x), first));
}

TEST_CASE("what is no probability") {
  CHECK_THROWS_WITH_AS(nn::Dropout{1.5}, doctest::Contains("Dropout: 1.5 is no probability\n  at  dropout_test.cpp:"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Dropout1d{-0.5}, doctest::Contains("Dropout1d: -0.5 is no probability"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Dropout2d{NAN}, doctest::Contains("Dropout2d: nan is no probability"), ValueError);
  CHECK_THROWS_WITH_AS(dropout(ones({2}), 2), doctest::Contains("dropout: 2 is no probability"), ValueError);
  CHECK_THROWS_WITH_AS(dropout2d(ones({1, 1, 1}), -1), doctest::Contains("dropout2d: -1 is no probability"),
                       ValueError);
}
