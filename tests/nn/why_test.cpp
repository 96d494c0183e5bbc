// why_no_gradient: every answer.
#include <doctest/doctest.h>

#include <string>

#include "../core/message.hpp"
#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using inspect::why_no_gradient;

namespace {

const char* here = "why_test.cpp:";
std::string at(int line) { return fmt::format("(why_test.cpp:{} in ", line); }
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("all is well, or backward is missing") {
  Tensor x = named(variable(ones({2})), "x0"), y = x * 2, loss = sum(y);
  CHECK(why_no_gradient(x, loss) == "The loss depends on `x0`, but backward has not run: call loss.backward().");
  CHECK(why_no_gradient(loss, loss) == "x is the loss itself: its gradient is 1.");
  CHECK_FALSE(x.has_grad());  // nothing was left by looking
  loss.backward({.retain_graph = true});
  CHECK(why_no_gradient(x, loss) == "`x0` has a gradient: its norm is 2.83.");
  x.zero_grad();
  inspect::Recording recording;
  Tensor again = sum(x * 3);
  again.backward();
  x.zero_grad();
  CHECK(why_no_gradient(x, again, &recording) ==
        "Backward left a gradient at `x0`, which was cleared since (zero_grad).");
}

TEST_CASE("constants, integers, frozen parameters") {
  nn::Linear layer(2, 2);
  Tensor loss = sum(layer(ones({1, 2})));
  CHECK(has(why_no_gradient(ones({2}), loss), "x is a constant: make it a variable(...)"));
  CHECK(why_no_gradient(tensor({1, 2}, i64), loss) == "x is i64: gradients exist for f32 and f64 only.");
  nn::parameters(layer);
  nn::freeze(layer);
  CHECK(why_no_gradient(layer.weight, loss) ==
        "`weight` is frozen: nn::freeze took it out of the graph, nn::unfreeze puts it back.");
  Tensor x = variable(ones({2}));
  CHECK(has(why_no_gradient(x, ones({})), "The loss depends on no variable. No recorded op leads from the loss to x"));
}

TEST_CASE("results of ops keep no gradient unless asked to") {
  Tensor x = variable(ones({2}));
  inspect::Recording recording;
  Tensor h = exp(x), loss = sum(h);
  loss.backward();
  std::string text = why_no_gradient(h, loss, &recording);
  CHECK(text.starts_with("x is the result of `exp` " + at(__LINE__ - 3)));
  CHECK(has(text, "call retain_grad(x) before it"));
}

TEST_CASE("the way is cut, and a recording knows where") {
  Tensor x = variable(tensor({1.0, 2.0})), w = variable(tensor({3.0, 4.0}));
  auto ask = [&](const auto& f) {
    inspect::Recording recording;
    Tensor loss = f();
    loss.backward();
    return why_no_gradient(x, loss, &recording);
  };
  int line = 0;
  CHECK(ask([&] { return sum(w); }) == "No op used x.");
  line = __LINE__ + 1;
  std::string text = ask([&] { return sum(w * detach(x * 2) + 1); });
  CHECK(has(text, "The way from x to the loss is cut: its value was taken out of the graph by detach " + at(line)));
  line = __LINE__ + 1;
  text = ask([&] { return sum(w * astype(argmax(x), f32)); });
  CHECK(has(text, "its value was computed by `argmax` " + at(line)));
  CHECK(has(text, "whose result is i64: no gradient flows through it."));
  line = __LINE__ + 1;
  text = ask([&] { return sum(w * where(x > 0.5, 1.0, 2.0)); });
  CAPTURE(text);
  CHECK(has(text, "by `greater` " + at(line)));
  text = ask([&] {
    Tensor h;
    {
      NoGrad off;
      line = __LINE__ + 1;
      h = tanh(x);
    }
    return sum(w * h);
  });
  CHECK(has(text, "its value was computed by `tanh` " + at(line)));
  CHECK(has(text, "while NoGrad was on."));
  text = ask([&] { return sum(variable(exp(x)) * w); });
  CHECK(has(text, "the result of `exp` "));
  CHECK(has(text, "was made a new variable before `multiply`"));
  text = ask([&] {
    x * 2;
    return sum(w);
  });
  CHECK(text == "x was used, but nothing that was computed from it is part of the loss.");
  // A tensor that was itself cut off.
  inspect::Recording recording;
  Tensor h = detach(x * 2), loss = sum(h * w);
  CHECK(has(why_no_gradient(h, loss, &recording), "x was taken out of the graph by detach"));
  Tensor constant = ones({2}) * 2;
  CHECK(has(why_no_gradient(constant, loss, &recording), "x was computed by `multiply`"));
  CHECK(has(why_no_gradient(constant, loss, &recording), "from constants."));
  CHECK(has(why_no_gradient(x, sum(h), &recording),
            "The loss depends on no variable. The way from x to the loss is cut"));
}

TEST_CASE("without a recording the graph tells what it can") {
  Tensor x = variable(ones({2})), w = variable(ones({2}));
  Tensor loss = sum(w * detach(x));
  std::string text = why_no_gradient(x, loss);
  CHECK(has(text, "No recorded op leads from the loss to x: it was not used, or detach, an integer op or NoGrad cut"));
  CHECK(has(text, "Constants enter the loss at input 1 of `multiply` " + at(__LINE__ - 3)));
  loss.backward();
  text = why_no_gradient(x, loss);
  CHECK(has(text, "Nothing can be said: backward ran through `sum` "));
  CHECK(has(text, "freed the graph behind it"));
}

TEST_CASE("a gradient of zeros, and the op that made them") {
  Tensor x = variable(full({3}, -1));
  auto make = [&] { return sum(relu(x * 2) * 5); };
  int line = __LINE__ - 1;
  Tensor loss = make();
  std::string text = why_no_gradient(x, loss);
  CHECK(has(text,
            "backward has not run: call loss.backward(). Its gradient will be exactly zero: a gradient arrives at "
            "`relu` " +
                at(line)));
  CHECK(has(text, "which lets none of it through."));
  loss.backward({.retain_graph = true});
  CHECK(has(why_no_gradient(x, loss), "The gradient of x is exactly zero: a gradient arrives at `relu`"));
  x.zero_grad();
  inspect::Recording recording;
  loss = make();
  loss.backward();
  CHECK(has(why_no_gradient(x, loss, &recording), "The gradient of x is exactly zero: a gradient arrives at `relu`"));
  recording.clear();
  x.zero_grad();
  loss = sum(x * 2) * 0;
  loss.backward();
  CHECK(has(why_no_gradient(x, loss, &recording), "a gradient arrives at `multiply`"));
  // Zeros of a sum of two ways.
  recording.clear();
  x.zero_grad();
  loss = sum(x - x);
  loss.backward();
  CHECK(why_no_gradient(x, loss, &recording) == "The gradient of x is exactly zero.");
}

TEST_CASE("the graph is looked at once for all parameters, and hooks are not called") {
  struct Net {
    std::vector<nn::Linear> layers{{4, 4}, {4, 4}, {4, 4}};
    Tensor operator()(const Tensor& x) const { return layers[2](relu(layers[1](layers[0](x)) - 1e6)); }
  } net;
  int hooked = 0, rules = 0;
  Tensor x = randn({6, 4});
  Tensor y = net(x);
  on_grad(y, [&](const Tensor&) { ++hooked; });
  on_grad(net.layers[0].weight, [&](const Tensor&) { ++hooked; });
  Tensor loss = record("counted", mean(square(y)).array(), {mean(square(y))}, [&](const Tensor& g) {
    ++rules;
    return Tensors{g};
  });
  inspect::Gradients found = inspect::gradients(net, {.loss = loss});
  CHECK(hooked == 0);
  CHECK(rules <= 2);  // once, and once more for the chain rule in numbers
  CHECK(found["layers.0.weight"].why.find("lets none of it through") != std::string::npos);
  inspect::why_no_gradient(net.layers[0].weight, loss);
  CHECK(hooked == 0);
  Tensor w = variable(ones({3}));
  int line = __LINE__ + 1;
  Tensor dead = relu(w - 5);
  CHECK(inspect::why_no_gradient(w, sum(3.0 * dead)).find(fmt::format("arrives at `relu` (why_test.cpp:{}", line)) !=
        std::string::npos);
  CHECK_FALSE(net.layers[0].weight.has_grad());
  loss.backward();
  CHECK(hooked == 2);
}

TEST_CASE("undefined and empty tensors") {
  Tensor x = variable(zeros({0}));
  CHECK(message<ValueError>([&] { why_no_gradient(Tensor(), x); }, here) ==
        "why_no_gradient: x is an undefined tensor");
  CHECK(message<ValueError>([&] { why_no_gradient(x, Tensor()); }, here) ==
        "why_no_gradient: the loss is an undefined tensor");
  Tensor loss = sum(x * 2);
  loss.backward();
  CHECK(has(why_no_gradient(x, loss), "The gradient of x is exactly zero"));
}
