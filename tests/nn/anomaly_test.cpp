// DetectAnomaly: the first number that is not finite, and what made it.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The whole message of the GradError that `f` throws.
template <class F>
std::string caught(const F& f) {
  try {
    f();
  } catch (const GradError& error) {
    return error.what();
  }
  return "nothing";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string at(int line) { return "anomaly_test.cpp:" + std::to_string(line); }

}  // namespace

TEST_CASE("a value in forward: op, shapes, index, inputs there, line") {
  int line = 0;
  std::string text = caught([&] {
    inspect::DetectAnomaly guard;
    Tensor x = variable(tensor({{1.0, 2.0}, {0.0, -1.0}}));
    line = __LINE__ + 1;
    Tensor y = log(x);
  });
  CHECK(text.starts_with("log: computed a NaN\n"));
  CHECK(has(text, "\n  y  f32 (2, 2), 1 NaN and 1 infinite, the first at [1, 1]"));
  CHECK(has(text, "\n  x  f32 (2, 2), from -1 to 2; -1 at [1, 1]"));
  CHECK(has(text, "\n  at  " + at(line)));
  CHECK(has(text, "\n  try  keep its argument above 0"));
  text = caught([&] {
    inspect::DetectAnomaly guard;
    Tensor x = tensor({{1.0, 2.0}, {3.0, 0.5}}), y = tensor({4.0, 0.0});
    line = __LINE__ + 1;
    Tensor z = x / y;  // constants are looked at too
  });
  CHECK(text.starts_with("divide: computed an infinity\n"));
  CHECK(has(text, "\n  x0  f32 (2, 2), from 0.5 to 3; 2 at [0, 1]"));
  CHECK(has(text, "\n  x1  f32 (2,), from 0 to 4; 0 at that index"));
  CHECK(has(text, at(line)));
}

TEST_CASE("a gradient in backward: the op of forward and its line") {
  int line = 0;
  std::string text = caught([&] {
    inspect::DetectAnomaly guard;
    Tensor x = variable(tensor({4.0, 0.0}));
    line = __LINE__ + 1;
    Tensor y = sqrt(x);
    sum(y * 3.0).backward();
  });
  CHECK(text.starts_with("sqrt: its rule gave, as a gradient, an infinity\n"));
  CHECK(has(text, "\n  gradient  f32 (2,), 0 NaN and 1 infinite, the first at [1]"));
  CHECK(has(text, "\n  cotangent  f32 (2,), from 3 to 3; 3 at [1]"));
  CHECK(has(text, "\n  x  f32 (2,), from 0 to 4; 0 at [1]"));
  CHECK(has(text, at(line)));
  // A guard around backward alone knows op and line, not the inputs.
  Tensor x = variable(zeros({1}));
  Tensor y = sqrt(x);
  text = caught([&] {
    inspect::DetectAnomaly guard;
    y.backward();
  });
  CHECK(text.starts_with("sqrt: its rule gave, as a gradient, an infinity\n"));
  CHECK(has(text, at(__LINE__ - 6)));
  CHECK_FALSE(has(text, "\n  x  "));
  CHECK_FALSE(x.has_grad());
}

TEST_CASE("the first one counts, and what was wrong before is told apart") {
  std::string text = caught([&] {
    inspect::DetectAnomaly guard;
    Tensor z = variable(zeros({2}));
    sum(sqrt(z) * 0.0 + log(z)).backward();
  });
  CHECK(text.starts_with("log: computed an infinity\n"));
  Tensor data = tensor({1.0, NAN});
  text = caught([&] {
    inspect::DetectAnomaly guard;
    data * 2;
  });
  CHECK(text.starts_with("multiply: a NaN came in with an input\n"));
  CHECK(has(text, "x0  f32 (2,), from 1 to 1, 1 NaN; nan at [1]"));
  text = caught([&] {
    inspect::DetectAnomaly guard;
    tensor({infinity, 1.0}) - tensor({infinity, 1.0});
  });
  CHECK(text.starts_with("subtract: computed a NaN from an infinity\n"));
  Tensor loss = sum(log(variable(full({1}, -1))));
  text = caught([&] {
    inspect::DetectAnomaly guard;
    loss.backward();
  });
  CHECK(text.starts_with("backward: what is to be differentiated is not a number\n"));
  text = caught([&] {
    inspect::DetectAnomaly guard;
    Tensor x = variable(ones({2}));
    Tensor y = x * 2;
    on_grad(y, [](const Tensor& g) { return g * NAN; });
    sum(y).backward();
  });
  CHECK(text.starts_with("multiply: the cotangent of its output holds a NaN\n"));
}

TEST_CASE("infinities that the program passes in are its own affair") {
  inspect::DetectAnomaly guard;
  Tensor x = variable(randn({4, 4}));
  Tensor masked = where(tril(ones({4, 4})) > 0, x, -infinity);
  Tensor loss = sum(square(softmax(masked, 1)));
  loss.backward();
  CHECK(sum(isfinite(x.grad())).item() == 16);
}

TEST_CASE("finite but huge") {
  Tensor x = variable(full({3}, 1e4));
  std::string text = caught([&] {
    inspect::DetectAnomaly guard({.limit = 1e6});
    square(x);
  });
  CHECK(text.starts_with("square: computed 1e+08, which is beyond the limit of 1e+06\n"));
  text = caught([&] {
    inspect::DetectAnomaly guard({.limit = 1e6});
    sum(x * 2 * 3).backward({.seed = full({}, 9e5)});
  });
  CHECK(text.starts_with("multiply: its rule gave, as a gradient, 2.7e+06, which is beyond the limit of 1e+06\n"));
  inspect::DetectAnomaly guard;
  CHECK(square(x).size() == 3);
}

TEST_CASE("layers are named: by the model, or by their parameters") {
  struct Block {
    nn::Linear a{2, 2};
    Tensor operator()(const Tensor& x) const {
      nn::ModuleCall call(*this, x);
      return call(log(a(x) * 0.0));
    }
  };
  struct Model {
    std::vector<Block> blocks = nn::repeat(2, [] { return Block(); });
    Tensor operator()(const Tensor& x) const { return blocks[1](x); }
  } model;
  CHECK(has(caught([&] {
              inspect::DetectAnomaly guard(model);
              model(ones({1, 2}));
            }),
            "\n  layer  blocks.1\n"));
  nn::SGD optimizer(nn::parameters(model), {.lr = 1});
  model.blocks[0].a.weight.assign(full({2, 2}, 1e38));
  CHECK(has(caught([&] {
              inspect::DetectAnomaly guard;
              model.blocks[0](full({1, 2}, 1e10));
            }),
            "\n  layer  blocks.0.a\n"));
}

TEST_CASE("a second backward through a retained graph still names inputs and layers") {
  struct Net {
    nn::Linear a{2, 2};
    Tensor operator()(const Tensor& x) const { return sqrt(square(a(x))); }
  } net;
  bool bad = false;
  inspect::DetectAnomaly guard(net);
  Tensor y = net(ones({1, 2}));
  Tensor loss = record("turning", detach(y), {y}, [&](const Tensor& g) { return Tensors{bad ? g / 0 : g}; });
  loss = sum(loss);
  loss.backward({.retain_graph = true});
  loss.backward({.retain_graph = true});
  bad = true;
  std::string text = caught([&] { loss.backward(); });
  CHECK(has(text, "turning: its rule gave, as a gradient, an infinity"));
  CHECK(has(text, "\n  x  f32 (1, 2), from "));
}

TEST_CASE("what is known of graphs that are gone goes with them") {
  nn::Linear layer(16, 16);
  inspect::DetectAnomaly guard(layer);
  Tensor x = randn({64, 16});
  std::int64_t most = 0;
  for (int i = 0; i < 200; ++i) {  // without a backward pass
    Tensor y = tanh(layer(x));
    if (i == 20) most = memory_stats().live_bytes;
    if (i > 20) CHECK(memory_stats().live_bytes <= 8 * most);
  }
  for (int i = 0; i < 3; ++i) sum(tanh(layer(x))).backward();
  std::int64_t nodes = memory_stats().live_nodes;
  for (int i = 0; i < 100; ++i) sum(tanh(layer(x))).backward();
  CHECK(memory_stats().live_nodes <= nodes);
}

TEST_CASE("powers have an advice") {
  CHECK(has(caught([] {
              inspect::DetectAnomaly guard;
              pow(tensor({-1.0}), 0.5);
            }),
            "keep its argument away from 0"));
}

TEST_CASE("a training step under guard is the same, leaves nothing behind, and off it costs nothing") {
  seed(1);
  struct Net {
    nn::Linear a{3, 4}, b{4, 1};
    Tensor operator()(const Tensor& x) const { return b(tanh(a(x))); }
  } net, twin = net;
  Tensor x = randn({8, 3});
  mean(square(twin(x))).backward();
  {
    inspect::DetectAnomaly guard(net);
    mean(square(net(x))).backward();
    net(zeros({0, 3}));
    sum(net(zeros({0, 3}))).backward();
  }
  CHECK(net.a.weight.grad().to_vector() == twin.a.weight.grad().to_vector());
  // Second order under guard.
  inspect::DetectAnomaly guard;
  Tensor v = variable(full({}, 2.0, f64));
  Tensor slope = grad(v * v * v, v, create_graph);
  CHECK(grad(slope, v).item() == doctest::Approx(12));
}
