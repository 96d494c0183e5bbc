// A user's whole program: x goes downhill to the bottom of (x - 3)².
#include <fmt/core.h>

#include <cmath>
#include <xgrad/xgrad.hpp>

int main() {
  xg::Tensor x = xg::variable(0.0);
  for (int step = 0; step < 100; ++step) {
    xg::Tensor loss = (x - 3) * (x - 3);
    x.assign(x - 0.1 * xg::grad(loss, x));
  }
  fmt::print("{}\n", x.item());
  return std::abs(x.item() - 3) < 1e-4 ? 0 : 1;
}
