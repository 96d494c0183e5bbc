// L-BFGS: where it arrives, and how it is misused. Its steps are in goldens_optimizers_test.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Values = std::vector<double>;

/// Rosenbrock's valley; its minimum is at (1, 1).
Tensor valley(const Tensor& w) {
  Tensor x = w(0), y = w(1);
  return square(1 - x) + 100 * square(y - x * x);
}

Tensor start() { return variable(tensor({-1.2, 1.0}, f64)); }

}  // namespace

TEST_CASE("L-BFGS reaches the end of a curved valley in one step") {
  Tensor w = start();
  nn::LBFGS optimizer({w}, {.iterations = 100, .change_tolerance = 1e-14, .strong_wolfe = true});
  CHECK(optimizer.step([&] { return valley(w); }) == doctest::Approx(24.2));
  CHECK(w.to_vector()[0] == doctest::Approx(1).epsilon(1e-6));
  CHECK(w.to_vector()[1] == doctest::Approx(1).epsilon(1e-6));
  CHECK(optimizer.steps() == 1);
  double before = w.to_vector()[0];
  optimizer.step([&] { return valley(w); });
  CHECK(w.to_vector()[0] == doctest::Approx(before).epsilon(1e-6));
}

TEST_CASE("L-BFGS passes over frozen parameters and those without a gradient") {
  Tensor w = start(), unused = variable(3.0, f32), constant = tensor(2.0);
  nn::LBFGS optimizer({w, unused, constant}, {.strong_wolfe = true});
  optimizer.step([&] { return valley(w) * constant; });
  CHECK(valley(w).item() < 1);
  CHECK(unused.item() == 3);
  CHECK(constant.item() == 2);
  CHECK(unused.dtype() == f32);
}

TEST_CASE("L-BFGS stopped and resumed goes on as if it had not been") {
  nn::LbfgsOptions options{.iterations = 4, .history = 3, .strong_wolfe = true};
  Tensor w = start(), v = start();
  nn::LBFGS optimizer({w}, options), resumed({v}, options);
  optimizer.step([&] { return valley(w); });
  nn::set_state(resumed, nn::state_of(optimizer));
  v.assign(w);
  for (int i = 0; i < 3; ++i) {
    optimizer.step([&] { return valley(w); });
    resumed.step([&] { return valley(v); });
    CHECK(w.to_vector() == v.to_vector());
  }
  // A state that does not hold together is as good as none.
  std::vector<nn::NamedArray> parts = nn::state_of(optimizer);
  std::erase_if(parts, [](const nn::NamedArray& part) { return part.name == "0.change" || part.name == "direction"; });
  nn::set_state(resumed, parts);
  resumed.step([&] { return valley(v); });
  CHECK(std::isfinite(v.to_vector()[0]));
}

TEST_CASE("when the closure throws, L-BFGS is where it was") {
  Tensor w = start();
  nn::LBFGS optimizer({w}, {.strong_wolfe = true});
  int calls = 0;
  auto closure = [&] {
    if (++calls == 3) throw ValueError("no more data");
    return valley(w);
  };
  CHECK_THROWS_AS(optimizer.step(closure), ValueError);
  CHECK(w.to_vector() == Values{-1.2, 1});
  CHECK(optimizer.steps() == 0);
  Tensor v = start();
  nn::LBFGS other({v}, {.strong_wolfe = true});
  optimizer.step([&] { return valley(w); });
  other.step([&] { return valley(v); });
  CHECK(w.to_vector() == v.to_vector());
}

TEST_CASE("a loss that is not finite moves nothing") {
  Tensor w = start();
  nn::LBFGS optimizer({w});
  optimizer.step([&] { return sum(w) * NAN; });
  CHECK(w.to_vector() == Values{-1.2, 1});
}

TEST_CASE("a direction that is not finite ends a step of L-BFGS") {
  for (bool strong_wolfe : {false, true}) {
    Tensor p = variable(tensor({0.0, 1.0}, f64)), q = variable(tensor({1.0}, f64));
    nn::LBFGS roots({p}, {.strong_wolfe = strong_wolfe}), steep({q}, {.strong_wolfe = strong_wolfe});
    roots.step([&] { return sum(sqrt(p)); });
    CHECK(p.to_vector() == Values{0, 1});
    steep.step([&] { return sum(q * q * 1e200); });
    CHECK(q.item() == 1);
    // It goes on from there as if new.
    roots.step([&] { return sum(square(p - 3)); });
    CHECK(p.to_vector()[0] == doctest::Approx(3));
    CHECK(p.to_vector()[1] == doctest::Approx(3));
  }
}

TEST_CASE("the strong Wolfe search turns back where the loss is not defined") {
  Tensor p = variable(tensor({0.0}, f64));
  nn::LBFGS optimizer({p}, {.strong_wolfe = true});
  optimizer.step([&] { return sum(-3 * p - log(0.5 - p)); });
  CHECK(p.item() == doctest::Approx(1.0 / 6));
  // Even where it says to go on: -inf is no minimum.
  Tensor q = variable(tensor({0.0}, f64));
  nn::LBFGS other({q}, {.strong_wolfe = true});
  other.step([&] { return sum(q.item() < 0.5 ? square(q - 0.25) * 8 : q * -INFINITY); });
  CHECK(q.item() == doctest::Approx(0.25));
}

TEST_CASE("what L-BFGS refuses") {
  Tensor w = start();
  nn::LBFGS optimizer({w});
  CHECK_THROWS_WITH_AS(optimizer.step(), doctest::Contains("LBFGS: a step computes the loss several times"),
                       ValueError);
  w.set_grad(ones({2}, f64));
  CHECK_THROWS_WITH_AS(optimizer.minimize(valley(w)), doctest::Contains("at  lbfgs_test.cpp:"), ValueError);
  CHECK(w.has_grad());
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.lr = NAN}), doctest::Contains("LBFGS: lr must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.iterations = 0}), doctest::Contains("iterations must be at least 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.evaluations = -1}), doctest::Contains("evaluations must be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.gradient_tolerance = -1}), doctest::Contains("gradient_tolerance must be"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.change_tolerance = NAN}), doctest::Contains("change_tolerance must be"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({w}, {.history = 0}), doctest::Contains("history must be at least 1"), ValueError);
  CHECK_THROWS_WITH_AS(nn::LBFGS({}), doctest::Contains("LBFGS: there are no parameters"), ValueError);
  CHECK(optimizer.learning_rate() == 1);
  CHECK_FALSE(optimizer.has_momentum());
}
