// Ops that layers are made of against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

TEST_CASE("the ops of layers agree with PyTorch") {
  check_goldens(
      "layers",
      {
          {"embedding",
           [](auto& x, auto& args) {
             if (!args.given("padding")) return Tensors{embedding(x[0], x[1])};
             return Tensors{embedding(x[0], x[1], args.integer("padding"))};
           }},
          {"bilinear",
           [](auto& x, auto&) { return Tensors{bilinear(x[0], x[1], x[2], x.size() > 3 ? x[3] : Tensor())}; }},
          {"linear", [](auto& x, auto&) { return Tensors{linear(x[0], x[1], x.size() > 2 ? x[2] : Tensor())}; }},
          {"PReLU",
           [](auto& x, auto&) {
             Shape wide(static_cast<std::size_t>(x[0].rank()) - 1, 1);
             wide[0] = x[1].size();
             return Tensors{prelu(x[0], reshape(x[1], wide))};
           }},
      });
}
