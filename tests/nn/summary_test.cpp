// summary and KeepValues: what modules compute and cost, where ops ran, and that nothing changes by looking.
#include "xgrad/inspect.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "../core/message.hpp"

#include <sstream>

using namespace xg;
using inspect::summary;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Block {
  nn::Linear up{8, 16}, down{16, 8};
  Tensor operator()(const Tensor& x) const { return x + down(relu(up(x))); }
};
struct Net {
  nn::Linear in{4, 8};
  std::vector<Block> blocks = nn::repeat(2, [] { return Block{}; });
  nn::Linear unused{2, 2};
  nn::Layer out = nn::Sequential{nn::Linear{8, 3}, relu};
  Tensor operator()(const Tensor& x) const {
    Tensor y = in(x);
    for (const Block& block : blocks) y = block(y);
    return out(y);
  }
};
struct Empty {
  Tensor operator()(const Tensor& x) const { return x; }
};

template <class M, class... X>
std::int64_t multiply_adds(const M& layer, const X&... x) {
  return summary(layer, x...).total().multiply_adds;
}

}  // namespace

TEST_CASE("a summary has shapes, parameters and multiply-adds by module") {
  Net net;
  inspect::Summary s = summary(net, randn({5, 4}));
  std::string paths;
  for (const auto& m : s.modules) paths += m.path + ":" + m.type + " ";
  CHECK(paths ==
        ":Net in:Linear blocks: blocks.0:Block blocks.0.up:Linear blocks.0.down:Linear blocks.1:Block "
        "blocks.1.up:Linear blocks.1.down:Linear unused:Linear out:Sequential out.0:Linear out.1:function ");
  CHECK(s.total().parameters == nn::count_parameters(net));
  CHECK(s.total().outputs[0] == Shape{5, 3});
  CHECK(s["blocks.0"].parameters == 8 * 16 + 16 + 16 * 8 + 8);
  CHECK(s["blocks.0"].multiply_adds == 5 * 2 * 8 * 16);
  CHECK(s["blocks.0"].calls == 0);  // a plain struct that does not tell
  CHECK(s["in"].multiply_adds == 5 * 4 * 8);
  CHECK(s["in"].outputs[0] == Shape{5, 8});
  CHECK(s["in"].calls == 1);
  CHECK(s["in"].activation_bytes >= 5 * 8 * 4);
  CHECK(s.total().multiply_adds == s["in"].multiply_adds + s["blocks"].multiply_adds + s["out"].multiply_adds);
  CHECK(s.total().forward > 0);
  CHECK(s["in"].backward > 0);
  CHECK(s.total().backward >= s["blocks"].backward);
  CHECK(contains(to_string(s), "│  ├─ 0"));
  CHECK(contains(to_string(s), "not called"));
  CHECK(contains(fmt::format("{}", s), "└─ out"));
  CHECK(message<ValueError>([&] { s["no"]; }, "`blocks.0.up`") == "summary: there is no module `no`");
}

TEST_CASE("multiply-adds of layers") {
  CHECK(multiply_adds(nn::Linear(4, 8), randn({2, 3, 4})) == 2 * 3 * 4 * 8);
  CHECK(multiply_adds(nn::Conv2d(3, 8, 5), randn({2, 3, 12, 12})) == 2 * 8 * 8 * 8 * 3 * 25);
  CHECK(multiply_adds(nn::Conv2d(4, 8, 3, {.groups = 2}), randn({1, 4, 5, 5})) == 8 * 9 * 2 * 9);
  CHECK(multiply_adds(nn::ConvTranspose2d(3, 8, 2), randn({1, 3, 4, 4})) == 3 * 16 * 8 * 4);
  CHECK(multiply_adds(nn::LSTM(4, 6), randn({2, 5, 4})) == 2 * 5 * 4 * 6 * (4 + 6));
  CHECK(multiply_adds(nn::GRU(4, 6), randn({2, 5, 4})) == 2 * 5 * 3 * 6 * (4 + 6));
  CHECK(multiply_adds(nn::RNN(4, 6), randn({2, 5, 4})) == 2 * 5 * 6 * (4 + 6));
  nn::TransformerEncoderLayer layer(8, 2, {.feed_forward = 16});
  CHECK(multiply_adds(layer, randn({3, 5, 8})) == 3 * (5 * 8 * 24 + 2 * 5 * 5 * 8 + 5 * 8 * 8 + 2 * 5 * 8 * 16));
}

TEST_CASE("shared parameters count once, frozen ones are told of") {
  struct Tied {
    nn::Linear first{4, 4}, second{4, 4};
    Tensor operator()(const Tensor& x) const { return second(first(x)); }
  } tied;
  tied.second.weight = nn::share(tied.first.weight);
  CHECK(summary(tied, ones({1, 4})).total().parameters == 16 + 4 + 4);
  nn::freeze(tied.second);
  nn::Linear frozen(4, 4);
  nn::freeze(frozen);
  inspect::Summary s = summary(frozen, ones({1, 4}));
  CHECK(s.total().trained == 0);
  CHECK(std::isnan(s.total().backward));
  CHECK(contains(to_string(s), "20 (frozen)"));
}

TEST_CASE("a summary changes neither gradients, nor buffers, nor random numbers") {
  seed(4);
  nn::Sequential model{nn::Linear{4, 4}, nn::BatchNorm1d{4}, nn::Dropout{0.5}};
  Tensor x = randn({6, 4});
  seed(5);
  Tensor next = rand({3});
  seed(5);
  std::vector<double> mean = model.get<1>().running_mean.to_vector();
  summary(model, x);
  CHECK(model.get<1>().running_mean.to_vector() == mean);
  CHECK(model.get<1>().num_batches_tracked.item() == 0);
  CHECK(!model.get<0>().weight.has_grad());
  CHECK(rand({3}).to_vector() == next.to_vector());
}

TEST_CASE("a graph recorded before a summary can be run backward after it") {
  nn::Sequential model{nn::Linear{4, 4}, nn::BatchNorm1d{4}};
  Tensor x = randn({6, 4});
  model(x);
  nn::eval(model);
  Tensor loss = sum(square(model(x)));
  summary(model, x);
  loss.backward({.retain_graph = true});
  nn::train(model);
  summary(model, x);
  loss.backward();
  CHECK(model.get<0>().weight.has_grad());
}

TEST_CASE("models without parameters, without elements, of several inputs and outputs") {
  inspect::Summary empty = summary(Empty{}, ones({2}));
  CHECK(empty.modules.size() == 1);
  CHECK(empty.total().parameters == 0);
  CHECK(summary(nn::Linear(4, 2), zeros({0, 4})).total().outputs[0] == Shape{0, 2});
  CHECK(summary(nn::LSTM(4, 6), randn({2, 5, 4})).total().outputs.size() == 3);
  Tensor x = randn({1, 3, 4});
  CHECK(summary(nn::MultiHeadAttention(4, 2), x, x, x).total().outputs.size() == 2);
  CHECK_THROWS_AS(summary(nn::Linear(4, 2), ones({2, 3})), ShapeError);
}

TEST_CASE("KeepValues writes down places and values") {
  Net net;
  inspect::KeepValues keep(net);
  Tensor x = randn({5, 4});
  Tensor loss = sum(net(x));
  std::string text = to_string(inspect::explain(loss, {.values = &keep, .rows = 100}));
  CHECK(!contains(text, "·"));
  CHECK(contains(text, "blocks.0.up.weight"));
  std::string places;
  inspect::Graph graph = inspect::graph_of(loss, {.values = &keep});
  for (const auto& node : graph.nodes)
    if (!node.is_leaf) places += node.op + "@" + node.path + " ";
  CHECK(places ==
        "sum@ relu@out.1 linear@out.0 add@ linear@blocks.1.down relu@blocks.1 linear@blocks.1.up add@blocks "
        "linear@blocks.0.down relu@blocks.0 linear@blocks.0.up linear@in ");
  for (const auto& node : graph.nodes) {
    CHECK(node.outputs[0].has_value);
    if (!node.is_leaf) CHECK(node.forward_seconds >= 0);
    if (!node.is_leaf) CHECK(node.live_bytes > 0);
  }
  inspect::KeepOptions places_only;
  places_only.values = false;
  inspect::KeepValues light(net, places_only);
  loss = sum(net(x));
  CHECK(inspect::graph_of(loss, {.values = &light}).nodes[2].path == "out.0");
}

TEST_CASE("models and optimizers print readably") {
  struct Small {
    nn::Linear in{4, 8};
    std::vector<nn::Layer> rest{nn::BatchNorm1d{8}, relu, nn::Linear{8, 2, {.bias = false}}};
  } model;
  nn::freeze(model.in);
  std::string text = inspect::outline(model);
  CHECK(contains(text,
                 "\nmodel     Small\n"
                 "  in      Linear       weight (8, 4) frozen, bias (8,) frozen\n"
                 "  rest.0  BatchNorm1d  weight (8,), bias (8,), running_mean (8,) buffer, running_var (8,) buffer, "
                 "num_batches_tracked () buffer i64\n"
                 "  rest.1  Layer\n"
                 "  rest.2  Linear       weight (2, 8)\n"));
  nn::SGD sgd(nn::parameters(model), {.lr = 0.1, .momentum = 0.9});
  CHECK(fmt::format("{}", sgd).starts_with("SGD of "));
  CHECK(to_string(sgd).ends_with("lr 0.1, momentum 0.9, after 0 steps"));
  nn::Linear layer(2, 3);
  nn::AdamW adam(nn::parameters(layer));
  adam.minimize(sum(layer(ones({1, 2}))));
  CHECK(to_string(adam) == "AdamW of 2 parameters (9 numbers), lr 0.001, momentum 0.9, after 1 step");
  std::ostringstream out;
  out << adam;
  CHECK(out.str() == to_string(adam));
}
