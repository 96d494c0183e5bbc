// libtorch's side of bench/formula.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  torch::Tensor x = torch::randn({1000000}).requires_grad_(), g = torch::randn({1000000});
  auto forward_and_back = [=](auto op) -> Run { return [=] { torch::autograd::grad({op(x)}, {x}, {g}); }; };
  if (name == "GELU formula, by libtorch's chain")
    return forward_and_back([](const torch::Tensor& v) { return 0.5 * v * (1 + torch::erf(v * 0.7071067811865476)); });
  if (name == "GELU tanh formula, by libtorch's chain")
    return forward_and_back([](const torch::Tensor& v) {
      return 0.5 * v * (1 + torch::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
    });
  if (name == "GELU tanh formula, by libtorch's gelu")
    return forward_and_back([](const torch::Tensor& v) { return torch::gelu(v, "tanh"); });
  return forward_and_back([](const torch::Tensor& v) { return torch::gelu(v); });
}

}  // namespace bench
