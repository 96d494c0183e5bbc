// A user's whole program: one parameter learns the mean of three numbers, by way of both libraries.
#include <xgrad/xgrad.hpp>

#include <fmt/core.h>
#include <cmath>

int main() {
  xg::Tensor x = xg::tensor({1.0f, 2.0f, 6.0f});
  xg::Tensor mean = xg::variable(0.0f);
  for (int step = 0; step < 100; ++step) {
    xg::Tensor loss = xg::nn::mse_loss(xg::broadcast_to(mean, {3}), x);
    mean.assign(mean - 0.1 * xg::grad(loss, mean));
  }
  fmt::print("{}\n", mean);
  return std::abs(mean.item<float>() - 3) < 1e-4f ? 0 : 1;
}
