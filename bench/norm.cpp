// Normalising layers, forward and back, with weight and bias.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

template <class F>
bench::Run forward_and_back(const F& op, const Shape& shape, const Shape& weights) {
  Tensor x = variable(randn(shape)), w = variable(ones(weights)), b = variable(zeros(weights)), g = randn(shape);
  return [=] { grad(Tensors{op(x, w, b)}, Tensors{x, w, b}, Tensors{g}); };
}

}  // namespace

int main() {
  seed(1);
  auto layer = [](const Tensor& x, const Tensor& w, const Tensor& b) { return layer_norm(x, w.shape(), w, b); };
  auto batch = [](const Tensor& x, const Tensor& w, const Tensor& b) { return batch_norm(x, w, b).y; };
  auto group = [](const Tensor& x, const Tensor& w, const Tensor& b) { return group_norm(x, 8, w, b); };
  for (int threads : {1, 2}) {
    bench::Table table("normalisation, f32, forward and back", {.threads = threads});
    table.compare("layer norm, 2048x512", 0.8, forward_and_back(layer, {2048, 512}, {512}));
    table.compare("layer norm, 128x64", 0.8, forward_and_back(layer, {128, 64}, {64}));
    table.compare("batch norm, 64x32x28x28", 0.8, forward_and_back(batch, {64, 32, 28, 28}, {32}));
    table.compare("batch norm, 128x512", 0.8, forward_and_back(batch, {128, 512}, {512}));
    table.compare("group norm, 64x32x28x28 in 8 groups", 0.8, forward_and_back(group, {64, 32, 28, 28}, {32}));
  }
}
