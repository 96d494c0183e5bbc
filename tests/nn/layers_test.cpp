// Layers: values, gradients, how they start, and errors.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

TEST_CASE("Linear is x Wᵀ + b") {
  nn::Linear layer{3, 2};
  layer.weight = tensor({{1, 2, 3}, {4, 5, 6}}, f32);
  layer.bias = tensor({10, 20}, f32);
  Tensor x = tensor({{1, 0, 0}, {0, 1, 1}}, f32);
  CHECK(layer(x).to_vector() == std::vector<double>{11, 24, 15, 31});
  CHECK(layer(x(0)).to_vector() == std::vector<double>{11, 24});
  CHECK(layer(zeros({4, 5, 3})).shape() == Shape{4, 5, 2});
  CHECK(layer(zeros({0, 3})).shape() == Shape{0, 2});
  nn::Linear without{3, 2, {.bias = false}};
  CHECK_FALSE(without.bias.defined());
  CHECK(nn::named_parameters(without).size() == 1);
  CHECK(nn::named_parameters(without)[0].name == "weight");
}

TEST_CASE("the gradients of Linear") {
  nn::Linear layer{3, 2};
  nn::to(layer, f64);
  CHECK_MODEL_GRADIENTS(layer, randn({4, 3}, f64));
  CHECK_MODEL_GRADIENTS(layer, randn({2, 4, 3}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return tanh(layer(x)); }, randn({4, 3}, f64));
}

TEST_CASE("Linear starts uniform over ±1/√in, from the seed") {
  seed(3);
  nn::Linear layer{400, 300};
  double bound = 1 / std::sqrt(400.0);
  CHECK(amax(layer.weight).item() <= bound);
  CHECK(amax(layer.weight).item() > 0.99 * bound);
  CHECK(amin(layer.weight).item() >= -bound);
  CHECK(std::abs(mean(layer.weight).item()) < 0.01 * bound);
  CHECK(mean(layer.weight * layer.weight).item() == doctest::Approx(bound * bound / 3).epsilon(0.01));
  CHECK(amax(layer.bias).item() <= bound);
  CHECK(amax(layer.bias).item() > 0.9 * bound);
  seed(3);
  nn::Linear again{400, 300};
  CHECK(again.weight.to_vector() == layer.weight.to_vector());
  CHECK(nn::Linear(0, 3)(zeros({2, 0})).shape() == Shape{2, 3});
}

TEST_CASE("what Linear refuses") {
  nn::Linear layer{3, 2};
  CHECK_THROWS_WITH_AS(layer(zeros({5, 4})), doctest::Contains("(5, 4)"), ShapeError);
  CHECK_THROWS_WITH_AS(layer(zeros({5, 4})), doctest::Contains("(2, 3)"), ShapeError);
  CHECK_THROWS_WITH_AS(layer(zeros({5, 4})), doctest::Contains("layers_test.cpp:"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::Linear(-1, 2), doctest::Contains("Linear: sizes cannot be negative: in -1, out 2\n  at  "),
                       ValueError);
}

TEST_CASE("LayerNorm brings rows to mean 0 and variance 1, then scales and shifts") {
  nn::LayerNorm layer{3};
  Tensor y = layer(tensor({{1, 2, 6}, {5, 5, 5}}));
  double deviation = std::sqrt(14.0 / 3 + 1e-5);  // of 1, 2, 6, whose mean is 3
  std::vector<double> expected{-2 / deviation, -1 / deviation, 3 / deviation, 0, 0, 0};
  for (std::size_t i = 0; i < 6; ++i) CHECK(y.to_vector()[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  layer.weight = tensor({2, 2, 2});
  layer.bias = tensor({1, 1, 1});
  CHECK(all_close(layer(tensor({{1, 2, 6}, {5, 5, 5}})), 2 * y + 1));
  nn::LayerNorm block{{2, 3}, {.bias = false}}, plain{3, {.affine = false}};
  CHECK(block.weight.shape() == Shape{2, 3});
  CHECK(mean(block(randn({4, 2, 3})), {1, 2}).shape() == Shape{4});
  CHECK(nn::named_parameters(block).size() == 1);
  CHECK(nn::named_parameters(plain).size() == 0);
}

TEST_CASE("the gradients of LayerNorm") {
  nn::LayerNorm layer{4};
  nn::to(layer, f64);
  CHECK_MODEL_GRADIENTS(layer, randn({3, 4}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return layer(x); }, randn({2, 4}, f64));
}

TEST_CASE("what LayerNorm refuses") {
  nn::LayerNorm layer{3};
  CHECK_THROWS_WITH_AS(layer(zeros({5, 4})),
                       doctest::Contains("layer_norm: x has shape (5, 4), which does not end in (3,)"), ShapeError);
  CHECK_THROWS_WITH_AS(layer(Tensor(zeros({3})(0))), doctest::Contains("layers_test.cpp:"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::LayerNorm(Shape{}), doctest::Contains("cannot normalise over the shape ()"), ValueError);
}

TEST_CASE("Bilinear is aᵀ W b + bias for each output") {
  nn::Bilinear layer{3, 2, 4};
  CHECK(layer.weight.shape() == Shape{4, 3, 2});
  CHECK(amax(abs(layer.weight)).item() <= 1 / std::sqrt(3.0));
  Tensor a = randn({5, 3}), b = randn({5, 2});
  CHECK(all_close(layer(a, b), einsum("ni,oij,nj->no", a, layer.weight, b) + layer.bias, 1e-5, 1e-5));
  CHECK(layer(a(0), b(0)).shape() == Shape{4});
  CHECK(layer(zeros({0, 2, 3}), zeros({0, 2, 2})).shape() == Shape{0, 2, 4});
  CHECK(nn::named_parameters(nn::Bilinear{3, 2, 4, {.bias = false}}).size() == 1);
  nn::to(layer, f64);
  CHECK_MODEL_GRADIENTS(layer, randn({2, 3}, f64), randn({2, 2}, f64));
}

TEST_CASE("what Bilinear refuses") {
  struct Model {
    nn::Bilinear both{3, 2, 4};
  } model;
  nn::parameters(model);
  CHECK_THROWS_WITH_AS(model.both(ones({5, 2}), ones({5, 2})),
                       doctest::Contains("bilinear: shapes (5, 2) and (5, 2) do not fit the weight (4, 3, 2)\n"
                                         "  layer  both\n"),
                       ShapeError);
  CHECK_THROWS_AS(model.both(ones({4, 3}), ones({5, 2})), ShapeError);
  CHECK_THROWS_WITH_AS(bilinear(ones({3}), ones({2}), ones({3, 2})),
                       doctest::Contains("bilinear: the weight has shape (3, 2), not (out, first, second)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(bilinear(ones({3}), ones({2}), ones({4, 3, 2}), ones({3})),
                       doctest::Contains("bilinear: the bias has shape (3,), the weight gives 4 outputs"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::Bilinear(1, -2, 3),
                       doctest::Contains("Bilinear: sizes cannot be negative: first 1, second -2, out 3"), ValueError);
}
