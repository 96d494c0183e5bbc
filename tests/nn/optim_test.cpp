// Optimizers against PyTorch 1.13 on L = w₀² + w₁²/2, and what they do with leaves.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>

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

TEST_CASE("groups of parameters have options of their own") {
  Tensor a = variable(1.0, f64), b = variable(1.0, f64), c = variable(1.0, f64);
  nn::SGD optimizer({{{a, b}, {.lr = 0.5}}, {{c}, {.lr = 0.25, .weight_decay = 2}}});
  CHECK(optimizer.groups() == 2);
  CHECK(optimizer.parameters().size() == 3);
  optimizer.minimize(a + 2 * b + c);
  CHECK(a.item() == 0.5);
  CHECK(b.item() == 0);
  CHECK(c.item() == 1 - 0.25 * (1 + 2));
  CHECK(optimizer.learning_rate() == 0.5);
  CHECK(optimizer.learning_rate(1) == 0.25);
  optimizer.set_learning_rate(0.125, 1);
  CHECK(optimizer.options(1).lr == 0.125);
  CHECK(optimizer.options(1).weight_decay == 2);
  optimizer.set_learning_rate(1);
  CHECK(optimizer.learning_rate(0) == 1);
  CHECK(optimizer.learning_rate(1) == 1);
  optimizer.set_options({.lr = 0.75, .momentum = 0.5}, 1);
  CHECK(optimizer.momentum(1) == 0.5);
  CHECK(optimizer.momentum() == 0);

  nn::AdamW one({{{a}, {.lr = 1e-4}}});
  CHECK(one.learning_rate() == 1e-4);
  CHECK(one.momentum() == 0.9);
  one.set_momentum(0.5);
  CHECK(one.options().beta1 == 0.5);
}

TEST_CASE("minimize forgets old gradients, runs backward and steps") {
  Tensor w = variable(4.0, f64);
  nn::SGD optimizer({w}, {.lr = 0.25});
  w.set_grad(tensor(100.0, f64));
  optimizer.minimize(w * w);
  CHECK(w.item() == 2);
  CHECK(w.grad().item() == 8);

  // What cannot be minimized leaves gradients and values as they are.
  Tensor used = w * w;
  used.backward();
  for (const Tensor& bad : {Tensor(), tensor(1.0), w * ones({2}, f64), used})
    CHECK_THROWS_AS(optimizer.minimize(bad), Error);
  CHECK(w.item() == 2);
  CHECK(w.grad().item() == 12);
  CHECK(optimizer.steps() == 1);
}

TEST_CASE("a step takes a closure that computes the loss, or loss and gradients") {
  Tensor w = variable(4.0, f64);
  nn::SGD optimizer({w}, {.lr = 0.25});
  CHECK(optimizer.step([&] { return w * w; }) == 16);
  CHECK(w.item() == 2);
  double loss = optimizer.step([&] {
    optimizer.zero_grad();
    Tensor square = w * w;
    square.backward();
    return square;
  });
  CHECK(loss == 4);
  CHECK(w.item() == 1);
  CHECK(optimizer.step([&] { return (w * w).backward(), 7; }) == 7);
  CHECK(w.item() == 0.5);
  CHECK_THROWS_AS(optimizer.step([&]() -> Tensor { throw ValueError("no data"); }), ValueError);
  CHECK(w.item() == 0.5);
  CHECK(optimizer.steps() == 3);
}

TEST_CASE("a batch taken in parts is the whole batch") {
  struct Mlp {
    nn::Linear hidden{3, 5};
    nn::Linear out{5, 1};
    Tensor operator()(const Tensor& x) const { return out(tanh(hidden(x))); }
  } whole;
  nn::to(whole, f64);
  Mlp parts = whole;
  Tensor x = randn({12, 3}, f64), y = randn({12, 1}, f64);
  nn::Adam of_whole(nn::parameters(whole)), of_parts(nn::parameters(parts));
  for (int step = 0; step < 5; ++step) {
    of_whole.minimize(nn::mse(whole(x), y));
    of_parts.zero_grad();
    for (std::int64_t part = 0; part < 4; ++part) {
      auto rows = range(3 * part, 3 * part + 3);
      (nn::mse(parts(x(rows)), y(rows)) / 4).backward();
    }
    of_parts.step();
    for (std::size_t i = 0; i < of_parts.parameters().size(); ++i)
      check_close(of_parts.parameters()[i].to_vector(), of_whole.parameters()[i].to_vector(), 1e-9);
  }
}

TEST_CASE("a step on any number of threads is the same to the bit") {
  auto train = [](int count) {
    int before = threads();
    set_threads(count);
    seed(5);
    std::vector<Tensor> parameters;
    for (std::int64_t size : {70001, 3, 0, 33000, 1, 20000}) parameters.push_back(variable(randn({size})));
    nn::AdamW adam(parameters, {.amsgrad = true});
    nn::SGD sgd(parameters, {.lr = 0.1, .momentum = 0.9});
    for (int step = 0; step < 3; ++step) {
      for (const Tensor& p : parameters) p.set_grad(randn(p.shape()));
      adam.step();
      sgd.step();
    }
    set_threads(before);
    return concatenate(parameters, 0);
  };
  Tensor one = train(1);
  CHECK(all_equal(train(2), one));
  CHECK(all_equal(train(7), one));
}

TEST_CASE("an optimizer stopped and resumed goes on as if it had not been") {
  auto resumes = [](auto& optimizer, auto& fresh) {
    const Tensor &w = optimizer.parameters()[0], &v = fresh.parameters()[0];
    auto step = [](nn::Optimizer& o, const Tensor& p) { o.minimize(sum(p * p * tensor({1.0, 0.5}, f64))); };
    for (int i = 0; i < 3; ++i) step(optimizer, w);
    optimizer.set_learning_rate(0.03125);
    nn::set_state(fresh, nn::state_of(optimizer));
    v.assign(w);
    CHECK(fresh.steps() == 3);
    CHECK(fresh.learning_rate() == 0.03125);
    auto saved = nn::state_of(fresh);
    for (int i = 0; i < 3; ++i) {
      step(optimizer, w);
      step(fresh, v);
      CHECK(w.to_vector() == v.to_vector());
    }
    nn::set_state(fresh, saved);  // what was saved has not been changed by the steps since
    CHECK(fresh.steps() == 3);
  };
  auto both = [&](auto make) {
    auto one = make(variable(tensor({1.0, -2.0}, f64))), other = make(variable(tensor({0.0, 0.0}, f64)));
    resumes(*one, *other);
  };
  both([](const Tensor& w) { return std::make_unique<nn::SGD>(std::vector{w}, nn::SgdOptions{.momentum = 0.9}); });
  both([](const Tensor& w) { return std::make_unique<nn::Adam>(std::vector{w}, nn::AdamOptions{.amsgrad = true}); });
  both([](const Tensor& w) { return std::make_unique<nn::AdamW>(std::vector{w}); });
  nn::RmsPropOptions rmsprop{.momentum = 0.5, .centered = true};
  both([&](const Tensor& w) { return std::make_unique<nn::RMSprop>(std::vector{w}, rmsprop); });
  both([](const Tensor& w) { return std::make_unique<nn::Adagrad>(std::vector{w}); });
  both([](const Tensor& w) { return std::make_unique<nn::Adadelta>(std::vector{w}); });
  both([](const Tensor& w) { return std::make_unique<nn::NAdam>(std::vector{w}); });
  both([](const Tensor& w) { return std::make_unique<nn::RAdam>(std::vector{w}); });
  both([](const Tensor& w) { return std::make_unique<nn::Lion>(std::vector{w}); });
}

TEST_CASE("an optimizer loads only rates and momenta that could be set") {
  nn::SGD optimizer({variable(1.0)}, {.lr = 0.5, .momentum = 0.25});
  auto state = nn::state_of(optimizer);
  auto refuses = [&](const std::string& name, const Array& value, const char* text) {
    auto changed = state;
    for (nn::NamedArray& part : changed)
      if (part.name == name) part.array = value;
    CHECK_THROWS_WITH_AS(nn::set_state(optimizer, changed), doctest::Contains(text), FormatError);
    CHECK(optimizer.learning_rate() == 0.5);
    CHECK(optimizer.momentum() == 0.25);
    CHECK(optimizer.steps() == 0);
  };
  refuses("groups.0.lr", Array(double(INFINITY), f64), "groups.0.lr: is inf, not from 0 to 1.797693134862315");
  refuses("groups.0.momentum", Array(7.0, f64), "groups.0.momentum: is 7, not from 0 to 0.999999999999999");
  refuses("groups.0.momentum", Array(1.0, f64), "groups.0.momentum: is 1, not from 0 to 0.999999999999999");
  refuses("steps", Array(std::numeric_limits<std::int64_t>::max(), i64), "steps: is 9223372036854775807, not from 0");
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
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.lr = -1}), doctest::Contains("SGD: lr must be at least 0 and finite, not -1\n"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.lr = NAN}), doctest::Contains("SGD: lr must be at least 0 and finite, not nan"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.momentum = -1}), doctest::Contains("SGD: momentum must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.momentum = 1}),
                       doctest::Contains("SGD: momentum must be at least 0 and below 1, not 1\n"), ValueError);
  CHECK_THROWS_WITH_AS(nn::RMSprop({w}, {.momentum = 1}), doctest::Contains("RMSprop: momentum must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.weight_decay = -1}), doctest::Contains("SGD: weight_decay must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.nesterov = true}), doctest::Contains("Nesterov's form needs a momentum"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.beta1 = 1}),
                       doctest::Contains("Adam: beta1 must be at least 0 and below 1, not 1\n"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.eps = -1}), doctest::Contains("Adam: eps must be at least 0"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.weight_decay = -1}), doctest::Contains("Adam: weight_decay must"), ValueError);
  CHECK_THROWS_WITH_AS(nn::Adam({w}, {.lr = INFINITY}), doctest::Contains("Adam: lr must be at least 0 and finite"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::AdamW({w}, {.beta2 = NAN}), doctest::Contains("AdamW: beta2 must be at least 0 and below 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({w}, {.dampening = NAN}), doctest::Contains("SGD: dampening must be finite"),
                       ValueError);
  for (double bad : {-1.0, double(NAN), double(INFINITY)}) {
    using A = nn::AdagradOptions;
    using B = nn::AdadeltaOptions;
    using N = nn::NAdamOptions;
    using L = nn::LionOptions;
    using R = nn::RmsPropOptions;
    for (const A& o : {A{.lr = bad}, A{.lr_decay = bad}, A{.weight_decay = bad}, A{.initial = bad}, A{.eps = bad}})
      CHECK_THROWS_WITH_AS(nn::Adagrad({w}, o), doctest::Contains(" must be at least 0 and finite, not "), ValueError);
    for (const B& o : {B{.lr = bad}, B{.rho = bad}, B{.eps = bad}, B{.weight_decay = bad}})
      CHECK_THROWS_WITH_AS(nn::Adadelta({w}, o), doctest::Contains("Adadelta: "), ValueError);
    for (const N& o : {N{.lr = bad}, N{.beta1 = bad}, N{.eps = bad}, N{.weight_decay = bad}, N{.momentum_decay = bad}})
      CHECK_THROWS_WITH_AS(nn::NAdam({w}, o), doctest::Contains("NAdam: "), ValueError);
    CHECK_THROWS_WITH_AS(nn::RAdam({w}, {.beta2 = bad}), doctest::Contains("RAdam: beta2 must be"), ValueError);
    for (const L& o : {L{.lr = bad}, L{.beta1 = bad}, L{.beta2 = bad}, L{.weight_decay = bad}})
      CHECK_THROWS_WITH_AS(nn::Lion({w}, o), doctest::Contains("Lion: "), ValueError);
    for (const R& o : {R{.lr = bad}, R{.alpha = bad}, R{.eps = bad}, R{.weight_decay = bad}, R{.momentum = bad}})
      CHECK_THROWS_WITH_AS(nn::RMSprop({w}, o), doctest::Contains("RMSprop: "), ValueError);
  }
  using Groups = std::vector<nn::ParameterGroup<nn::SgdOptions>>;
  std::vector<Tensor> none;
  CHECK_THROWS_WITH_AS(nn::SGD(Groups{}), doctest::Contains("SGD: there are no groups of parameters"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({{{w}, {.lr = 1}}, {none, {.lr = 1}}}),
                       doctest::Contains("SGD: there are no parameters"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({{{w}, {.lr = 1}}, {{w}, {.lr = 1}}}),
                       doctest::Contains("SGD: a parameter is listed twice"), ValueError);
  CHECK_THROWS_WITH_AS(nn::SGD({{{w}, {.lr = 1}}, {{w * 1}, {.lr = 1}}}),
                       doctest::Contains("SGD: parameter 1 was made by an op"), GradError);
  nn::SGD optimizer({w});
  CHECK_THROWS_WITH_AS(optimizer.learning_rate(1), doctest::Contains("SGD: there is no group 1: there are 1"),
                       IndexError);
  CHECK_THROWS_AS(optimizer.set_learning_rate(1, 1), IndexError);
  CHECK_THROWS_AS(optimizer.options(1), IndexError);
  CHECK_THROWS_WITH_AS(optimizer.set_options({.lr = -1}), doctest::Contains("SGD: lr must be"), ValueError);
  CHECK_THROWS_WITH_AS(optimizer.set_momentum(1), doctest::Contains("SGD: momentum must be at least 0 and below 1"),
                       ValueError);
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
