// The twin of xgrad.cpp, as libtorch's tutorials write it.
#include <torch/torch.h>

struct Mlp : torch::nn::Module {
  torch::nn::Linear hidden{nullptr}, out{nullptr};
  Mlp() {
    hidden = register_module("hidden", torch::nn::Linear(4, 16));
    out = register_module("out", torch::nn::Linear(16, 3));
  }
  torch::Tensor forward(torch::Tensor x) { return out->forward(torch::relu(hidden->forward(x))); }
};

int main() {
  Mlp model;
  torch::optim::SGD optimizer(model.parameters(), 0.1);
  torch::Tensor x = torch::randn({32, 4});
  torch::Tensor label = torch::randint(0, 3, {32}, torch::kLong);
  for (int step = 0; step < 100; ++step) {
    torch::Tensor loss = torch::nn::functional::cross_entropy(model.forward(x), label);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
}
