// libtorch's side of bench/step.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

using torch::nn::Linear;

template <class Activation>
torch::nn::Sequential network(int64_t in, int64_t hidden, int64_t out) {
  return torch::nn::Sequential(Linear(in, hidden), Activation(), Linear(hidden, hidden), Activation(),
                               Linear(hidden, out));
}

Run training(torch::nn::Sequential net, std::shared_ptr<torch::optim::Optimizer> optimizer, int64_t size,
             int64_t features, int64_t classes) {
  std::vector<torch::Tensor> x, label;
  for (int64_t i = 0; i < 8; ++i) x.push_back(torch::randn({size, features}));
  for (int64_t i = 0; i < 24; ++i) label.push_back((torch::arange(size) + i) % classes);
  return [=, turn = std::size_t(0)]() mutable {
    optimizer->zero_grad();
    torch::nn::functional::cross_entropy(net->forward(x[turn % 8]), label[turn % 24]).backward();
    optimizer->step();
    ++turn;
  };
}

Run with_sgd(torch::nn::Sequential net, int64_t size, int64_t features, int64_t classes) {
  return training(net, std::make_shared<torch::optim::SGD>(net->parameters(), 0.01), size, features, classes);
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  if (name == "4-16-16-3 network, batch 1") return with_sgd(network<torch::nn::Tanh>(4, 16, 3), 1, 4, 3);
  if (name == "64-64-64-10 network, batch 32, SGD") return with_sgd(network<torch::nn::ReLU>(64, 64, 10), 32, 64, 10);
  if (name == "784-512-512-10 network, batch 128, Adam") {
    auto net = network<torch::nn::ReLU>(784, 512, 10);
    return training(net, std::make_shared<torch::optim::Adam>(net->parameters()), 128, 784, 10);
  }
  return {};
}

}  // namespace bench
