#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Mlp {
  nn::Linear hidden{2, 16}, out{16, 1};
  Tensor operator()(const Tensor& x) const { return out(tanh(hidden(x))); }
};

int main() {
  Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}), y = tensor({{0}, {1}, {1}, {0}});
  Mlp model;
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  for (int step = 0; step < 2000; ++step) {
    Tensor loss = nn::mse(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  fmt::print("{}\n", model(x) > 0.5);
}
