// Optimizers against PyTorch 1.13 on L = w₀² + w₁²/2, and what they do with leaves.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Values = std::vector<double>;

/// The weights after three steps from (1, −2).
template <class Optimizer, class Options>
Values three_steps(const Options& options, DType dtype = f64) {
  Tensor w = variable(tensor({1.0, -2.0}, dtype));
  Optimizer optimizer({w}, options);
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    sum(w * w * tensor({1.0, 0.5}, dtype)).backward();
    optimizer.step();
  }
  CHECK(optimizer.steps() == 3);
  return w.to_vector();
}

void check_close(const Values& values, const Values& expected, double tolerance = 1e-13) {
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(values[i] == doctest::Approx(expected[i]).epsilon(tolerance));
}

}  // namespace

TEST_CASE("SGD as PyTorch does it") {
  auto sgd = [](const nn::SgdOptions& options) { return three_steps<nn::SGD>(options); };
  check_close(sgd({.lr = 0.1}), {0.512, -1.458});
  check_close(sgd({.lr = 0.1, .momentum = 0.9}), {0.062, -0.972});
  check_close(sgd({.lr = 0.1, .momentum = 0.9, .dampening = 0.5}), {0.252, -1.2105});
  check_close(sgd({.lr = 0.1, .momentum = 0.9, .weight_decay = 0.1, .nesterov = true}), {-0.140468399, -0.547534942});
  check_close(sgd({.lr = 0.1, .weight_decay = 0.1}), {0.493039, -1.409938});
  check_close(three_steps<nn::SGD>(nn::SgdOptions{.lr = 0.1}, f32), {0.512, -1.458}, 1e-6);
}

TEST_CASE("Adam as PyTorch does it") {
  auto adam = [](const nn::AdamOptions& options) { return three_steps<nn::Adam>(options); };
  check_close(adam({.lr = 0.1}), {0.7015862729460302, -1.7006233928121137});
  check_close(adam({.lr = 0.1, .weight_decay = 0.1}), {0.7015862728718214, -1.700623392672905});
  check_close(three_steps<nn::Adam>(nn::AdamOptions{.lr = 0.1}, f32), {0.70158627, -1.7006234}, 1e-6);
}

TEST_CASE("many parameters, large and small, in one step") {
  Tensor large = variable(ones({300, 500})), small = variable(1.0), unused = variable(2.0);
  nn::SGD optimizer({large, small, unused}, {.lr = 0.5, .momentum = 0.5});
  (sum(large * 2) + small).backward();
  optimizer.step();
  CHECK(amin(large).item() == 0);
  CHECK(amax(large).item() == 0);
  CHECK(small.item() == 0.5);
  CHECK(unused.item() == 2);
  optimizer.zero_grad();
  CHECK_FALSE(large.has_grad());
  optimizer.set_learning_rate(0.25);
  CHECK(optimizer.learning_rate() == 0.25);
  small.backward();
  optimizer.step();
  CHECK(small.item() == 0.5 - 0.25 * 1.5);
}

TEST_CASE("a gradient that is a view is taken as it is meant") {
  Tensor w = variable({{1.0, 2.0}, {3.0, 4.0}}, f64);
  nn::SGD optimizer({w}, {.lr = 1});
  w.set_grad(transpose(tensor({{0.0, 1.0}, {2.0, 3.0}}, f64)));
  optimizer.step();
  CHECK(w.to_vector() == Values{1, 0, 2, 1});
  w.set_grad(broadcast_to(tensor(1.0, f64), {2, 2}));
  optimizer.step();
  CHECK(w.to_vector() == Values{0, -1, 1, 0});
}

TEST_CASE("a step leaves copies and views of the old values alone") {
  Tensor w = variable({1.0, 2.0}, f64);
  Tensor before = detach(w);
  nn::SGD optimizer({w}, {.lr = 1});
  sum(w).backward();
  optimizer.step();
  CHECK(before.to_vector() == Values{1, 2});
  CHECK(w.to_vector() == Values{0, 1});
}

TEST_CASE("backward through values that a step has changed is refused") {
  Tensor w = variable({1.0, 2.0}, f64);
  nn::SGD optimizer({w}, {.lr = 1});
  Tensor loss = sum(w * w);
  loss.backward({.retain_graph = true});
  optimizer.step();
  CHECK_THROWS_WITH_AS(loss.backward(), doctest::Contains("changed  at optim_test.cpp:"), GradError);
}

TEST_CASE("an optimizer follows its model through moves, conversion and freezing") {
  struct Model {
    nn::Linear layer{2, 1};
  } model;
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1, .momentum = 0.9});
  nn::Adam adam(nn::parameters(model));
  auto step = [&](Model& m, DType dtype) {
    optimizer.zero_grad();
    sum(m.layer(ones({1, 2}, dtype))).backward();
    Values before = m.layer.weight.to_vector();
    optimizer.step();
    adam.step();
    return before != m.layer.weight.to_vector();
  };
  CHECK(step(model, f32));
  Model moved = std::move(model);
  CHECK(step(moved, f32));
  nn::to(moved, f64);
  CHECK(step(moved, f64));
  nn::freeze(moved.layer.weight);
  CHECK_FALSE(step(moved, f64));
  nn::unfreeze(moved);
  CHECK(step(moved, f64));
}

TEST_CASE("what optimizers refuse") {
  Tensor w = variable(1.0);
  CHECK_THROWS_WITH_AS(nn::SGD(std::vector<Tensor>{}), doctest::Contains("SGD: there are no parameters to train"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w, Tensor()}), doctest::Contains("SGD: parameter 1 is undefined"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w * 2}), doctest::Contains("SGD: parameter 0 was made by an op"), GradError);
  CHECK_THROWS_WITH_AS(nn::SGD({tensor(1, i64)}), doctest::Contains("SGD: parameter 0 is not of real numbers"),
                       GradError);
  CHECK_THROWS_WITH_AS(nn::SGD({w, w}), doctest::Contains("SGD: a parameter is listed twice"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.lr = -1}), doctest::Contains("SGD: lr must be at least 0, not -1.0"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.lr = NAN}), doctest::Contains("SGD: lr must be at least 0, not nan"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.momentum = -1}), doctest::Contains("SGD: momentum must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.weight_decay = -1}), doctest::Contains("SGD: weight_decay must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.nesterov = true}), doctest::Contains("Nesterov's form needs a momentum"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.beta1 = 1}), doctest::Contains("Adam: beta1 and beta2 must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.eps = -1}), doctest::Contains("Adam: eps must be at least 0"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.weight_decay = -1}), doctest::Contains("Adam: weight_decay must"), ValueError);
  nn::SGD optimizer({w});
  CHECK_THROWS_WITH_AS(optimizer.set_learning_rate(-0.5), doctest::Contains("at  optim_test.cpp:"), ValueError);
  CHECK(optimizer.learning_rate() == 1e-3);
}

TEST_CASE("after its first steps a training loop asks the system for no memory") {
  struct Mlp {
    nn::Linear hidden{4, 16};
    nn::Linear out{16, 3};
  } model;
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.01, .momentum = 0.9});
  Tensor x = randn({8, 4}), y = randint(0, 3, {8});
  auto step = [&] {
    optimizer.zero_grad();
    nn::cross_entropy(model.out(tanh(model.hidden(x))), y).backward();
    optimizer.step();
  };
  for (int i = 0; i < 3; ++i) step();
  std::int64_t before = memory_stats().system_allocations;
  for (int i = 0; i < 20; ++i) step();
#ifndef __SANITIZE_ADDRESS__
  CHECK(memory_stats().system_allocations == before);
#else
  (void)before;
#endif
}
