// Sequential, Layer, repeat and the small layers: values, names, copies, and where errors point.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <functional>
#include <memory>

#include "../core/message.hpp"
#include "names.hpp"

using namespace xg;

namespace {

struct Block {
  nn::Linear first{4, 4};
  nn::Dropout drop{0.5};
  Tensor operator()(const Tensor& x) const { return x + drop(first(x)); }
};

}  // namespace

TEST_CASE("Sequential calls layers, functions and lambdas one after another") {
  nn::Sequential model{nn::Linear{3, 4}, relu,       [](const Tensor& x) { return 2 * x; },
                       Block{},          nn::Tanh{}, [](auto x) { return x + 1; }};
  CHECK(names(model) == "0.weight 0.bias 3.first.weight 3.first.bias");
  nn::eval(model);
  Tensor x = randn({5, 3});
  Block& block = model.get<3>();
  Tensor h = 2 * relu(model.get<0>()(x));
  CHECK(all_close(model(x), tanh(h + block.first(h)) + 1));
  CHECK_FALSE(block.drop.training);
  CHECK(model.size() == 6);

  auto copy = model;
  copy.get<0>().weight = zeros({4, 3});
  CHECK_FALSE(all_equal(copy(x), model(x)));
  nn::Sequential nested{nn::Sequential{nn::Linear{2, 2}}, nn::Sequential{relu, nn::Linear{2, 1}}};
  CHECK(names(nested) == "0.0.weight 0.0.bias 1.1.weight 1.1.bias");
  CHECK(nested(ones({1, 2})).shape() == Shape{1, 1});
  nn::Sequential<> empty;
  CHECK(all_equal(empty(x), x));
  const auto& constant = model;
  CHECK(constant.get<0>().weight.defined());

  struct Model {
    nn::Sequential<nn::Linear, nn::ReLU> body{nn::Linear{2, 2}, nn::ReLU{}};
    nn::Linear head{2, 1};
  } inside;
  CHECK(names(inside) == "body.0.weight body.0.bias head.weight head.bias");
  int linears = 0, all = 0;
  nn::for_each_module(inside, [&](nn::Linear&) { ++linears; });
  nn::for_each_module(inside, [&](auto&) { ++all; });
  CHECK(linears == 2);
  CHECK(all == 5);
}

TEST_CASE("a layer may give something else than a tensor to the next") {
  nn::Sequential model{[](const Tensor& x) { return std::pair(x, 2 * x); },
                       [](const std::pair<Tensor, Tensor>& both) { return both.first + both.second; }};
  CHECK(model(tensor({1, 2})).to_vector() == std::vector<double>{3, 6});
}

TEST_CASE("errors inside Sequential and Layer point to the user's call and name the layer") {
  struct Model {
    nn::Sequential<nn::Linear, nn::ReLU, nn::Linear> body{nn::Linear{3, 4}, nn::ReLU{}, nn::Linear{5, 1}};
    std::vector<nn::Layer> rest{nn::Linear{3, 3}};
    Tensor operator()(const Tensor& x) const { return body(x); }
  } model;
  nn::parameters(model);
  std::string text = whole_message<Error>([&] { model(ones({2, 3})); });
  CHECK(text.find("linear: x has 4 features, the weight takes 5\n  layer  body.2\n") == 0);
  CHECK(text.find("`body.2.weight`") != std::string::npos);
  CHECK(text.find("sequential_test.cpp:") != std::string::npos);
  CHECK(text.find("sequential.hpp") == std::string::npos);
  text = whole_message<Error>([&] { model.rest[0](ones({2, 2})); });
  CHECK(text.find("linear: x has 2 features, the weight takes 3\n  layer  rest.0\n") == 0);
  CHECK(text.find("at  sequential_test.cpp:") != std::string::npos);
}

TEST_CASE("errors of convolutions, norms and embeddings name the layer by its path in the model") {
  struct Stage {
    nn::Conv2d conv{3, 4, 3};
    nn::BatchNorm2d norm{4};
  };
  struct Model {
    nn::Embedding token{4, 2};
    std::vector<Stage> encoder{2};
  } model;
  nn::SGD optimizer(nn::parameters(model));  // this is enough for names
  const nn::Conv2d& conv = model.encoder[1].conv;
  for (const Shape& wrong : {Shape{1, 2, 8, 8}, Shape{3, 8, 8}, Shape{1, 3, 2, 2}}) {
    std::string text = whole_message<Error>([&] { conv(ones(wrong)); });
    CHECK(text.find("\n  layer  encoder.1.conv\n") != std::string::npos);
    CHECK(text.find("at  sequential_test.cpp:") != std::string::npos);
  }
  CHECK(whole_message<Error>([&] {
          model.encoder[0].norm(ones({1, 5, 2, 2}));
        }).find("layer  encoder.0.norm\n") != std::string::npos);
  CHECK(whole_message<Error>([&] { model.token(tensor({9}, i64)); }).find("layer  token\n") != std::string::npos);
  Model copy = model;
  CHECK(whole_message<Error>([&] {
          copy.encoder[0].norm(ones({1, 4, 1, 1}));
        }).find("layer  encoder.0.norm\n") != std::string::npos);
}

TEST_CASE("the tensors of a model are called by their paths once it was walked") {
  struct Model {
    std::vector<Block> blocks{2};
  } model;
  CHECK(model.blocks[1].first.weight.name().empty());
  nn::parameters(model);
  CHECK(model.blocks[1].first.weight.name() == "blocks.1.first.weight");
  nn::parameters(model.blocks[1]);  // a part of it
  nn::freeze(model.blocks[1].first);
  CHECK(model.blocks[1].first.weight.name() == "blocks.1.first.weight");
  nn::unfreeze(model);
  Model copy = model, moved = std::move(model);
  CHECK(copy.blocks[0].first.bias.name() == "blocks.0.first.bias");
  CHECK(moved.blocks[0].first.bias.name() == "blocks.0.first.bias");
  std::vector<Model> models{copy, copy};
  nn::parameters(models);
  CHECK(models[1].blocks[0].first.bias.name() == "1.blocks.0.first.bias");
  named(copy.blocks[0].first.bias, "mine");
  CHECK(nn::named_parameters(copy)[1].name == "blocks.0.first.bias");
  CHECK(copy.blocks[0].first.bias.name() == "mine");
  nn::Parameter alone(ones({2}));
  nn::parameters(alone);
  CHECK(alone.name().empty());
  nn::zero_grad(moved);
}

TEST_CASE("Layer holds any module, deeply copied and walked") {
  nn::Layer layer = nn::Linear{3, 2};
  CHECK(names(layer) == "weight bias");
  nn::Layer copy = layer;
  REQUIRE(copy.get<nn::Linear>());
  CHECK(copy.get<Block>() == nullptr);
  CHECK(copy.get<nn::Linear>()->weight.impl().get() != layer.get<nn::Linear>()->weight.impl().get());
  Tensor x = randn({4, 3});
  CHECK(all_equal(copy(x), layer(x)));
  auto* leaf = layer.get<nn::Linear>()->weight.impl().get();
  nn::Layer moved = std::move(layer);
  CHECK(moved.get<nn::Linear>()->weight.impl().get() == leaf);
  CHECK_FALSE(layer);
  copy = relu;
  CHECK(all_equal(copy(x), relu(x)));
  CHECK(names(copy).empty());
  copy = moved;
  CHECK(copy.get<nn::Linear>()->weight.impl().get() != leaf);

  std::vector<nn::Layer> net{nn::Linear{3, 4}, relu, Block{}, [](const Tensor& v) { return sum(v, -1); }};
  CHECK(names(net) == "0.weight 0.bias 2.first.weight 2.first.bias");
  nn::eval(net);
  CHECK_FALSE(net[2].get<Block>()->drop.training);
  Tensor y = x;
  for (const nn::Layer& one : net) y = one(y);
  CHECK(y.shape() == Shape{4});
  nn::Sequential mixed{nn::Layer{nn::Linear{3, 2}}, nn::ReLU{}};
  CHECK(names(mixed) == "0.weight 0.bias");
  nn::to(net, f64);
  CHECK(net[0].get<nn::Linear>()->weight.dtype() == f64);
  std::function<Tensor(const Tensor&)> function = [](const Tensor& v) { return v; };
  CHECK(all_equal(nn::Layer(function)(x), x));
  CHECK_THROWS_WITH_AS(nn::Layer{}(x), doctest::Contains("Layer: it is empty\n  at  sequential_test.cpp:"), ValueError);
}

TEST_CASE("a Layer keeps ties within a copy") {
  struct Model {
    nn::Layer first = nn::Linear{2, 2}, second = nn::Linear{2, 2};
  } model;
  model.second.get<nn::Linear>()->weight = nn::share(model.first.get<nn::Linear>()->weight);
  CHECK(names(model) == "first.weight first.bias second.bias");
  Model copy = model;
  CHECK(names(copy) == "first.weight first.bias second.bias");
  CHECK(copy.first.get<nn::Linear>()->weight.impl().get() == copy.second.get<nn::Linear>()->weight.impl().get());
  CHECK(copy.first.get<nn::Linear>()->weight.impl().get() != model.first.get<nn::Linear>()->weight.impl().get());
}

TEST_CASE("repeat makes each module afresh") {
  std::vector<Block> blocks = nn::repeat(3, [] { return Block{}; });
  CHECK(blocks.size() == 3);
  CHECK_FALSE(all_equal(blocks[0].first.weight, blocks[1].first.weight));
  CHECK(names(blocks) == "0.first.weight 0.first.bias 1.first.weight 1.first.bias 2.first.weight 2.first.bias");
  std::vector<nn::Linear> widening = nn::repeat(2, [](std::int64_t i) { return nn::Linear{i + 1, i + 2}; });
  CHECK(widening[1].weight.shape() == Shape{3, 2});
  CHECK(nn::repeat(0, [] { return Block{}; }).empty());
  CHECK_THROWS_WITH_AS(nn::repeat(-1, [] { return Block{}; }), doctest::Contains("repeat: there cannot be -1"),
                       ValueError);
}

TEST_CASE("activations as layers are the ops of their names") {
  Tensor x = randn({3, 4});
  CHECK(all_equal(nn::ReLU{}(x), relu(x)));
  CHECK(all_equal(nn::ReLU6{}(x), relu6(x)));
  CHECK(all_equal(nn::LeakyReLU{}(x), leaky_relu(x, 0.01)));
  CHECK(all_equal(nn::LeakyReLU{.slope = 0.2}(x), leaky_relu(x, 0.2)));
  CHECK(all_equal(nn::ELU{}(x), elu(x)));
  CHECK(all_equal(nn::ELU{2}(x), elu(x, 2)));
  CHECK(all_equal(nn::SELU{}(x), selu(x)));
  CHECK(all_equal(nn::GELU{}(x), gelu(x)));
  CHECK(all_equal(nn::GELU{Approximate::tanh}(x), gelu(x, Approximate::tanh)));
  CHECK(all_equal(nn::SiLU{}(x), silu(x)));
  CHECK(all_equal(nn::Tanh{}(x), tanh(x)));
  CHECK(all_equal(nn::Sigmoid{}(x), sigmoid(x)));
  CHECK(all_equal(nn::Softplus{2}(x), softplus(x, 2)));
  CHECK(all_equal(nn::Softmax{}(x), softmax(x, 1)));
  CHECK(all_equal(nn::Softmax{0}(x), softmax(x, 0)));
  CHECK(all_equal(nn::LogSoftmax{}(x), log_softmax(x, 1)));
  CHECK(nn::Identity{}(x).impl().get() == x.impl().get());
  CHECK(nn::Flatten{}(ones({2, 3, 4})).shape() == Shape{2, 12});
  CHECK(nn::Flatten{0, 1}(ones({2, 3, 4})).shape() == Shape{6, 4});
}

TEST_CASE("PReLU trains its slope") {
  nn::PReLU one, many{3, {.initial = 0.5}};
  CHECK(one(tensor({-4, 4})).to_vector() == std::vector<double>{-1, 4});
  Tensor x = -ones({2, 3, 2, 2});
  CHECK(all_equal(many(x), x / 2));
  many.weight = tensor({1, 2, 3});
  CHECK(many(-ones({1, 3})).to_vector() == std::vector<double>{-1, -2, -3});
  CHECK(names(many) == "weight");
  nn::to(many, f64);
  CHECK_MODEL_GRADIENTS(many, randn({2, 3, 2}, f64));
  nn::Sequential model{nn::Identity{}, many};
  nn::parameters(model);
  CHECK_THROWS_WITH_AS(
      model(ones({2, 4}, f64)),
      doctest::Contains("PReLU: x has shape (2, 4), whose axis 1 is not one of 3 channels\n  layer  1"), ShapeError);
  CHECK_THROWS_AS(many(ones({3}, f64)), ShapeError);
  CHECK_THROWS_WITH_AS(nn::PReLU{0}, doctest::Contains("PReLU: there must be at least 1 channel, not 0"), ValueError);
}
