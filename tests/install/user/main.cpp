// A user's whole program: one layer learns y = 2x + 1.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>

int main() {
  xg::Tensor x = xg::tensor({{0}, {1}, {2}});
  xg::Tensor y = xg::tensor({{1}, {3}, {5}});
  xg::nn::Linear line{1, 1};
  xg::nn::SGD optimizer(xg::nn::parameters(line), {.lr = 0.2});
  for (int step = 0; step < 200; ++step) {
    xg::Tensor loss = xg::nn::mse(line(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  fmt::print("{}\n", line(x));
  return xg::all_close(line(x), y, 1e-3) ? 0 : 1;
}
