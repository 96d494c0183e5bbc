// A file that defines a small model and trains it; torch.cpp is its twin.
#include <xgrad/xgrad.hpp>

struct Mlp {
  xg::nn::Linear hidden{4, 16};
  xg::nn::Linear out{16, 3};
  xg::Tensor operator()(const xg::Tensor& x) const { return out(relu(hidden(x))); }
};

int main() {
  Mlp model;
  xg::nn::SGD optimizer(xg::nn::parameters(model), {.lr = 0.1});
  xg::Tensor x = xg::randn({32, 4});
  xg::Tensor label = xg::randint(0, 3, {32});
  for (int step = 0; step < 100; ++step) {
    xg::Tensor loss = xg::nn::cross_entropy(model(x), label);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
}
