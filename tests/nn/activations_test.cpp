// What a recording tells of dead and saturated activations, and of lines where gradients grow.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/inspect.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using inspect::Verdict;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Net {
  nn::Linear hidden{3, 8}, out{8, 1};
  Tensor operator()(const Tensor& x) const { return out(relu(hidden(x))); }
};

}  // namespace

TEST_CASE("dead units are counted, of rows, sequences and images") {
  seed(1);
  Net net;
  net.hidden.bias = Tensor(where(arange(8) < 6, full({8}, -100), full({8}, 5)));
  inspect::Recording recording(net);
  Tensor loss = sum(net(randn({16, 3}))), more = sum(net(randn({2, 5, 3})));
  (loss + more).backward();
  std::vector<inspect::ActivationLook> seen = inspect::activations(recording);
  REQUIRE(seen.size() == 2);
  for (const inspect::ActivationLook& look : seen) {
    CHECK(look.op == "relu");
    CHECK(look.layer == "hidden");
    CHECK(look.units == 8);
    CHECK(look.dead == 6);
    CHECK_FALSE(look.is_last);
  }
  CHECK(seen[1].samples == 10);
  inspect::Gradients found = inspect::gradients(net, {.recording = &recording});
  CAPTURE(found["hidden.bias"].why);
  CHECK(found["hidden.bias"].verdict == Verdict::dead_units);
  CHECK(has(found["hidden.bias"].why, "dead ReLU: `relu` (activations_test.cpp:18 in operator()) gave 0 for all 16"));
  CHECK(has(found["hidden.bias"].why, "samples in 6 of 8 units"));
  CHECK(found["out.weight"].verdict == Verdict::fine);

  struct Cnn {
    nn::Conv2d conv{1, 4, 3};
    Tensor operator()(const Tensor& x) const { return relu(max_pool2d(conv(x), 2)); }
  } cnn;
  cnn.conv.bias = tensor({-100.0, 100.0, -100.0, 100.0});
  recording.clear();
  nn::parameters(cnn);
  cnn(randn({1, 1, 8, 8}));
  seen = inspect::activations(recording);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].layer == "conv");
  CHECK(seen[0].units == 4);
  CHECK(seen[0].dead == 2);
  recording.clear();
  relu(full({2, 3}, -1));  // too few samples to tell
  relu(zeros({0, 3}));
  relu(full({}, -1));
  for (const inspect::ActivationLook& look : inspect::activations(recording)) CHECK(look.units == 0);
}

TEST_CASE("units lie where the layer before puts them") {
  seed(1);
  auto units = [](const auto& model, const Tensor& x) {
    nn::parameters(model);
    inspect::Recording recording(model);
    model(x);
    std::vector<inspect::ActivationLook> seen = inspect::activations(recording);
    REQUIRE(seen.size() == 1);
    return std::pair(seen[0].units, seen[0].dead);
  };
  using Counts = std::pair<std::int64_t, std::int64_t>;
  struct Last {  // (B, H, W, C)
    nn::Linear layer{3, 8};
    Tensor operator()(const Tensor& x) const { return relu(layer(x)); }
  } last;
  last.layer.bias = Tensor(where(arange(8) < 6, full({8}, -100), full({8}, 100)));
  CHECK(units(last, randn({2, 5, 4, 3})) == Counts(8, 6));
  struct Normed {  // (B, C, L)
    nn::Conv1d conv{3, 8, 1};
    nn::BatchNorm1d norm{8};
    Tensor operator()(const Tensor& x) const { return relu(norm(conv(x))); }
  } normed;
  normed.norm.bias = Tensor(where(arange(8) < 6, full({8}, -100), full({8}, 100)));
  CHECK(units(normed, randn({2, 3, 5})) == Counts(8, 6));
  struct Turned {
    nn::Conv2d conv{3, 8, 1};
    Tensor operator()(const Tensor& x) const { return relu(permute(conv(x), {0, 2, 3, 1})); }
  } turned;
  turned.conv.bias = Tensor(where(arange(8) < 6, full({8}, -100), full({8}, 100)));
  CHECK(units(turned, randn({2, 3, 5, 4})) == Counts(8, 6));
  CHECK(units(turned, randn({2, 3, 8, 4})) == Counts(0, 0));  // nobody can tell which axis it is
}

TEST_CASE("saturation counts where a layer comes after") {
  seed(1);
  struct Deep {
    nn::Linear a{3, 8}, b{8, 8}, c{8, 1};
    Tensor operator()(const Tensor& x) const { return sigmoid(c(tanh(b(sigmoid(a(x)))))); }
  } net;
  net.a.weight = net.a.weight * 300;
  net.c.weight = net.c.weight * 300;
  inspect::Recording recording(net);
  mean(net(randn({32, 3}))).backward();
  std::vector<inspect::ActivationLook> seen = inspect::activations(recording);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].saturated > 0.9);
  CHECK(seen[1].saturated < 0.2);
  CHECK(seen[2].is_last);
  inspect::Gradients found = inspect::gradients(net, {.recording = &recording});
  CHECK(found["a.weight"].verdict == Verdict::saturated);
  CHECK(has(found["a.weight"].why, "`sigmoid` (activations_test.cpp:"));
  CHECK(found["b.weight"].verdict != Verdict::saturated);
  CHECK(found["c.weight"].verdict != Verdict::saturated);
}

TEST_CASE("growth is told by lines") {
  Tensor x = variable(ones({4}));
  inspect::Recording recording;
  Tensor h = x * 1.0;
  int line = __LINE__ + 1;
  for (int i = 0; i < 5; ++i) h = h * 3.0;
  for (int i = 0; i < 4; ++i) h = h * 0.25;
  sum(h).backward();
  std::vector<inspect::LineGrowth> lines = inspect::growth(recording);
  REQUIRE(lines.size() >= 2);
  CHECK(lines.front().site.line == line);
  CHECK(lines.front().factor == doctest::Approx(243));
  CHECK(lines.front().times == 5);
  CHECK(lines.front().op == "multiply");
  CHECK(lines.back().site.line == line + 1);
  CHECK(lines.back().factor == doctest::Approx(1.0 / 256));
}

TEST_CASE("a recording keeps ops, not those of rules") {
  Net net;
  inspect::Recording recording(net);
  Tensor loss = mean(net(ones({2, 3})));
  std::size_t forward = recording.ops().size();
  loss.backward();
  CHECK(recording.ops().size() == forward);
  CHECK(std::string(recording.ops()[0].name) == "linear");
  CHECK(recording.ops()[0].path == "hidden");
  CHECK(recording.ops()[0].rule_ran);
  CHECK(recording.ops()[0].in_graph);
  REQUIRE(recording.maker(loss));
  CHECK(recording.maker(loss)->cotangent_norm == 1);
  CHECK_FALSE(recording.maker(net.out.weight));
}
