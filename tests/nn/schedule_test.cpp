// Schedules of learning rates: how they are joined, resumed and misused. Their values are in goldens_schedules_test.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Values = std::vector<double>;

nn::SGD make_optimizer() {
  return nn::SGD({{{variable(0.0)}, {.lr = 1, .momentum = 0.5}}, {{variable(0.0)}, {.lr = 0.5, .momentum = 0.25}}});
}

/// The rates of the first group, before each of the steps.
template <class Schedule>
Values run(const nn::Optimizer& optimizer, Schedule& schedule, int steps) {
  Values rates = {optimizer.learning_rate()};
  for (int i = 0; i < steps; ++i) {
    schedule.step();
    rates.push_back(optimizer.learning_rate());
  }
  return rates;
}

}  // namespace

TEST_CASE("a schedule follows any function of the step, each group from its own rate") {
  nn::SGD optimizer = make_optimizer();
  nn::Schedule schedule(optimizer, [](std::int64_t step) { return std::ldexp(1.0, static_cast<int>(-step)); });
  CHECK(run(optimizer, schedule, 3) == Values{1, 0.5, 0.25, 0.125});
  CHECK(optimizer.learning_rate(1) == 0.0625);
  CHECK(schedule.steps() == 3);
}

TEST_CASE("schedules work on any optimizer") {
  Tensor w = variable(1.0);
  nn::AdamW adamw({w}, {.lr = 1});
  nn::CosineSchedule cosine(adamw, {.steps = 2});
  CHECK(run(adamw, cosine, 2)[2] == 0);
  nn::Adagrad adagrad({w}, {.lr = 1});
  nn::LinearSchedule warm_up(adagrad, {.steps = 4, .start = 0});
  CHECK(run(adagrad, warm_up, 5) == Values{0, 0.25, 0.5, 0.75, 1, 1});
  nn::Adam adam({w}, {.lr = 1});
  nn::OneCycleSchedule cycle(adam, {.steps = 10});
  CHECK(adam.momentum() == 0.95);
  cycle.step();
  cycle.step();
  CHECK(adam.momentum() == doctest::Approx(0.85));
  CHECK(adam.learning_rate() == doctest::Approx(1));
}

TEST_CASE("curves are joined in any depth") {
  nn::SGD optimizer = make_optimizer();
  nn::ProductCurve falling{.curves = {nn::StepCurve{.every = 2, .factor = 0.5}, [](std::int64_t) { return 0.5; }}};
  nn::SequenceSchedule schedule(
      optimizer, {.curves = {nn::LinearCurve{.steps = 2, .start = 0.5}, falling, nn::ExponentialCurve{.factor = 2}},
                  .milestones = {2, 5}});
  CHECK(run(optimizer, schedule, 7) == Values{0.5, 0.75, 0.5, 0.5, 0.25, 1, 2, 4});
}

TEST_CASE("past its end a cycle stays where it ended") {
  nn::SGD optimizer = make_optimizer();
  nn::OneCycleSchedule schedule(optimizer, {.steps = 4, .cycle_momentum = false});
  Values rates = run(optimizer, schedule, 6);
  CHECK(rates[3] == doctest::Approx(1 / 25.0 / 1e4));
  CHECK(rates[6] == rates[3]);
  CHECK(optimizer.momentum() == 0.5);
  for (std::int64_t steps : {1, 2, 3}) {
    nn::SGD other = make_optimizer();
    nn::OneCycleSchedule shortest(other, {.steps = steps, .three_phases = true});
    for (double rate : run(other, shortest, 4)) CHECK(std::isfinite(rate));
  }
}

TEST_CASE("a plateau reduces the rate") {
  nn::SGD optimizer = make_optimizer();
  nn::PlateauSchedule schedule(optimizer, {.factor = 0.5, .patience = 1});
  CHECK(std::isinf(schedule.best()));
  for (double metric : {1.0, 0.5, std::nan(""), 0.5}) schedule.step(metric);
  CHECK(schedule.best() == 0.5);
  CHECK(optimizer.learning_rate() == 0.5);
  CHECK(optimizer.learning_rate(1) == 0.25);
  CHECK(schedule.steps() == 4);
}

TEST_CASE("a schedule stopped and resumed goes on as if it had not been") {
  nn::SGD optimizer = make_optimizer(), other = make_optimizer();
  other.set_learning_rate(0.125);
  nn::OneCycleSchedule schedule(optimizer, {.steps = 9}), resumed(other, {.steps = 9});
  run(optimizer, schedule, 3);
  nn::set_state(resumed, nn::state_of(schedule));
  CHECK(resumed.steps() == 3);
  CHECK(other.learning_rate(1) == optimizer.learning_rate(1));
  CHECK(other.momentum(1) == optimizer.momentum(1));
  CHECK(run(other, resumed, 5) == run(optimizer, schedule, 5));

  nn::PlateauSchedule plateau(optimizer, {.patience = 2}), again(other, {.patience = 2});
  for (double metric : {1.0, 2.0, 2.0}) plateau.step(metric);
  nn::set_state(again, nn::state_of(plateau));
  double before = other.learning_rate();
  again.step(2.0);
  CHECK(other.learning_rate() == doctest::Approx(0.1 * before));
  CHECK(again.best() == 1);
}

TEST_CASE("saving the state of a schedule leaves the optimizer alone") {
  nn::SGD optimizer = make_optimizer();
  nn::StepSchedule schedule(optimizer, {.every = 2});
  optimizer.set_learning_rate(7);
  nn::state_of(schedule);
  CHECK(optimizer.learning_rate() == 7);
}

TEST_CASE("a state that a schedule cannot go on from is refused before anything changes") {
  auto with = [](std::vector<nn::NamedArray> state, const char* name, const Array& value) {
    for (nn::NamedArray& part : state)
      if (part.name == name) part.array = value;
    return state;
  };
  auto refuses = [&](nn::Schedule& schedule, const nn::Optimizer& optimizer, const char* name, const Array& value,
                     const char* text) {
    Values rates = {optimizer.learning_rate(0), optimizer.learning_rate(1)};
    auto before = nn::state_of(schedule);
    CHECK_THROWS_WITH_AS(nn::set_state(schedule, with(before, name, value)), doctest::Contains(text), FormatError);
    auto after = nn::state_of(schedule);
    for (std::size_t i = 0; i < after.size(); ++i)
      CHECK(Tensor(after[i].array).to_vector() == Tensor(before[i].array).to_vector());
    CHECK(Values{optimizer.learning_rate(0), optimizer.learning_rate(1)} == rates);
  };
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  nn::SGD optimizer = make_optimizer(), other = make_optimizer();
  nn::StepSchedule growing(optimizer, {.every = 2, .factor = 2});
  refuses(growing, optimizer, "steps", Array(16384, i64), "steps: the learning rate of step 16384 would be inf");
  refuses(growing, optimizer, "base.0", Array(double(INFINITY), f64),
          "base.0: is inf, not from 0 to 1.797693134862315");
  refuses(growing, optimizer, "steps", Array(last, i64),
          "steps: is 9223372036854775807, not from 0 to 9007199254740992");
  nn::CosineRestartsSchedule restarts(other, {.steps = 1, .growth = 2});
  refuses(restarts, other, "steps", Array(last, i64), "steps: is 9223372036854775807, not from 0 to");
  nn::set_state(restarts, with(nn::state_of(restarts), "steps", Array(nn::StateVisitor::most_steps, i64)));
  restarts.step();
  CHECK(std::isfinite(other.learning_rate()));
  // Lengths stop growing where they would no longer be integers.
  for (std::int64_t growth : {std::int64_t(2), std::int64_t(3), last})
    CHECK(std::isfinite(nn::CosineRestartsCurve{.steps = 1, .growth = growth}.rate(1, last)));
}

TEST_CASE("what schedules refuse") {
  nn::SGD o = make_optimizer();
  nn::Adagrad adagrad({variable(0.0)});
  auto refuses = [&](auto make, const char* text) {
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(text), ValueError);
    CHECK(o.learning_rate() == 1);
    CHECK(o.momentum() == 0.5);
  };
  refuses([&] { nn::StepSchedule(o, {}); }, "StepSchedule: every must be at least 1, not 0\n  at  schedule_test.cpp:");
  refuses([&] { nn::StepSchedule(o, {.every = 1, .factor = -1}); }, "StepSchedule: factor must be at least 0");
  refuses(
      [&] {
        nn::MultiStepSchedule(o, {.milestones = {5, 3}});
      },
      "MultiStepSchedule: milestones must be steps in ascending order");
  refuses([&] { nn::MultiStepSchedule(o, {.milestones = {-1}}); }, "milestones must be steps");
  refuses([&] { nn::ExponentialSchedule(o, {}); }, "ExponentialSchedule: factor must be above 0 and finite, not 0\n");
  refuses([&] { nn::LinearSchedule(o, {.steps = 0}); }, "LinearSchedule: steps must be at least 1");
  refuses([&] { nn::LinearSchedule(o, {.start = NAN}); }, "LinearSchedule: start must be at least 0 and finite");
  refuses([&] { nn::PolynomialSchedule(o, {.power = INFINITY}); }, "PolynomialSchedule: power must be at least 0");
  refuses([&] { nn::CosineSchedule(o, {}); }, "CosineSchedule: steps must be at least 1");
  refuses([&] { nn::CosineSchedule(o, {.steps = 1, .lowest = -1}); }, "CosineSchedule: lowest must be at least 0");
  refuses([&] { nn::CosineRestartsSchedule(o, {.steps = 1, .growth = 0}); }, "growth must be at least 1");
  refuses([&] { nn::OneCycleSchedule(o, {}); }, "OneCycleSchedule: steps must be at least 1");
  refuses([&] { nn::OneCycleSchedule(o, {.steps = 5, .rising = 2}); }, "rising must be a share from 0 to 1");
  refuses([&] { nn::OneCycleSchedule(o, {.steps = 5, .start_divisor = 0}); }, "start_divisor must be above 0");
  refuses([&] { nn::OneCycleSchedule(o, {.steps = 5, .highest_momentum = 1}); }, "highest_momentum must be");
  refuses([&] { nn::OneCycleSchedule(adagrad, {.steps = 5}); }, "this optimizer has no momentum to cycle");
  CHECK(adagrad.learning_rate() == 1e-2);
  refuses([&] { nn::SequenceSchedule(o, {}); }, "there must be one milestone between each two curves");
  refuses([&] { nn::SequenceSchedule(o, {.curves = {nn::CosineCurve{}}}); }, "SequenceSchedule: steps must be");
  refuses([&] { nn::ProductSchedule(o, {.curves = {nn::StepCurve{}}}); }, "ProductSchedule: every must be");
  refuses([&] { nn::Schedule(o, [](std::int64_t) { return -1.0; }); },
          "Schedule: the learning rate of step 0 would be -1\n");
  refuses([&] { nn::PlateauSchedule(o, {.factor = 1}); }, "PlateauSchedule: factor must be at least 0 and below 1");
  refuses([&] { nn::PlateauSchedule(o, {.patience = -1}); }, "PlateauSchedule: patience must be at least 0");
  refuses([&] { nn::PlateauSchedule(o, {.threshold = 1}); }, "a relative threshold must be below 1");

  nn::Schedule breaks(o, [](std::int64_t step) { return step == 2 ? NAN : 1.0; });
  breaks.step();
  CHECK_THROWS_WITH_AS(breaks.step(), doctest::Contains("the learning rate of step 2 would be nan"), ValueError);
  CHECK(breaks.steps() == 1);
  CHECK(o.learning_rate() == 1);
  CHECK_THROWS_WITH_AS(adagrad.momentum(), doctest::Contains("Adagrad: this optimizer has no momentum"), ValueError);
}
