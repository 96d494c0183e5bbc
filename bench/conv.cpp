// Convolutions and pooling, and LeNet as a whole, forward and back.
#include <memory>

#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct LeNet {
  nn::Conv2d a{1, 16, 5}, b{16, 32, 5};
  nn::Linear c{512, 128}, d{128, 10};
  Tensor operator()(const Tensor& x) const {
    Tensor y = max_pool2d(relu(a(x)), 2);
    y = max_pool2d(relu(b(y)), 2);
    return d(relu(c(flatten(y, 1))));
  }
};

bench::Run forward_and_back(const Shape& shape, nn::Conv2d made, bool first = false) {
  auto layer = std::make_shared<nn::Conv2d>(std::move(made));
  Tensor x = randn(shape), g = randn((*layer)(x).shape());
  if (!first) x = variable(x);
  Tensors inputs{layer->weight, layer->bias};
  if (!first) inputs.push_back(x);
  return [=] { grad(Tensors{(*layer)(x)}, inputs, Tensors{g}); };
}

void compare_all(int threads) {
  bench::Table table("convolution, f32, forward and back", {.threads = threads});
  seed(1);
  LeNet net;
  Tensor x = randn({64, 1, 28, 28}), label = randint(0, 10, {64});
  table.compare("LeNet, batch 64", 0.9, [&] {
    nn::zero_grad(net);
    nn::cross_entropy(net(x), label).backward();
  });
  table.compare("5x5, 1 to 16, 28x28, batch 64, first", 1,
                forward_and_back({64, 1, 28, 28}, nn::Conv2d(1, 16, 5), true));
  table.compare("5x5, 16 to 32, 12x12, batch 64", 1, forward_and_back({64, 16, 12, 12}, nn::Conv2d(16, 32, 5)));
  table.compare("3x3, 32 to 64, 14x14, batch 64", 1,
                forward_and_back({64, 32, 14, 14}, nn::Conv2d(32, 64, 3, {.padding = 1})));
  table.compare("3x3, 64 to 64, 28x28, batch 16", 1,
                forward_and_back({16, 64, 28, 28}, nn::Conv2d(64, 64, 3, {.padding = 1})));
  table.compare("3x3 by 2, 32 to 64, 28x28, batch 16", 1,
                forward_and_back({16, 32, 28, 28}, nn::Conv2d(32, 64, 3, {.stride = 2, .padding = 1})));
  table.compare("1x1, 64 to 64, 28x28, batch 16", 1, forward_and_back({16, 64, 28, 28}, nn::Conv2d(64, 64, 1)));
  table.compare("3x3 depthwise, 64, 28x28, batch 16", 1,
                forward_and_back({16, 64, 28, 28}, nn::Conv2d(64, 64, 3, {.padding = 1, .groups = 64})));
  Tensor map = variable(randn({64, 16, 24, 24})), g = randn({64, 16, 12, 12}), wide = randn({64, 16, 24, 24});
  table.compare("relu, 64x16x24x24", 1, [=] { grad(Tensors{relu(map)}, Tensors{map}, Tensors{wide}); });
  table.compare("max pool 2x2, 64x16x24x24", 1, [=] { grad(Tensors{max_pool2d(map, 2)}, Tensors{map}, Tensors{g}); });
}

}  // namespace

int main() {
  compare_all(1);
  compare_all(2);
}
