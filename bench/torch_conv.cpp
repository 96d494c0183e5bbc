// libtorch's side of bench/conv.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

using torch::Tensor;
using Options = torch::nn::Conv2dOptions;

Run forward_and_back(at::IntArrayRef shape, const Options& options, bool first = false) {
  torch::nn::Conv2d layer(options);
  Tensor x = torch::randn(shape), g = torch::randn(layer->forward(x).sizes());
  if (!first) x.requires_grad_();
  std::vector<Tensor> inputs{layer->weight, layer->bias};
  if (!first) inputs.push_back(x);
  return [=]() mutable { torch::autograd::grad({layer->forward(x)}, inputs, {g}); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  if (name == "LeNet, batch 64") {
    using namespace torch::nn;
    Sequential net(Conv2d(1, 16, 5), ReLU(), MaxPool2d(2), Conv2d(16, 32, 5), ReLU(), MaxPool2d(2), Flatten(),
                   Linear(512, 128), ReLU(), Linear(128, 10));
    Tensor x = torch::randn({64, 1, 28, 28}), label = torch::randint(10, {64}, torch::kLong);
    return [=]() mutable {
      net->zero_grad();
      torch::nn::functional::cross_entropy(net->forward(x), label).backward();
    };
  }
  if (name == "5x5, 1 to 16, 28x28, batch 64, first") return forward_and_back({64, 1, 28, 28}, Options(1, 16, 5), true);
  if (name == "5x5, 16 to 32, 12x12, batch 64") return forward_and_back({64, 16, 12, 12}, Options(16, 32, 5));
  if (name == "3x3, 32 to 64, 14x14, batch 64")
    return forward_and_back({64, 32, 14, 14}, Options(32, 64, 3).padding(1));
  if (name == "3x3, 64 to 64, 28x28, batch 16")
    return forward_and_back({16, 64, 28, 28}, Options(64, 64, 3).padding(1));
  if (name == "3x3 by 2, 32 to 64, 28x28, batch 16")
    return forward_and_back({16, 32, 28, 28}, Options(32, 64, 3).stride(2).padding(1));
  if (name == "1x1, 64 to 64, 28x28, batch 16") return forward_and_back({16, 64, 28, 28}, Options(64, 64, 1));
  if (name == "3x3 depthwise, 64, 28x28, batch 16")
    return forward_and_back({16, 64, 28, 28}, Options(64, 64, 3).padding(1).groups(64));
  Tensor map = torch::randn({64, 16, 24, 24}).requires_grad_();
  Tensor g = torch::randn({64, 16, 12, 12}), wide = torch::randn({64, 16, 24, 24});
  if (name == "relu, 64x16x24x24") return [=] { torch::autograd::grad({torch::relu(map)}, {map}, {wide}); };
  if (name == "max pool 2x2, 64x16x24x24")
    return [=] { torch::autograd::grad({torch::max_pool2d(map, 2)}, {map}, {g}); };
  return {};
}

}  // namespace bench
