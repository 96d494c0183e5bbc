// libtorch's side of bench/linalg.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

using torch::Tensor;

Tensor leaf(at::IntArrayRef shape) { return torch::rand(shape).requires_grad_(); }

Run layer(int64_t batch, int64_t in, int64_t out) {
  Tensor x = leaf({batch, in}), w = leaf({out, in}), b = leaf({out}), g = torch::rand({batch, out});
  return [=] { torch::autograd::grad({torch::linear(x, w, b)}, {x, w, b}, {g}); };
}

Run product(at::IntArrayRef a, at::IntArrayRef b) {
  Tensor x = leaf(a), y = leaf(b), g = torch::rand(torch::matmul(x, y).sizes());
  return [=] { torch::autograd::grad({torch::matmul(x, y)}, {x, y}, {g}); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  if (name == "linear 4 to 16, batch 1") return layer(1, 4, 16);
  if (name == "linear 16 to 16, batch 32") return layer(32, 16, 16);
  if (name == "linear 784 to 128, batch 1") return layer(1, 784, 128);
  if (name == "linear 784 to 128, batch 64") return layer(64, 784, 128);
  if (name == "matmul of 512x512") return product({512, 512}, {512, 512});
  if (name == "matmul of 64 batches of 8x8") return product({64, 8, 8}, {64, 8, 8});
  if (name == "matmul of 16 batches of 64x64") return product({16, 64, 64}, {16, 64, 64});
  if (name == "matmul of 16 batches with one matrix") return product({16, 64, 64}, {64, 64});
  if (name == "solve 64x64, 8 right sides") {
    Tensor a = (torch::rand({64, 64}) + 40 * torch::eye(64)).requires_grad_(), b = leaf({64, 8});
    Tensor g = torch::rand({64, 8});
    return [=] { torch::autograd::grad({torch::linalg_solve(a, b)}, {a, b}, {g}); };
  }
  if (name == "einsum bhid,bhjd->bhij, forward") {
    Tensor q = torch::rand({4, 8, 32, 16}), k = torch::rand({4, 8, 32, 16});
    return [=] { torch::einsum("bhid,bhjd->bhij", {q, k}); };
  }
  return {};
}

}  // namespace bench
