// Moving averages of weights.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Values = std::vector<double>;

struct Model {
  nn::Parameter w{tensor({4.0, 8.0}, f64)};
  nn::Buffer seen{tensor(0, i64)};
};

}  // namespace

TEST_CASE("a moving average follows the weights, and is swapped in and back") {
  Model model;
  nn::MovingAverage average(model, {.decay = 0.75});
  model.w = tensor({0.0, 0.0}, f64);
  model.seen = tensor(7, i64);
  average.update();
  average.update();
  CHECK(average.updates() == 2);
  {
    auto swapped = average.swap_in();
    CHECK(model.w.to_vector() == Values{2.25, 4.5});
    CHECK(model.seen.item() == 7);
    CHECK_THROWS_WITH_AS(average.update(), doctest::Contains("MovingAverage: the weights are swapped"), ValueError);
    CHECK_THROWS_WITH_AS((void)average.swap_in(), doctest::Contains("the averages are swapped in already"), ValueError);
  }
  CHECK(model.w.to_vector() == Values{0, 0});
  Model smooth = average.copy_of(model);
  CHECK(smooth.w.to_vector() == Values{2.25, 4.5});
  CHECK(model.w.to_vector() == Values{0, 0});
  smooth.w = tensor({1.0, 1.0}, f64);
  average.update();
  CHECK(average.copy_of(model).w.to_vector() == Values{1.6875, 3.375});
}

TEST_CASE("training goes on undisturbed beside a moving average") {
  auto train = [](bool averaged) {
    seed(9);
    nn::Linear layer{3, 2};
    nn::Adam optimizer(nn::parameters(layer), {.lr = 0.1});
    nn::MovingAverage average(layer, {.decay = 0.9});
    Tensor x = randn({8, 3});
    for (int i = 0; i < 5; ++i) {
      optimizer.minimize(nn::mse(layer(x), 1));
      if (!averaged) continue;
      average.update();
      auto swapped = average.swap_in();
      layer(x);
    }
    return layer.weight.to_vector();
  };
  CHECK(train(true) == train(false));
}

TEST_CASE("a warm-up forgets the start") {
  Model model;
  nn::MovingAverage average(model, {.decay = 0.999, .warm_up = true});
  model.w = tensor({0.0, 0.0}, f64);
  average.update();
  CHECK(average.copy_of(model).w.to_vector()[0] == doctest::Approx(4 * 2.0 / 11));
}

TEST_CASE("an average follows a model that is moved and converted, and is saved and loaded") {
  Model model;
  nn::MovingAverage average(model, {.decay = 0.5});
  Model moved = std::move(model);
  nn::to(moved, f32);
  moved.w = tensor({0.0, 0.0}, f32);
  average.update();
  CHECK(average.copy_of(moved).w.to_vector() == Values{2, 4});
  CHECK(average.copy_of(moved).w.dtype() == f32);

  Model other;
  nn::to(other, f32);
  nn::MovingAverage loaded(other, {.decay = 0.5});
  nn::set_state(loaded, nn::state_of(average));
  CHECK(loaded.updates() == 1);
  CHECK(loaded.copy_of(other).w.to_vector() == Values{2, 4});
}

TEST_CASE("averages that are swapped in are neither saved nor loaded") {
  Model model;
  nn::MovingAverage average(model, {.decay = 0.5});
  model.w = tensor({0.0, 0.0}, f64);
  average.update();
  auto state = nn::state_of(average);
  {
    auto swapped = average.swap_in();
    const char* text = "MovingAverage: the averages are swapped in and cannot be saved or loaded";
    CHECK_THROWS_WITH_AS(nn::state_of(average), doctest::Contains(text), ValueError);
    CHECK_THROWS_WITH_AS(nn::set_state(average, state), doctest::Contains(text), ValueError);
  }
  CHECK(model.w.to_vector() == Values{0, 0});
  CHECK(average.copy_of(model).w.to_vector() == Values{2, 4});
}

TEST_CASE("what moving averages refuse") {
  Model model;
  for (double bad : {-0.5, 1.0, double(NAN)})
    CHECK_THROWS_WITH_AS(nn::MovingAverage(model, {.decay = bad}),
                         doctest::Contains("MovingAverage: decay must be at least 0 and below 1"), ValueError);
  struct Empty {
  } empty;
  CHECK_THROWS_WITH_AS(nn::MovingAverage(empty, {}), doctest::Contains("the model has no parameters"), ValueError);
}
