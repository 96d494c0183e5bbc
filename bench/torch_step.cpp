// libtorch's side of bench/step.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  if (name != "4-16-16-3 network, batch 1") return {};
  torch::nn::Sequential net(torch::nn::Linear(4, 16), torch::nn::Tanh(), torch::nn::Linear(16, 16), torch::nn::Tanh(),
                            torch::nn::Linear(16, 3));
  auto optimizer = std::make_shared<torch::optim::SGD>(net->parameters(), 0.01);
  std::vector<torch::Tensor> x, label;
  for (int64_t i = 0; i < 8; ++i) {
    x.push_back(torch::randn({1, 4}));
    for (int64_t k = 0; k < 3; ++k) label.push_back(torch::full({1}, k, torch::kLong));
  }
  return [=, turn = std::size_t(0)]() mutable {
    optimizer->zero_grad();
    torch::nn::functional::cross_entropy(net->forward(x[turn % 8]), label[turn % 24]).backward();
    optimizer->step();
    ++turn;
  };
}

}  // namespace bench
