// Objects that list their state once: what is saved comes back, and what does not fit changes nothing.
#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <string>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Inner {
  double rate = 0.5;
  std::vector<std::int64_t> marks{1, 2, 3};
  void state(nn::StateVisitor& visitor) {
    visitor.visit("rate", rate, 0);
    visitor.visit("marks", marks);
  }
};

struct Outer {
  std::int64_t steps = 7;
  std::uint64_t key = 0xfedcba9876543210u;
  bool warm = true;
  double best = -std::numeric_limits<double>::infinity();
  std::vector<double> history{0.5, 0.25};
  Array mean = Array::full({2, 3}, 1.5, f32), late;
  Rng rng{42};
  Inner inner;
  void state(nn::StateVisitor& visitor) {
    visitor.visit("steps", steps, 0, 1000);
    visitor.visit("key", key);
    visitor.visit("warm", warm);
    visitor.visit("best", best);
    visitor.visit("history", history);
    visitor.visit("mean", mean, {2, 3}, f32);
    visitor.visit("late", late, {4}, f64);
    visitor.visit("rng", rng);
    auto scope = visitor.enter("inner");
    inner.state(visitor);
  }
};

std::map<std::string, std::string> shown(const std::vector<nn::NamedArray>& state) {
  std::map<std::string, std::string> result;
  for (const auto& [name, array] : state) result[name] = std::string(name_of(array.dtype())) + to_string(array.shape());
  return result;
}

std::string complaint(Outer& object, const std::vector<nn::NamedArray>& state) {
  auto before = nn::state_of(object);
  try {
    nn::set_state(object, state);
  } catch (const FormatError& error) {
    auto after = nn::state_of(object);
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i)
      CHECK(std::string(reinterpret_cast<const char*>(before[i].array.bytes()),
                        static_cast<std::size_t>(before[i].array.size()) * size_of(before[i].array.dtype())) ==
            std::string(reinterpret_cast<const char*>(after[i].array.bytes()),
                        static_cast<std::size_t>(after[i].array.size()) * size_of(after[i].array.dtype())));
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an object's state by name") {
  Outer object;
  object.rng.reserve(5);
  CHECK(shown(nn::state_of(object)) == std::map<std::string, std::string>{{"steps", "i64()"},
                                                                          {"key", "i64()"},
                                                                          {"warm", "boolean()"},
                                                                          {"best", "f64()"},
                                                                          {"history", "f64(2,)"},
                                                                          {"mean", "f32(2, 3)"},
                                                                          {"rng.seed", "i64()"},
                                                                          {"rng.position", "i64()"},
                                                                          {"inner.rate", "f64()"},
                                                                          {"inner.marks", "i64(3,)"}});
}

TEST_CASE("what was saved comes back, and is a copy") {
  Outer object;
  object.rng.reserve(5);
  auto state = nn::state_of(object);
  object.mean.fill<float>()[0] = 9;
  Outer other;
  other.steps = 0, other.key = 0, other.warm = false, other.best = 1;
  other.history = {}, other.mean = {}, other.late = Array::zeros({4}, f64);
  other.inner = {.rate = 9, .marks = {}};
  nn::set_state(other, state);
  CHECK(other.steps == 7);
  CHECK(other.key == 0xfedcba9876543210u);
  CHECK(other.warm);
  CHECK(other.best == -std::numeric_limits<double>::infinity());
  CHECK(other.history == std::vector<double>{0.5, 0.25});
  CHECK(Tensor(other.mean).to_vector<float>() == std::vector<float>(6, 1.5f));
  CHECK(!other.mean.shares_storage_with(object.mean));
  CHECK(!other.late);  // was not there
  CHECK(other.rng.state() == object.rng.state());
  CHECK(other.inner.rate == 0.5);
  CHECK(other.inner.marks == std::vector<std::int64_t>{1, 2, 3});
  other.mean.fill<float>()[1] = 3;
  Outer third;
  nn::set_state(third, state);
  CHECK(third.mean.data<float>()[1] == 1.5f);
}

TEST_CASE("an array is saved in the dtype it is wanted in") {
  Outer object;
  object.mean = Array::full({2, 3}, 2, f64);
  CHECK(shown(nn::state_of(object))["mean"] == "f32(2, 3)");
}

TEST_CASE("all that does not fit is listed, and nothing changes") {
  Outer object;
  auto state = nn::state_of(object);
  state.push_back({"late", Array::zeros({5}, f64)});
  state.push_back({"stray", Array::zeros({}, f64)});
  auto at = [&](const char* name) -> Array& {
    for (auto& named : state)
      if (named.name == name) return named.array;
    throw name;
  };
  at("steps") = Array(1001, i64);
  at("inner.rate") = Array(std::numeric_limits<double>::quiet_NaN(), f64);
  at("mean") = Array::zeros({3, 2}, f32);
  at("history") = Array::zeros({2, 2}, f64);
  at("best") = Array(1, f32);
  std::erase_if(state, [](const nn::NamedArray& named) { return named.name == "warm"; });
  std::string message = complaint(object, state);
  CHECK(
      message.starts_with("set_state: the names do not fit: 1 missing, 1 unexpected, 6 mismatched\n"
                          "  missing  warm\n"
                          "  unexpected  stray\n"
                          "  mismatched  steps: is 1001, not from 0 to 1000\n"
                          "  mismatched  best: is f32 (), wanted f64 ()\n"
                          "  mismatched  history: is f64 (2, 2), wanted f64 (any,)\n"
                          "  mismatched  mean: is f32 (3, 2), wanted f32 (2, 3)\n"
                          "  mismatched  late: is f64 (5,), wanted f64 (4,)\n"
                          "  mismatched  inner.rate: is nan, not from 0 to inf\n"
                          "  at  state_test.cpp:"));
  state.clear();
  for (int i = 0; i < 30; ++i) state.push_back({"stray" + std::to_string(i), Array::zeros({}, f32)});
  CHECK(complaint(object, state).find("\n  unexpected  and 10 more\n") != std::string::npos);
}

TEST_CASE("a name listed twice is refused") {
  struct Twice {
    double a = 0;
    void state(nn::StateVisitor& visitor) {
      visitor.visit("a", a);
      visitor.visit("a", a);
    }
  } twice;
  CHECK_THROWS_WITH_AS(nn::state_of(twice), doctest::Contains("state: two things are listed as `a`"), ValueError);
}

TEST_CASE("numbers and generators are states too") {
  int epoch = 3;
  float rate = 0.25f;
  bool done = true;
  Rng rng(1);
  auto at_epoch = nn::state_of(epoch), at_rate = nn::state_of(rate), at_done = nn::state_of(done),
       at_rng = nn::state_of(rng);
  epoch = 0, rate = 0, done = false;
  rng.reserve(3);
  nn::set_state(epoch, at_epoch);
  nn::set_state(rate, at_rate);
  nn::set_state(done, at_done);
  nn::set_state(rng, at_rng);
  CHECK(epoch == 3);
  CHECK(rate == 0.25f);
  CHECK(done);
  CHECK(rng.state() == Rng(1).state());
  CHECK_THROWS_WITH_AS(nn::set_state(epoch, {{"", Array(std::int64_t(1) << 40, i64)}}),
                       doctest::Contains("is 1099511627776, not from -2147483648 to 2147483647"), FormatError);
}
