// libtorch's side of bench/kernels.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {

namespace {

Run forward_and_back(at::Tensor (*op)(const at::Tensor&, int64_t, c10::optional<at::ScalarType>)) {
  torch::Tensor x = torch::rand({1024, 1000}).requires_grad_(), g = torch::rand({1024, 1000});
  return [=] { torch::autograd::grad({op(x, 1, c10::nullopt)}, {x}, {g}); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  torch::Tensor x = torch::rand({1024, 1024}), logits = torch::rand({1024, 1000}), wide = x.to(torch::kDouble);
  if (name == "sum of 1024x1024") return [=] { x.sum(); };
  if (name == "sum of 1024x1024, axis 0") return [=] { x.sum(0); };
  if (name == "sum of 1024x1024, axis 1") return [=] { x.sum(1); };
  if (name == "amax of 1024x1024, axis 1") return [=] { x.amax(1); };
  if (name == "argmax of 1024x1024, axis 1") return [=] { x.argmax(1); };
  if (name == "softmax of 1024x1000") return [=] { logits.softmax(1); };
  if (name == "softmax of 1024x1000, forward and back") return forward_and_back(at::softmax);
  if (name == "log_softmax of 1024x1000") return [=] { logits.log_softmax(1); };
  if (name == "log_softmax of 1024x1000, forward and back") return forward_and_back(at::log_softmax);
  if (name == "copy of a transposed 1024x1024") return [=] { x.t().contiguous(); };
  if (name == "copy of a transposed 1024x1024, f64") return [=] { wide.t().contiguous(); };
  return {};
}

}  // namespace bench
