// inspect::gradients: numbers, update ratios and verdicts.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "../core/message.hpp"
#include "core/inspect/table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using inspect::Verdict;

namespace {

const char* here = "inspect_gradients_test.cpp:";

struct Net {
  nn::Linear hidden{4, 8};
  nn::Linear out{8, 3};
  Tensor operator()(const Tensor& x) const { return out(relu(hidden(x))); }
};

Tensor loss_of(const Net& net) { return mean(square(net(randn({16, 4})))); }

}  // namespace

TEST_CASE("each parameter is looked at") {
  seed(1);
  Net net;
  loss_of(net).backward();
  inspect::Gradients found = inspect::gradients(net);
  REQUIRE(found.parameters.size() == 4);
  CHECK(found.healthy());
  const inspect::ParameterLook& look = found["hidden.weight"];
  CHECK(look.shape == Shape{8, 4});
  CHECK(look.has_gradient);
  CHECK(look.gradient.norm == doctest::Approx(std::sqrt(sum(square(net.hidden.weight.grad())).item())));
  CHECK(look.value.mean == doctest::Approx(mean(net.hidden.weight).item()).epsilon(1e-4));
  CHECK(look.units == 8);
  CHECK(std::isnan(look.update_ratio));
  CHECK(message<ValueError>([&] { found["weight"]; }) == "gradients: no parameter is called `weight`");
}

TEST_CASE("the update is that of the step: made, or made on trial and taken back") {
  seed(1);
  Net net, twin = net;
  nn::Adam optimizer(nn::parameters(net), {.lr = 1e-2}), twins(nn::parameters(twin), {.lr = 1e-2});
  for (int i = 0; i < 3; ++i) {
    Tensor x = randn({16, 4});
    for (auto [model, method] : {std::pair(&net, &optimizer), std::pair(&twin, &twins)}) {
      method->zero_grad();
      mean(square((*model)(x))).backward();
    }
    inspect::Gradients tried = inspect::gradients(net, {.optimizer = &optimizer});
    CHECK(optimizer.steps() == i);
    inspect::Snapshot before(net);
    optimizer.step();
    twins.step();
    inspect::Gradients made = inspect::gradients(net, {.before = &before});
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(tried.parameters[k].update_ratio == doctest::Approx(made.parameters[k].update_ratio));
      CHECK(tried.parameters[k].update_ratio > 1e-4);
    }
  }
  for (std::size_t k = 0; k < 4; ++k) CHECK(nn::parameters(net)[k].to_vector() == nn::parameters(twin)[k].to_vector());
  // Plain gradient descent: h |g| / |w|.
  nn::SGD plain(nn::parameters(net), {.lr = 0.5});
  inspect::ParameterLook look = inspect::gradients(net, {.optimizer = &plain})["out.weight"];
  CHECK(look.update_ratio == doctest::Approx(0.5 * look.gradient.norm / look.value.norm).epsilon(1e-4));
  nn::LBFGS needs_more(nn::parameters(net));
  CHECK(message<ValueError>([&] { inspect::gradients(net, {.optimizer = &needs_more}); }, here) ==
        "LBFGS: a step computes the loss several times, so it takes a closure");
}

TEST_CASE("verdicts") {
  seed(1);
  Net net;
  auto verdict = [&](const char* name, const inspect::GradientsOptions& options = {}) {
    return inspect::gradients(net, options)[name].verdict;
  };
  SUBCASE("nothing was computed") {
    CHECK(verdict("out.bias") == Verdict::no_gradient);
    CHECK_FALSE(inspect::gradients(net).healthy());
  }
  SUBCASE("frozen") {
    nn::freeze(net.hidden);
    loss_of(net).backward();
    CHECK(verdict("hidden.weight") == Verdict::frozen);
    CHECK(inspect::gradients(net).healthy());
  }
  SUBCASE("not finite") {
    loss_of(net).backward();
    net.out.weight.set_grad(where(reshape(arange(24), {3, 8}) == 9, NAN, net.out.weight.grad()));
    inspect::Gradients found = inspect::gradients(net);
    CHECK(found["out.weight"].verdict == Verdict::not_finite);
    CHECK(found["out.weight"].why == "its gradient: 1 NaN and 0 infinite of 24, the first at [1, 1]");
    net.out.weight.assign(full({3, 8}, std::numeric_limits<double>::infinity()));
    CHECK(inspect::gradients(net)["out.weight"].why == "its values: 0 NaN and 24 infinite of 24, the first at [0, 0]");
  }
  SUBCASE("exactly zero") {
    (loss_of(net) * 0).backward();
    CHECK(verdict("hidden.bias") == Verdict::zero);
  }
  SUBCASE("vanishing") {
    loss_of(net).backward();
    net.hidden.weight.set_grad(net.hidden.weight.grad() * 1e-7);
    CHECK(verdict("hidden.weight") == Verdict::fine);  // its layer still learns
    net.hidden.bias.set_grad(net.hidden.bias.grad() * 1e-7);
    CHECK(verdict("hidden.weight") == Verdict::vanishing);
    CHECK(verdict("hidden.weight", {.limits = {.vanishing = 1e-12}}) == Verdict::fine);
  }
  SUBCASE("exploding") {
    (loss_of(net) * 1e8).backward();
    CHECK(verdict("hidden.weight") == Verdict::exploding);
  }
  SUBCASE("dead units") {
    net.hidden.bias = Tensor(where(arange(8) < 7, full({8}, -100), full({8}, 1)));
    loss_of(net).backward();
    inspect::ParameterLook look = inspect::gradients(net)["hidden.weight"];
    CHECK(look.verdict == Verdict::dead_units);
    CHECK(look.dead_units == 7);
    CHECK(look.dead_share() == 7.0 / 8);
    CHECK(look.why.starts_with("7 of 8 units got no gradient (88 %)"));
    CHECK(verdict("out.weight") == Verdict::fine);
  }
  SUBCASE("steps that are too large or too small") {
    loss_of(net).backward();
    nn::SGD wild(nn::parameters(net), {.lr = 1e3}), tame(nn::parameters(net), {.lr = 1e-12});
    CHECK(verdict("out.weight", {.optimizer = &wild}) == Verdict::too_fast);
    CHECK(verdict("out.weight", {.optimizer = &tame}) == Verdict::too_slow);
  }
}

TEST_CASE("units of transposed convolutions lie along axis 1, rows of embeddings are none") {
  seed(1);
  struct Model {
    nn::ConvTranspose2d up{3, 5, 2};
    nn::Embedding words{10, 4};
  } model;
  Tensor y = model.up(ones({1, 3, 2, 2})) * reshape(tensor({1.0, 0.0, 0.0, 0.0, 0.0}), {5, 1, 1});
  (sum(y) + sum(model.words(tensor({1, 2}, i64)))).backward();
  inspect::Gradients found = inspect::gradients(model);
  CHECK(found["up.weight"].dead_units == 4);
  CHECK(found["words.weight"].units == 0);
  CHECK(found["words.weight"].verdict == Verdict::fine);
}

TEST_CASE("units of a transposed convolution of as many inputs as outputs are its outputs") {
  seed(1);
  struct Model {
    nn::Layer up = nn::ConvTranspose2d{8, 8, 2};
    nn::Conv2d down{8, 8, 2};
  } model;
  Tensor alive = reshape(astype(arange(8) < 2, f32), {8, 1, 1});
  // Six units of each get no gradient, and other two of the inputs are zero.
  Tensor x = broadcast_to(reshape(astype(arange(8) >= 2, f32), {1, 8, 1, 1}), {1, 8, 3, 3});
  (sum(model.up(x) * alive) + sum(model.down(x) * alive)).backward();
  inspect::Gradients found = inspect::gradients(model);
  CHECK(found["up.weight"].units == 8);
  CHECK(found["up.weight"].dead_units == 6);
  CHECK(found["down.weight"].dead_units == 6);
  nn::SGD optimizer(nn::parameters(model), {.lr = 1e-3});
  nn::Monitor monitor(model, optimizer, {.every = 1, .show = false, .interruptible = false});
  monitor.step(1);
  for (const inspect::ParameterLook& look : monitor.looks()[0].tensors) CHECK(look.dead_units == 6);
}

TEST_CASE("a step on trial leaves a retained graph to be run again") {
  seed(1);
  Net net;
  nn::Adam optimizer(nn::parameters(net), {.lr = 0.1});
  Tensor loss = mean(square(net(randn({16, 4}))));
  loss.backward({.retain_graph = true});
  std::vector<double> once = net.hidden.weight.grad().to_vector(), values = net.hidden.weight.to_vector();
  inspect::gradients(net, {.optimizer = &optimizer});
  CHECK(net.hidden.weight.to_vector() == values);
  optimizer.zero_grad();
  loss.backward({.retain_graph = true});
  CHECK(net.hidden.weight.grad().to_vector() == once);
  optimizer.step();  // this one stays
  CHECK(message<GradError>([&] { loss.backward(); }, here) ==
        "backward: a leaf was changed after the op that needs its old values");
}

TEST_CASE("an optimizer of a copy is told") {
  seed(1);
  Net net;
  Net copy = net;
  nn::SGD optimizer(nn::parameters(copy), {.lr = 0.1}), right(nn::parameters(net), {.lr = 0.1});
  loss_of(copy).backward();
  loss_of(net).backward();
  inspect::ParameterLook look = inspect::gradients(net, {.optimizer = &optimizer})["out.weight"];
  CHECK(look.is_not_stepped);
  CHECK(look.verdict == Verdict::too_slow);
  CHECK(look.why == "the optimizer does not hold it: was it made from a copy of the model?");
  CHECK_FALSE(inspect::gradients(net, {.optimizer = &right})["out.weight"].is_not_stepped);
}

TEST_CASE("where nothing is finite the table says nan") {
  seed(1);
  Net net;
  net.out.weight = full({3, 8}, std::numeric_limits<double>::quiet_NaN());
  loss_of(net).backward();
  std::string text = fmt::format("{}", inspect::gradients(net));
  std::size_t line = text.find("out.weight");
  REQUIRE(line != std::string::npos);
  std::string row = text.substr(line, text.find('\n', line) - line);
  CHECK(row.find("nan") != std::string::npos);
  CHECK(row.find("0.00e+00") == std::string::npos);
}

TEST_CASE("the table lines up and explains what is wrong") {
  struct Model {
    nn::Linear hidden{64, 64};
    nn::Linear out{64, 10};
    nn::Parameter unused = ones({4});
  } model;
  nn::freeze(model.out.bias);
  model.hidden.bias = full({64}, 2);
  sum(model.out(model.hidden(ones({1, 64})))).backward();
  model.hidden.bias.set_grad(full({64}, 0.5));
  std::string text = to_string(inspect::gradients(model));
  CHECK(text == fmt::format("{}", inspect::gradients(model)));
  std::ostringstream stream;
  stream << inspect::gradients(model);
  CHECK(stream.str() == text);
  std::vector<std::string> lines(1);
  for (char c : text)
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  REQUIRE(lines.size() == 10);
  CHECK(lines[0].starts_with("parameter      shape     |gradient|      mean  deviation      least  greatest  zeros "));
  CHECK(lines[0].ends_with("|value|  verdict"));
  CHECK(lines[3].starts_with("hidden.bias    (64,)       4.00e+00  5.00e-01   0.00e+00   5.00e-01  5.00e-01    0 %"));
  CHECK(lines[5].ends_with("frozen"));
  CHECK(lines[6].find("–         –          –") != std::string::npos);
  CHECK(lines[8] == "unused: no gradient: backward left no gradient here");
}

TEST_CASE("empty models, empty tensors and odd names") {
  struct Nothing {
  } nothing;
  CHECK(inspect::gradients(nothing).healthy());
  CHECK(to_string(inspect::gradients(nothing)) == "no parameters\n");
  struct Odd {
    nn::Linear none{0, 0};
    std::map<std::string, nn::Parameter> names;
  } odd;
  odd.names["a\n\"<b>\""] = nn::Parameter(ones({2}));
  (sum(odd.none(zeros({3, 0}))) + sum(odd.names.begin()->second)).backward();
  inspect::Gradients found = inspect::gradients(odd);
  CHECK(found.healthy());
  CHECK(to_string(found).find("names.a \"<b>\"  (2,)") != std::string::npos);
}

TEST_CASE("a bias that starts at zero does not explode at its first gradient") {
  nn::LayerNorm norm(4);
  (sum(norm(randn({32, 4}))) * 2.0).backward();
  CHECK(inspect::gradients(norm)["bias"].verdict == inspect::Verdict::fine);
  nn::zero_grad(norm);
  (sum(norm(randn({32, 4}))) * 1e6).backward();
  CHECK(inspect::gradients(norm)["bias"].verdict == inspect::Verdict::exploding);
}
