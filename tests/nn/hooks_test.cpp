// Hooks on modules of models that know nothing of them.
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "../core/message.hpp"
#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const char* here = "hooks_test.cpp:";

struct Net {
  nn::Linear in{2, 3};
  std::vector<nn::Layer> rest{relu, nn::Linear{3, 3}, nn::Sequential{nn::Linear{3, 1}, nn::Tanh{}}};
  Tensor operator()(const Tensor& x) const {
    Tensor y = in(x);
    for (const nn::Layer& layer : rest) y = layer(y);
    return y;
  }
};

}  // namespace

TEST_CASE("before, after, and on the gradient") {
  Net net;
  Tensor x = randn({4, 2});
  Tensor expected = net(x);
  std::vector<std::string> order;
  Tensor went_in, came_out, gradient;
  auto before = nn::before_forward(net.in, [&](const Tensor& t) {
    order.push_back("before");
    went_in = t;
  });
  auto after = nn::after_forward(net.in, [&](const Tensor& t) {
    order.push_back("after");
    came_out = t;
  });
  auto slope = nn::on_gradient(net.in, [&](const Tensor& g) {
    order.push_back("gradient");
    gradient = g;
  });
  Tensor y = net(x);
  CHECK(y.to_vector() == expected.to_vector());
  CHECK(went_in.to_vector() == x.to_vector());
  CHECK(came_out.shape() == Shape{4, 3});
  sum(y).backward();
  CHECK(order == std::vector<std::string>{"before", "after", "gradient"});
  CHECK(gradient.shape() == Shape{4, 3});
  // The gradient of the bias is that of the output, summed over the batch.
  CHECK(sum(gradient, 0).to_vector() == net.in.bias.grad().to_vector());
  CHECK(before.calls() == 1);
}

TEST_CASE("numbers among the arguments of a module are no tensors that go in") {
  struct Scaled {
    Tensor operator()(const Operand& x, double by, const Operand& more) const {
      nn::ModuleCall call(*this, x, by, more);
      return call(x.tensor() * by + more.tensor());
    }
  } scaled;
  int tensors = 0;
  auto hook = nn::before_forward(scaled, [&](const Tensor& x) {
    ++tensors;
    CHECK(x.shape() == Shape{2});
  });
  scaled(ones({2}), 2.0, 3);
  CHECK(tensors == 1);
}

TEST_CASE("outputs and gradients may be replaced") {
  Net net;
  Tensor x = randn({4, 2});
  auto zeroed = nn::after_forward(net.rest[2], [](const Tensor& y) { return zeros_like(y) + 0.5; });
  CHECK(net(x).to_vector() == std::vector<double>(4, 0.5));
  zeroed.remove();
  CHECK(zeroed.calls() == 0);
  auto doubled = nn::after_forward(net.in, [](const Tensor& y) { return y * 2; });
  auto again = nn::after_forward(net.in, [](const Tensor& y) { return y * 3; });
  Tensor seen;
  auto look = nn::before_forward(net.rest[0], [&](const Tensor& t) { seen = t; });
  Tensor plain = linear(x, net.in.weight, net.in.bias) * 6;
  net(x);
  CHECK(sum(abs(seen - plain)).item() == doctest::Approx(0).epsilon(1e-5));
  auto halved = nn::on_gradient(net.rest[1], [](const Tensor& g) { return g / 2; });
  nn::zero_grad(net);
  sum(net(x)).backward();
  std::vector<double> half = net.in.weight.grad().to_vector();
  halved.remove();
  nn::zero_grad(net);
  sum(net(x)).backward();
  std::vector<double> whole = net.in.weight.grad().to_vector();
  for (std::size_t i = 0; i < half.size(); ++i) CHECK(whole[i] == doctest::Approx(2 * half[i]));
}

TEST_CASE("a replacement must fit") {
  Net net;
  auto wrong = nn::after_forward(net.in, [](const Tensor& y) { return sum(y, 1); });
  CHECK(message<ShapeError>(
            [&] {
              net(ones({4, 2}));
            },
            here) == "after_forward: the hook returned a tensor of shape (4,) in place of one of shape (4, 3)");
  wrong.remove();
  auto other = nn::after_forward(net.in, [](const Tensor& y) { return astype(y, f64); });
  CHECK(message<DTypeError>([&] { net(ones({4, 2})); }) == "after_forward: the hook returned f64 in place of f32");
}

TEST_CASE("handles come and go in any order") {
  Net net;
  int a = 0, b = 0, c = 0;
  std::optional<nn::HookHandle> first = nn::before_forward(net.in, [&](const Tensor&) { ++a; });
  std::optional<nn::HookHandle> second = nn::before_forward(net.in, [&](const Tensor&) { ++b; });
  std::vector<nn::HookHandle> kept;
  kept.push_back(nn::before_forward(net.in, [&](const Tensor&) { ++c; }));
  net(ones({1, 2}));
  first.reset();
  net(ones({1, 2}));
  kept.clear();
  net(ones({1, 2}));
  second.reset();
  net(ones({1, 2}));
  CHECK(a == 1);
  CHECK(b == 3);
  CHECK(c == 2);
}

TEST_CASE("a gradient that comes when the hook is gone is left alone") {
  Net net;
  int calls = 0;
  Tensor loss;
  {
    auto hook = nn::on_gradient(net.in, [&](const Tensor& g) {
      ++calls;
      return g * 0;
    });
    loss = sum(net(ones({1, 2})));
  }
  loss.backward();
  CHECK(calls == 0);
  CHECK(net.in.bias.has_grad());
}

TEST_CASE("modules in containers, functions, several outputs, and modules that do not tell") {
  struct Silent {
    nn::Linear inner{2, 2};
    Tensor operator()(const Tensor& x) const { return inner(x); }
  } silent;
  auto hook = nn::before_forward(silent, [](const Tensor&) {});
  auto inside = nn::before_forward(silent.inner, [](const Tensor&) {});
  silent(ones({1, 2}));
  CHECK(hook.calls() == 0);
  CHECK(inside.calls() == 1);

  nn::LSTM lstm(2, 3);
  std::vector<Shape> shapes;
  auto outputs = nn::after_forward(lstm, [&](const Tensor& y) { shapes.push_back(y.shape()); });
  lstm(ones({4, 5, 2}));
  CHECK(shapes.size() == 3);

  nn::Sequential chain{nn::Linear{2, 2}, nn::ReLU{}};
  int calls = 0;
  auto whole = nn::after_forward(chain, [&](const Tensor&) { ++calls; });
  auto part = nn::after_forward(chain.get<1>(), [&](const Tensor& y) { calls += amin(y).item() >= 0; });
  {
    NoGrad off;
    chain(ones({1, 2}));
  }
  CHECK(calls == 2);
}
