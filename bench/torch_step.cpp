// libtorch's side of bench/step.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {

Run torch_run(const std::string& name) {
  torch::set_num_threads(1);
  if (name != "4-16-16-3 network, batch 1") return {};
  torch::nn::Sequential net(torch::nn::Linear(4, 16), torch::nn::Tanh(), torch::nn::Linear(16, 16), torch::nn::Tanh(),
                            torch::nn::Linear(16, 3));
  auto optimizer = std::make_shared<torch::optim::SGD>(net->parameters(), 0.01);
  torch::Tensor x = torch::randn({1, 4}), target = torch::tensor({{0.f, 1.f, 0.f}});
  return [=]() mutable {
    optimizer->zero_grad();
    torch::mse_loss(net->forward(x), target).backward();
    optimizer->step();
  };
}

}  // namespace bench
