// Models as plain structs: what is found in them and under which names, and what copying, moving, tying, freezing and
// converting do.
#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "xgrad/xgrad.hpp"

#include "names.hpp"

using namespace xg;

namespace {

Tensor full_of(const Shape& shape, double value, DType dtype = f32) { return Tensor(Array::full(shape, value, dtype)); }

/// A layer like the library's: a class with a constructor, which lists its fields.
class Affine {
 public:
  Affine(std::int64_t in, std::int64_t out, double value = 0.5)
      : weight(full_of({out, in}, value)), bias(full_of({out}, 0)) {}
  Tensor operator()(const Tensor& x) const { return weight * x + bias; }
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  nn::Parameter weight;
  nn::Parameter bias;
};

struct Block {
  Affine first{2, 3};
  Affine second{3, 2};
};

double at(const Tensor& t) { return t.to_vector<double>()[0]; }

struct Mlp {
  Affine hidden{2, 16};
  Affine out{16, 2};
};

}  // namespace

TEST_CASE("a plain struct names its parameters by its members") {
  Mlp model;
  CHECK(names(model) == "hidden.weight hidden.bias out.weight out.bias");
  CHECK(nn::parameters(model).size() == 4);
  CHECK(nn::named_parameters(model)[2].tensor.shape() == Shape{2, 16});
  CHECK(nn::count_parameters(model) == 2 * 16 + 16 + 16 * 2 + 2);
  const Mlp& constant = model;
  CHECK(nn::parameters(constant)[0].impl().get() == model.hidden.weight.impl().get());
  struct Local {
    nn::Parameter own = full_of({3}, 1);
    Block inner;
  };
  CHECK(names(Local()) == "own inner.first.weight inner.first.bias inner.second.weight inner.second.bias");
  CHECK(names(model.hidden) == "weight bias");
  struct Nothing {
    int number = 3;
  };
  CHECK(names(Nothing()).empty());
}

TEST_CASE("containers, optionals, tuples, variants and pointers are walked; anything else is left alone") {
  struct Model {
    std::vector<Block> blocks{2};
    std::array<nn::Parameter, 2> pair{nn::Parameter(full_of({1}, 1)), nn::Parameter(full_of({1}, 2))};
    std::optional<Affine> head = Affine{2, 2};
    std::optional<Affine> absent;
    std::tuple<Affine, int, nn::Parameter> three{Affine{1, 1}, 7, full_of({1}, 3)};
    std::pair<int, Affine> two{1, Affine{1, 1}};
    std::variant<int, Affine> either = Affine{1, 1};
    std::variant<int, Affine> number = 3;
    std::unique_ptr<Affine> owned = std::make_unique<Affine>(1, 1);
    std::unique_ptr<Affine> null;
    std::shared_ptr<Affine> once = std::make_shared<Affine>(1, 1);
    std::shared_ptr<Affine> twice = once;
    std::map<std::string, nn::Parameter> by_name{{"key", full_of({1}, 4)}};
    std::map<int, nn::Parameter> by_number{{9, full_of({1}, 4)}};
    Tensor plain = variable(1.0);
    std::function<Tensor(const Tensor&)> activation = [](const Tensor& x) { return tanh(x); };
    Tensor (*function)(const Operand&) = tanh;
    std::string text = "text";
    std::vector<double> numbers{1, 2};
    Shape shape{2, 3};
    const char* name = "name";
    Affine* raw = nullptr;
    bool flag = true;
    DType dtype = f32;
  } model;
  CHECK(names(model) ==
        "blocks.0.first.weight blocks.0.first.bias blocks.0.second.weight blocks.0.second.bias "
        "blocks.1.first.weight blocks.1.first.bias blocks.1.second.weight blocks.1.second.bias "
        "pair.0 pair.1 head.weight head.bias three.0.weight three.0.bias three.2 two.1.weight two.1.bias "
        "either.weight either.bias owned.weight owned.bias once.weight once.bias by_name.key by_number.0");
  CHECK(names(std::vector<Affine>(2, Affine{1, 1})) == "0.weight 0.bias 1.weight 1.bias");
}

TEST_CASE("a struct may hold itself through a container") {
  struct Tree {
    nn::Parameter value = full_of({1}, 1);
    std::vector<Tree> children = {};
  } tree;
  tree.children.resize(2);
  tree.children[1].children.resize(1);
  CHECK(names(tree) == "value children.0.value children.1.value children.1.children.0.value");
}

TEST_CASE("forty members") {
  struct Wide {
    nn::Parameter a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
        c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 = full_of({1}, 1);
  } wide;
  CHECK(names(wide) == "d9");
  wide.a0 = full_of({2}, 1);
  CHECK(names(wide) == "a0 d9");
}

TEST_CASE("what reflection cannot see is known at compile time") {
  struct Base {
    nn::Parameter inherited;
  };
  struct Derived : Base {
    nn::Parameter own;
  };
  struct WithArray {
    nn::Parameter own;
    float numbers[3];
    Affine after{1, 1};
  };
  CHECK(nn::detail::has_base<Derived>);
  CHECK_FALSE(nn::detail::has_base<Mlp>);
  CHECK(nn::detail::has_array<WithArray>);
  CHECK_FALSE(nn::detail::has_array<Mlp>);
  CHECK_FALSE(nn::detail::may_hold<std::function<int()>>);
  CHECK_FALSE(nn::detail::may_hold<Tensor>);
  CHECK_FALSE(nn::detail::may_hold<std::vector<std::string>>);
  CHECK(nn::detail::may_hold<std::vector<std::optional<Mlp>>>);
}

TEST_CASE("a copy has leaves of its own") {
  Mlp model;
  Mlp copy = model;
  CHECK(copy.hidden.weight.impl().get() != model.hidden.weight.impl().get());
  copy.hidden.weight.assign(full_of({16, 2}, 9));
  model.out.weight.edit().fill<float>()[0] = 4;
  CHECK(at(copy.hidden.weight) == 9);
  CHECK(at(model.hidden.weight) == 0.5);
  CHECK(at(model.out.weight) == 4);
  CHECK(at(copy.out.weight) == 0.5);
  CHECK(copy.hidden.weight.is_leaf());
  CHECK(copy.hidden.weight.requires_grad());
  std::vector<Affine> layers(3, model.hidden);
  CHECK(layers[0].weight.impl().get() != layers[2].weight.impl().get());
}

TEST_CASE("moving moves the leaves") {
  Mlp model;
  auto* leaf = model.hidden.weight.impl().get();
  Mlp moved = std::move(model);
  CHECK(moved.hidden.weight.impl().get() == leaf);
  std::vector<Mlp> models;
  models.push_back(std::move(moved));
  for (int i = 0; i < 10; ++i) models.emplace_back();
  CHECK(models[0].hidden.weight.impl().get() == leaf);
  std::swap(models[0], models[1]);
  CHECK(models[1].hidden.weight.impl().get() == leaf);
}

TEST_CASE("assigning writes through, so that an optimizer keeps its parameters") {
  Mlp model, other;
  other.hidden.weight.assign(full_of({16, 2}, 3));
  std::vector<Tensor> held = nn::parameters(model);
  model = other;
  CHECK(at(held[0]) == 3);
  model.hidden.weight = full_of({16, 2}, 5);
  CHECK(at(held[0]) == 5);
  CHECK(at(other.hidden.weight) == 3);
  model = Mlp();
  CHECK(at(held[0]) == 0.5);
  model.hidden = Affine{2, 16, 0.25};
  CHECK(at(held[0]) == 0.25);
  nn::Parameter& self = model.hidden.weight;
  self = *&self;
  self = static_cast<nn::Parameter&&>(*&self);
  CHECK(at(held[0]) == 0.25);
  self -= 0.25 * ones({2});
  self += 1.5;
  self *= 4;
  self /= self + 1;
  CHECK(at(held[0]) == doctest::Approx(6. / 7));
  CHECK(self.is_leaf());
  self = full_of({16, 2}, 0.25);

  model.hidden = Affine{3, 16, 7};  // another shape takes the parameter's place
  CHECK(model.hidden.weight.shape() == Shape{16, 3});
  CHECK(at(held[0]) == 0.25);
  nn::Parameter none;
  none = full_of({2}, 8);
  CHECK(none.requires_grad());
  CHECK_THROWS_WITH_AS(none = full_of({3}, 8), doctest::Contains("assign: the shapes differ: (2,) and (3,)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(none = full_of({2}, 8, f64), doctest::Contains("f32 and f64"), DTypeError);
  CHECK(at(none) == 8);
  CHECK_THROWS_AS(nn::Parameter(full_of({2}, 1, i64)), DTypeError);
}

TEST_CASE("gradients arrive at parameters through their handles") {
  Affine layer(1, 1);
  Tensor x(Array(3.0, f32));
  std::vector<Tensor> held = nn::parameters(layer);
  layer(x).backward();
  CHECK(held[0].grad().item() == 3);
  CHECK(layer.bias.grad().item() == 1);
  nn::zero_grad(layer);
  CHECK_FALSE(held[0].has_grad());
}

namespace {

struct Tied {
  Affine token{4, 4};
  std::vector<Affine> heads = std::vector<Affine>(2, Affine{4, 4});
  Tied() = default;
  auto fields() { return nn::fields("token", token, "heads", heads); }
};

bool is_tied(const Tied& model) {
  return model.token.weight.impl().get() == model.heads[0].weight.impl().get() &&
         model.token.weight.impl().get() == model.heads[1].weight.impl().get();
}

}  // namespace

TEST_CASE("tied parameters are one leaf, listed once, and stay tied in a copy") {
  Tied model;
  for (Affine& head : model.heads) head.weight = nn::share(model.token.weight);
  CHECK(is_tied(model));
  CHECK(names(model) == "token.weight token.bias heads.0.bias heads.1.bias");
  Tied copy = model;
  CHECK(is_tied(copy));
  CHECK(copy.token.weight.impl().get() != model.token.weight.impl().get());
  Tied again = model, chain = copy;
  CHECK(is_tied(again));
  CHECK(is_tied(chain));
  CHECK(again.token.weight.impl().get() != copy.token.weight.impl().get());
  Affine part = model.token;  // copying a part begins no copy of the whole
  Tied whole = model;
  CHECK(is_tied(whole));
  CHECK(whole.token.weight.impl().get() != part.weight.impl().get());
  Tied moved = std::move(whole);
  CHECK(is_tied(moved));
  moved = model;
  CHECK(is_tied(moved));
  model.token.weight = full_of({4, 4}, 2);
  CHECK(at(model.heads[1].weight) == 2);
  CHECK(at(moved.heads[1].weight) == 0.5);
  nn::Parameter tied_at_birth = nn::share(model.token.weight);
  CHECK(at(tied_at_birth) == 2);
}

TEST_CASE("a copy of any part leaves the next copy of the whole alone") {
  Tied model;
  for (Affine& head : model.heads) head.weight = nn::share(model.token.weight);
  nn::parameters(model);
  for (int way = 0; way < 4; ++way) {
    CAPTURE(way);
    std::vector<Affine> part;
    if (way == 3) part = model.heads;
    else part.push_back(way == 0 ? model.token : model.heads[static_cast<std::size_t>(way) - 1]);
    Tied whole = model;
    CHECK(is_tied(whole));
    CHECK(whole.token.weight.impl().get() != part[0].weight.impl().get());
    if (way == 3) CHECK(part[0].weight.impl().get() == part[1].weight.impl().get());
    Tied again = whole;  // the order goes with a copy
    Affine last = again.heads[1];
    Tied third = again;
    CHECK(is_tied(third));
    CHECK(third.token.weight.impl().get() != last.weight.impl().get());
  }
  // Where the original stands behind the others.
  struct Reversed {
    std::vector<Affine> heads = std::vector<Affine>(2, Affine{4, 4});
    Affine token{4, 4};
  } reversed;
  for (Affine& head : reversed.heads) head.weight = nn::share(reversed.token.weight);
  nn::parameters(reversed.token);
  Reversed copy = reversed;
  CHECK(copy.heads[0].weight.impl().get() == copy.token.weight.impl().get());
  nn::parameters(reversed);
  Affine part = reversed.heads[1];
  Reversed second = reversed;
  CHECK(second.heads[0].weight.impl().get() == second.token.weight.impl().get());
  CHECK(second.heads[0].weight.impl().get() == second.heads[1].weight.impl().get());
  CHECK(second.heads[0].weight.impl().get() != part.weight.impl().get());
}

TEST_CASE("a parameter tied to one that is gone is a parameter like any other") {
  Affine layer(1, 1);
  {
    Affine first(1, 1, 3);
    layer.weight = nn::share(first.weight);
    CHECK(layer.weight.is_shared());
  }
  CHECK_FALSE(layer.weight.is_shared());
  CHECK(at(layer.weight) == 3);
  Affine copy = layer, other = layer;
  CHECK(copy.weight.impl().get() != other.weight.impl().get());
}

TEST_CASE("freezing") {
  Mlp model;
  std::vector<Tensor> held = nn::parameters(model);
  nn::freeze(model.hidden);
  CHECK_FALSE(held[0].requires_grad());
  CHECK_FALSE(Mlp(model).hidden.weight.requires_grad());
  CHECK(held[2].requires_grad());
  CHECK(names(model) == "hidden.weight hidden.bias out.weight out.bias");
  CHECK(nn::count_parameters(model) == 34);
  nn::freeze(model.out.bias);
  CHECK_FALSE(model.out.bias.requires_grad());
  nn::unfreeze(model);
  CHECK(held[0].requires_grad());
  CHECK(held[0].impl().get() == model.hidden.weight.impl().get());
}

TEST_CASE("another dtype, in the same leaves") {
  struct Model {
    Affine layer{1, 1};
    nn::Buffer mean = full_of({1}, 2);
    nn::Buffer count = full_of({1}, 3, i64);
  } model;
  std::vector<Tensor> held = nn::parameters(model);
  Tensor x(Array(3.0, f64));
  Tensor before = model.layer(variable(3.0));
  nn::to(model, f64);
  CHECK(held[0].dtype() == f64);
  CHECK(at(held[0]) == 0.5);
  CHECK(model.mean.dtype() == f64);
  CHECK(model.count.dtype() == i64);
  CHECK_THROWS_AS(before.backward(), GradError);  // it was recorded in f32
  model.layer(x).backward();
  CHECK(held[0].grad().dtype() == f64);
  nn::to(model, f32);
  CHECK_FALSE(held[0].has_grad());
  CHECK_THROWS_WITH_AS(nn::to(model, i64), doctest::Contains("nn::to: parameters are f32 or f64, not i64"), DTypeError);
}

TEST_CASE("buffers are listed apart, copied, and written through") {
  struct Model {
    nn::Parameter scale = full_of({1}, 1);
    nn::Buffer mean = full_of({2}, 2);
  } model;
  CHECK(names(model) == "scale");
  CHECK(nn::named_buffers(model)[0].name == "mean");
  Tensor held = nn::buffers(model)[0];
  CHECK_FALSE(held.requires_grad());
  model.mean = full_of({2}, 5);
  CHECK(at(held) == 5);
  model.mean *= 0.5;
  CHECK(at(held) == 2.5);
  CHECK_FALSE((model.mean += model.scale).requires_grad());
  Model copy = model;
  copy.mean.assign(full_of({2}, 7));
  CHECK(at(held) == 3.5);
}

TEST_CASE("training and evaluation") {
  struct Model {
    struct Noise {
      double p = 0.5;
      nn::Training training;
    };
    std::vector<Noise> noises{2};
  } model;
  CHECK(model.noises[1].training);
  nn::eval(model);
  CHECK_FALSE(model.noises[1].training);
  nn::train(model);
  CHECK(model.noises[0].training);
}

TEST_CASE("every module of a kind") {
  struct Model {
    Affine first{1, 1};
    std::vector<Block> blocks{1};
  } model;
  std::string seen;
  nn::for_each_module(model, [&](const std::string& name, Affine&) { seen += name + " "; });
  CHECK(seen == "first blocks.0.first blocks.0.second ");
  int all = 0;
  nn::for_each_module(model, [&](auto&) { ++all; });
  CHECK(all == 5);
  nn::for_each_module(model, [](Affine& layer) { layer.bias = full_of(layer.bias.shape(), 4); });
  CHECK(at(model.blocks[0].second.bias) == 4);
}

namespace {

// What {x} means is ambiguous for both of these.
struct Scale {
  Scale(double) {}
  Scale(const Shape&) {}
  Scale(std::string) {}
};
struct Normed {
  nn::Linear in{3, 4};
  Scale scale{2.0};
  nn::LayerNorm norm{4};
  nn::Linear out{4, 1};
};

}  // namespace

TEST_CASE("members with several constructors are members like others") {
  Normed model;
  std::vector<std::string> names;
  for (const auto& [name, p] : nn::named_parameters(model)) names.push_back(name);
  CHECK(names ==
        std::vector<std::string>{"in.weight", "in.bias", "norm.weight", "norm.bias", "out.weight", "out.bias"});
}

TEST_CASE("whatever is done with a model, its names and values stay") {
  struct Model {
    Affine token{4, 4, 0.25};
    std::vector<Block> blocks{2};
    std::optional<Affine> head = Affine{4, 4};
    nn::Buffer mean = full_of({2}, 7);
  } model;
  model.head->weight = nn::share(model.token.weight);
  auto all = [](const nn::AnyModel& of) {
    std::vector<nn::NamedTensor> list = nn::named_parameters(of);
    for (nn::NamedTensor& buffer : nn::named_buffers(of)) list.push_back(buffer);
    return list;
  };
  std::vector<nn::NamedTensor> before = all(model);
  CHECK(before.size() == 12);
  auto check = [&](const nn::AnyModel& of, const std::string& prefix = "") {
    std::vector<nn::NamedTensor> now = all(of);
    REQUIRE(now.size() >= before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(now[i].name.substr(prefix.size()) == before[i].name);
      CHECK(now[i].tensor.to_vector() == before[i].tensor.to_vector());
    }
  };
  Model copy = model;
  check(copy);
  Model moved = std::move(copy);
  check(moved);
  CHECK(moved.head->weight.impl().get() == moved.token.weight.impl().get());
  std::vector<Model> many;
  for (int i = 0; i < 3; ++i) many.push_back(i == 1 ? std::move(moved) : model);
  for (Model& one : many) check(one);
  nn::freeze(many[0]);
  check(many[0]);
  nn::unfreeze(many[0]);
  nn::to(many[0], f64);
  nn::to(many[0], f32);
  check(many[0]);
  Model assigned = model;  // assignment writes values through and leaves ties as they are
  assigned.token.weight = full_of({4, 4}, 9);
  assigned = many[2];
  check(assigned);
  struct Holder {
    std::unique_ptr<Model> inner;
  } holder{std::make_unique<Model>(assigned)};
  check(holder, "inner.");
}
