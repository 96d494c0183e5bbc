// libtorch's side of bench/norm.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

using torch::Tensor;

template <class F>
Run forward_and_back(const F& op, at::IntArrayRef shape, int64_t weights) {
  Tensor x = torch::randn(shape).requires_grad_(), w = torch::ones({weights}).requires_grad_();
  Tensor b = torch::zeros({weights}).requires_grad_(), g = torch::randn(shape);
  return [=] { torch::autograd::grad({op(x, w, b)}, {x, w, b}, {g}); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  auto layer = [](const Tensor& x, const Tensor& w, const Tensor& b) { return torch::layer_norm(x, w.sizes(), w, b); };
  auto batch = [](const Tensor& x, const Tensor& w, const Tensor& b) {
    return torch::batch_norm(x, w, b, {}, {}, true, 0.1, 1e-5, false);
  };
  auto group = [](const Tensor& x, const Tensor& w, const Tensor& b) { return torch::group_norm(x, 8, w, b); };
  if (name == "layer norm, 2048x512") return forward_and_back(layer, {2048, 512}, 512);
  if (name == "layer norm, 128x64") return forward_and_back(layer, {128, 64}, 64);
  if (name == "batch norm, 64x32x28x28") return forward_and_back(batch, {64, 32, 28, 28}, 32);
  if (name == "batch norm, 128x512") return forward_and_back(batch, {128, 512}, 512);
  if (name == "group norm, 64x32x28x28 in 8 groups") return forward_and_back(group, {64, 32, 28, 28}, 32);
  return {};
}

}  // namespace bench
