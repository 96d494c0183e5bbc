// The twin of deep.cpp, as libtorch's tutorials write it.
#include <torch/torch.h>

namespace nn = torch::nn;

struct BlockImpl : nn::Module {
  nn::Conv2d first, second;
  nn::BatchNorm2d norm, last;
  explicit BlockImpl(int64_t channels)
      : first(nn::Conv2dOptions(channels, channels, 3).padding(1)),
        second(nn::Conv2dOptions(channels, channels, 3).padding(1)), norm(channels), last(channels) {
    register_module("first", first);
    register_module("second", second);
    register_module("norm", norm);
    register_module("last", last);
  }
  torch::Tensor forward(torch::Tensor x) { return torch::relu(x + last(second(torch::relu(norm(first(x)))))); }
};
TORCH_MODULE(Block);

struct Model : nn::Module {
  nn::Conv2d stem{nn::Conv2dOptions(1, 16, 3).padding(1)};
  nn::BatchNorm2d norm{16};
  Block first{16}, second{16}, third{16};
  nn::MaxPool2d pool{2};
  nn::Dropout drop{0.5};
  nn::Flatten flatten;
  nn::Linear hidden{16 * 14 * 14, 64};
  nn::LayerNorm middle{nn::LayerNormOptions({64})};
  nn::Linear out{64, 10};
  Model() {
    register_module("stem", stem);
    register_module("norm", norm);
    register_module("first", first);
    register_module("second", second);
    register_module("third", third);
    register_module("pool", pool);
    register_module("drop", drop);
    register_module("flatten", flatten);
    register_module("hidden", hidden);
    register_module("middle", middle);
    register_module("out", out);
  }
  torch::Tensor forward(torch::Tensor x) {
    torch::Tensor h = pool(third(second(first(torch::relu(norm(stem(x)))))));
    return out(drop(torch::gelu(middle(hidden(flatten(h))))));
  }
};

int main() {
  Model model;
  torch::optim::Adam optimizer(model.parameters(), 1e-3);
  torch::Tensor x = torch::randn({8, 1, 28, 28}), label = torch::randint(0, 10, {8}, torch::kLong);
  for (int step = 0; step < 10; ++step) {
    torch::Tensor loss = torch::nn::functional::cross_entropy(model.forward(x), label);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  model.eval();
}
