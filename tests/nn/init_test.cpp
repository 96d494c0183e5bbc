// Initial values: moments, bounds, orthogonality, what they refuse.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;
namespace init = xg::nn::init;

namespace {

/// Mean and deviation are as given, to four standard errors of a normal sample.
void check_moments(const Tensor& x, double middle, double deviation) {
  double count = static_cast<double>(x.size());
  CHECK(x.dtype() == f32);
  CHECK(std::abs(mean(x).item() - middle) <= 4 * deviation / std::sqrt(count));
  CHECK(std::abs(xg::std(x).item() - deviation) <= 4 * deviation / std::sqrt(2 * count));
}
void check_uniform(const Tensor& x, double low, double high) {
  check_moments(x, (low + high) / 2, (high - low) / std::sqrt(12.0));
  double rim = (high - low) * 1e-3;
  CHECK(amin(x).item() >= low - 1e-6);
  CHECK(amax(x).item() <= high + 1e-6);
  CHECK(amin(x).item() < low + rim);
  CHECK(amax(x).item() > high - rim);
}

const Shape weight{200, 100}, kernel{64, 16, 3, 3};

}  // namespace

TEST_CASE("uniform, normal and constant") {
  Rng rng(1);
  check_uniform(init::uniform(weight, -1, 3, rng), -1, 3);
  check_uniform(init::uniform(weight), 0, 1);
  check_moments(init::normal(weight, 2, 0.5, rng), 2, 0.5);
  check_moments(init::normal(weight), 0, 1);
  CHECK(all_equal(init::constant({2, 3}, 4), full({2, 3}, 4.0)));
  CHECK(all_equal(init::zeros({2}), zeros({2})));
  CHECK(all_equal(init::ones({2}), ones({2})));
  CHECK(all_equal(init::identity({3, 3}), eye(3)));
  CHECK(init::identity({2, 3}).to_vector() == std::vector<double>{1, 0, 0, 0, 1, 0});
  CHECK(init::identity({3, 2}).to_vector() == std::vector<double>{1, 0, 0, 1, 0, 0});
}

TEST_CASE("truncated normal stays within its bounds and is normal there") {
  Rng rng(2);
  Tensor x = init::truncated_normal(weight, 0, 1, -2, 2, rng);
  CHECK(amin(x).item() >= -2);
  CHECK(amax(x).item() <= 2);
  // Of a normal cut at ±2 the variance is 1 − 4 φ(2)/(2 Φ(2) − 1).
  check_moments(x, 0, std::sqrt(1 - 4 * 0.05399096651 / 0.9544997361));
  Tensor tail = init::truncated_normal({20000}, 0, 1, 8, 9, rng);
  CHECK(amin(tail).item() >= 8);
  CHECK(amax(tail).item() <= 9);
  CHECK(mean(tail).item() == doctest::Approx(8.1213).epsilon(1e-3));  // φ(8)/Q(8)
  Tensor low = init::truncated_normal({20000}, 0, 1, -9, -8, rng);
  CHECK(mean(low).item() == doctest::Approx(-8.1213).epsilon(1e-3));
  check_moments(init::truncated_normal(weight, 5, 0.1, -HUGE_VAL, HUGE_VAL, rng), 5, 0.1);
  CHECK(init::truncated_normal({0, 2}).shape() == Shape{0, 2});
}

TEST_CASE("Xavier and Kaiming scale by the fans") {
  Rng rng(3);
  double both = 300, in = 16 * 9, out = 64 * 9;
  check_uniform(init::xavier_uniform(weight, 1, rng), -std::sqrt(6 / both), std::sqrt(6 / both));
  check_moments(init::xavier_normal(weight, 2, rng), 0, 2 * std::sqrt(2 / both));
  check_moments(init::xavier_normal(kernel, 1, rng), 0, std::sqrt(2 / (in + out)));
  check_uniform(init::kaiming_uniform(kernel, {}, rng), -std::sqrt(6 / in), std::sqrt(6 / in));
  check_moments(init::kaiming_normal(kernel, {.fan = init::Fan::out}, rng), 0, std::sqrt(2 / out));
  check_moments(init::kaiming_normal(weight, {.nonlinearity = init::Nonlinearity::tanh}, rng), 0, 5.0 / 3 / 10);
  check_moments(init::kaiming_normal(weight, {.slope = 1}, rng), 0, 0.1);
  CHECK(init::xavier_uniform({0, 0}).size() == 0);
  CHECK(init::kaiming_normal({3, 0}).size() == 0);

  CHECK(init::gain_of(init::Nonlinearity::linear) == 1);
  CHECK(init::gain_of(init::Nonlinearity::sigmoid) == 1);
  CHECK(init::gain_of(init::Nonlinearity::tanh) == doctest::Approx(5.0 / 3));
  CHECK(init::gain_of(init::Nonlinearity::relu) == doctest::Approx(std::sqrt(2.0)));
  CHECK(init::gain_of(init::Nonlinearity::leaky_relu) == doctest::Approx(1.41414284));
  CHECK(init::gain_of(init::Nonlinearity::leaky_relu, 1) == 1);
  CHECK(init::gain_of(init::Nonlinearity::selu) == 0.75);
}

TEST_CASE("orthogonal matrices") {
  Rng rng(4);
  for (const Shape& shape : {Shape{30, 30}, Shape{10, 40}, Shape{40, 10}, Shape{8, 3, 3, 3}, Shape{1, 5}}) {
    CAPTURE(to_string(shape));
    Tensor q = reshape(init::orthogonal(shape, 2, rng), {shape[0], -1});
    bool upright = q.size(0) > q.size(1);
    Tensor product = upright ? matmul(transpose(q), q) : matmul(q, transpose(q));
    CHECK(all_close(product, 4 * eye(product.size(0)), 1e-5, 1e-5));
  }
  // Uniform over rotations and reflections: no entry prefers a sign.
  Tensor first = zeros({2, 2});
  for (int i = 0; i < 400; ++i) first = first + sign(init::orthogonal({2, 2}, 1, rng)) / 400;
  CHECK(amax(abs(first)).item() < 0.2);
  CHECK(init::orthogonal({0, 3}).shape() == Shape{0, 3});
}

TEST_CASE("a parameter is given new values in place, the same from the same seed") {
  nn::Linear layer{4, 3};
  Tensor held = layer.weight;
  Rng one(7), two(7);
  layer.weight = init::xavier_uniform(layer.weight.shape(), 1, one);
  CHECK(all_equal(held, init::xavier_uniform({3, 4}, 1, two)));
  layer.bias = init::zeros(layer.bias.shape());
  CHECK(all_equal(layer.bias, zeros({3})));
}

TEST_CASE("what initialisers refuse") {
  CHECK_THROWS_WITH_AS(
      init::xavier_uniform({3}),
      doctest::Contains("xavier_uniform: a shape of fewer than two axes has no fans: (3,)\n  at  init_"), ShapeError);
  CHECK_THROWS_WITH_AS(init::xavier_normal({}), doctest::Contains("xavier_normal: a shape"), ShapeError);
  CHECK_THROWS_WITH_AS(init::kaiming_uniform({3}), doctest::Contains("kaiming_uniform: a shape"), ShapeError);
  CHECK_THROWS_WITH_AS(init::kaiming_normal({3}), doctest::Contains("kaiming_normal: a shape"), ShapeError);
  CHECK_THROWS_WITH_AS(init::orthogonal({3}), doctest::Contains("orthogonal: a shape of fewer than two axes"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(init::identity({3}), doctest::Contains("identity: only a matrix has a diagonal, not (3,)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(init::normal({3}, 0, -1), doctest::Contains("normal: the deviation must be at least 0, not -1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(init::truncated_normal({3}, 0, 1, 2, -2),
                       doctest::Contains("truncated_normal: nothing is normal with deviation 1 within [2, -2]"),
                       ValueError);
  CHECK_THROWS_WITH_AS(init::truncated_normal({-3}),
                       doctest::Contains("truncated_normal: a length is negative in (-3,)"), ValueError);
}
