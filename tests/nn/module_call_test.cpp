// Every layer tells observers that it is called and what it returns; paths of modules; hooks that replace outputs.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "nn/inspect/paths.hpp"

#include <functional>

using namespace xg;

namespace {

/// Writes down the calls: "(Linear 1 … 1)" with how many tensors go in and come out.
struct Calls : Observer {
  std::string heard;
  std::vector<const void*> addresses;
  void module_entered(const CalledModule& module, const Tensors& inputs) override {
    heard += "(" + inspect::short_type(module.type) + " " + std::to_string(inputs.size()) + " ";
    addresses.push_back(module.address);
  }
  void module_left(const CalledModule&, Tensors& outputs) override { heard += std::to_string(outputs.size()) + ")"; }
};

/// What is heard of while `f()` runs.
template <class F>
std::string calls(const F& f) {
  Calls calls;
  Observing scope(calls);
  f();
  return calls.heard;
}

/// Whether a layer tells of itself once, with its inputs and outputs, before what is in it.
template <class M, class... X>
void check_tells(const M& layer, const std::string& expected, const X&... x) {
  Calls told;
  {
    Observing scope(told);
    layer(x...);
  }
  std::string name = std::string(type_name<M>());
  CAPTURE(name);
  CHECK(told.heard == expected);
  CHECK(told.addresses[0] == &layer);
  inspect::ModelMap map(layer);
  REQUIRE(map.find({&layer, type_name<M>()}));
  CHECK(map.find({&layer, type_name<M>()})->path.empty());
}

struct Block {
  nn::Linear first{4, 4};
  nn::Dropout drop{0.5};
  Tensor operator()(const Tensor& x) const { return x + drop(first(x)); }
};
struct Seen {
  nn::Linear inner{4, 4};
  Tensor operator()(const Tensor& x) const {
    nn::ModuleCall call(*this, x);
    return call(relu(inner(x)));
  }
};
struct Model {
  nn::Sequential<Block, nn::ReLU> start{Block{}, nn::ReLU{}};
  std::vector<nn::Layer> rest{Seen{}, relu, nn::Linear{4, 2}};
  Tensor operator()(const Tensor& x) const {
    Tensor y = start(x);
    for (const nn::Layer& layer : rest) y = layer(y);
    return y;
  }
};

/// The paths of calls, as entered.
struct Paths : Observer {
  explicit Paths(const inspect::ModelMap& map) : path(map) {}
  inspect::ModulePath path;
  std::string heard;
  void module_entered(const CalledModule& module, const Tensors&) override { heard += path.enter(module) + " "; }
  void module_left(const CalledModule& module, Tensors&) override { path.leave(module); }
  void op_computed(const ComputedOp& op) override { heard += std::string(op.name) + "@" + path.path() + " "; }
};

}  // namespace

TEST_CASE("every layer tells of itself") {
  Tensor rows = randn({3, 4}), batch = randn({2, 5, 4}), images = randn({2, 4, 6, 6}), channels = randn({2, 4, 6});
  check_tells(nn::Linear(4, 2), "(Linear 1 1)", rows);
  check_tells(nn::Bilinear(4, 4, 2), "(Bilinear 2 1)", rows, rows);
  check_tells(nn::Conv1d(4, 2, 3), "(Conv1d 1 1)", channels);
  check_tells(nn::Conv2d(4, 2, 3), "(Conv2d 1 1)", images);
  check_tells(nn::ConvTranspose1d(4, 2, 3), "(ConvTranspose1d 1 1)", channels);
  check_tells(nn::ConvTranspose2d(4, 2, 3), "(ConvTranspose2d 1 1)", images);
  check_tells(nn::BatchNorm1d(4), "(BatchNorm1d 1 1)", rows);
  check_tells(nn::BatchNorm2d(4), "(BatchNorm2d 1 1)", images);
  check_tells(nn::GroupNorm(2, 4), "(GroupNorm 1 1)", images);
  check_tells(nn::InstanceNorm1d(4), "(InstanceNorm1d 1 1)", channels);
  check_tells(nn::InstanceNorm2d(4), "(InstanceNorm2d 1 1)", images);
  check_tells(nn::LayerNorm(4), "(LayerNorm 1 1)", rows);
  check_tells(nn::RMSNorm(4), "(RMSNorm 1 1)", rows);
  check_tells(nn::Embedding(4, 3), "(Embedding 1 1)", tensor({0, 3}, i64));
  check_tells(nn::Dropout(), "(Dropout 1 1)", rows);
  check_tells(nn::Dropout1d(), "(Dropout1d 1 1)", channels);
  check_tells(nn::Dropout2d(), "(Dropout2d 1 1)", images);
  check_tells(nn::ReLU{}, "(ReLU 1 1)", rows);
  check_tells(nn::ReLU6{}, "(ReLU6 1 1)", rows);
  check_tells(nn::LeakyReLU{}, "(LeakyReLU 1 1)", rows);
  check_tells(nn::ELU{}, "(ELU 1 1)", rows);
  check_tells(nn::SELU{}, "(SELU 1 1)", rows);
  check_tells(nn::GELU{}, "(GELU 1 1)", rows);
  check_tells(nn::SiLU{}, "(SiLU 1 1)", rows);
  check_tells(nn::Tanh{}, "(Tanh 1 1)", rows);
  check_tells(nn::Sigmoid{}, "(Sigmoid 1 1)", rows);
  check_tells(nn::Softplus{}, "(Softplus 1 1)", rows);
  check_tells(nn::Softmax{}, "(Softmax 1 1)", rows);
  check_tells(nn::LogSoftmax{}, "(LogSoftmax 1 1)", rows);
  check_tells(nn::Identity{}, "(Identity 1 1)", rows);
  check_tells(nn::Flatten{}, "(Flatten 1 1)", images);
  check_tells(nn::PReLU(), "(PReLU 1 1)", rows);
  check_tells(nn::PReLU(4), "(PReLU 1 1)", rows);
  check_tells(nn::MaxPool1d(2), "(MaxPool1d 1 1)", channels);
  check_tells(nn::MaxPool2d(2), "(MaxPool2d 1 1)", images);
  check_tells(nn::AvgPool1d(2), "(AvgPool1d 1 1)", channels);
  check_tells(nn::AvgPool2d(2), "(AvgPool2d 1 1)", images);
  check_tells(nn::AdaptiveAvgPool1d(2), "(AdaptiveAvgPool1d 1 1)", channels);
  check_tells(nn::AdaptiveAvgPool2d(2), "(AdaptiveAvgPool2d 1 1)", images);
  check_tells(nn::Upsample({.scale = 2}), "(Upsample 1 1)", images);
  check_tells(nn::RNN(4, 3), "(RNN 1 2)", batch);
  check_tells(nn::GRU(4, 3), "(GRU 1 2)", batch);
  check_tells(nn::LSTM(4, 3), "(LSTM 1 3)", batch);
  check_tells(nn::RNNCell(4, 3), "(RNNCell 1 1)", rows);
  check_tells(nn::GRUCell(4, 3), "(GRUCell 2 1)", rows, zeros({3, 3}));
  check_tells(nn::LSTMCell(4, 3), "(LSTMCell 1 2)", rows);
  check_tells(nn::MultiHeadAttention(4, 2), "(MultiHeadAttention 3 (Linear 1 1)2)", batch, batch, batch);
}

TEST_CASE("layers made of others tell of themselves first") {
  Tensor batch = randn({2, 5, 4});
  nn::TransformerLayerOptions options{.feed_forward = 8};
  std::string inner =
      "(MultiHeadAttention 3 (Linear 1 1)1)(Dropout 1 1)(LayerNorm 1 1)(Linear 1 1)(Dropout 1 1)"
      "(Linear 1 1)(Dropout 1 1)(LayerNorm 1 1)1)";
  check_tells(nn::TransformerEncoderLayer(4, 2, options), "(TransformerEncoderLayer 1 " + inner, batch);
  check_tells(nn::TransformerEncoder(1, 4, 2, options),
              "(TransformerEncoder 1 (TransformerEncoderLayer 1 " + inner + "1)", batch);
  nn::TransformerDecoderLayer decoder(4, 2, options);
  CHECK(calls([&] { decoder(batch, batch); }).starts_with("(TransformerDecoderLayer 2 (MultiHeadAttention 3 "));
  nn::TransformerDecoder stack(1, 4, 2, options);
  CHECK(calls([&] { stack(batch, batch); }).starts_with("(TransformerDecoder 2 (TransformerDecoderLayer 2 "));
  nn::Transformer whole(4, 2, {.encoder_layers = 1, .decoder_layers = 1, .feed_forward = 8});
  CHECK(calls([&] { whole(batch, batch); }).starts_with("(Transformer 2 (TransformerEncoder 1 "));
  nn::MultiHeadAttention attention(4, 2);
  nn::KeyValues memory = attention.project(batch, batch);
  CHECK(calls([&] { attention(batch, memory); }) == "(MultiHeadAttention 3 (Linear 1 1)2)");
}

TEST_CASE("containers tell of modules that do not tell of themselves, and each is told of once") {
  Tensor x = randn({3, 4});
  nn::Sequential model{nn::Linear{4, 4}, Block{}, Seen{}, relu};
  CHECK(calls([&] { model(x); }) ==
        "(Sequential 1 (Linear 1 1)(Block 1 (Linear 1 1)(Dropout 1 1)1)(Seen 1 (Linear 1 1)1)(function 1 1)1)");
  nn::Layer layer = Block{};
  CHECK(calls([&] { layer(x); }) == "(Layer 1 (Block 1 (Linear 1 1)(Dropout 1 1)1)1)");
  CHECK(calls([&] { nn::Layer{relu}(x); }) == "(Layer 1 1)");
}

TEST_CASE("a call that is left by an exception is told of without outputs") {
  nn::Sequential model{Block{}};
  std::string heard;
  {
    Calls told;
    Observing scope(told);
    CHECK_THROWS_AS(model(randn({3, 5})), ShapeError);
    heard = told.heard;
    model(randn({3, 4}));
    CHECK(told.heard.substr(heard.size()) == "(Sequential 1 (Block 1 (Linear 1 1)(Dropout 1 1)1)1)");
  }
  CHECK(heard == "(Sequential 1 (Block 1 (Linear 1 0)0)0)");
}

TEST_CASE("an observer may replace what a layer returns") {
  struct Doubler : Observer {
    void module_left(const CalledModule& module, Tensors& outputs) override {
      if (module.type == type_name<nn::Linear>()) outputs[0] = outputs[0] * 2;
    }
  } doubler;
  nn::Sequential model{nn::Linear{4, 2}, nn::Identity{}};
  Tensor x = randn({3, 4}), plain = model(x);
  Observing scope(doubler);
  Tensor doubled = model(x);
  CHECK(all(equal(doubled, 2 * plain)).item() == 1);
  sum(doubled).backward();
  CHECK(model.get<0>().bias.grad().to_vector() == std::vector<double>{6, 6});
}

TEST_CASE("modules are found in a model, and calls have paths") {
  Model model;
  nn::eval(model);
  inspect::ModelMap map(model);
  std::string all;
  for (const auto& module : map.modules()) all += module.path + ":" + inspect::short_type(module.type) + " ";
  CHECK(all ==
        ":Model start:Sequential start.0:Block start.0.first:Linear start.0.drop:Dropout start.1:ReLU "
        "rest.0:Layer rest.0:Seen rest.0.inner:Linear rest.1:Layer rest.2:Layer rest.2:Linear ");
  CHECK(map.parameters().size() == 6);
  CHECK(map.find(*model.start.get<0>().first.bias.impl()->node)->path == "start.0.first.bias");
  CHECK(map.find(*variable(1.0).impl()->node) == nullptr);
  Paths paths(map);
  Observing scope(paths);
  model(randn({3, 4}));
  CHECK(
      paths.heard.find("start start.0 start.0.first linear@start.0.first start.0.drop add@start.0 start.1 relu@start.1 "
                       "rest.0 rest.0 rest.0.inner linear@rest.0.inner relu@rest.0 rest.1 relu@rest.1 rest.2 rest.2 "
                       "linear@rest.2 ") != std::string::npos);
}

TEST_CASE("modules that no map knows are called by number or type") {
  inspect::ModelMap none;
  Paths paths(none);
  nn::Linear first(4, 4), second(4, 4);
  nn::Sequential model{nn::Linear{4, 4}, relu};
  Tensor x = ones({1, 4});
  Observing scope(paths);
  paths.heard = "";
  first(x), second(x), first(x), model(x);
  CHECK(paths.heard ==
        "Linear linear@Linear Linear#2 linear@Linear#2 Linear linear@Linear Sequential Sequential.0 "
        "linear@Sequential.0 Sequential.1 relu@Sequential.1 ");
}

TEST_CASE("short names of types") {
  CHECK(inspect::short_type("xg::nn::Linear") == "Linear");
  CHECK(inspect::short_type("Mlp") == "Mlp");
  CHECK(inspect::short_type("xg::nn::Sequential<xg::nn::Linear, xg::nn::ReLU>") == "Sequential");
  CHECK(inspect::short_type("{anonymous}::Net") == "Net");
  CHECK(inspect::short_type("(anonymous namespace)::Net") == "Net");
  CHECK(inspect::short_type(type_name<Tensor (*)(const Operand&)>()) == "function");
  CHECK(inspect::short_type("(lambda at net.cpp:3:7)") == "function");
  auto lambda = [](const Tensor& x) { return x; };
  CHECK(inspect::short_type(type_name<decltype(lambda)>()) == "function");
}
