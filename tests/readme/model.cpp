// A model learns XOR.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Mlp {
  nn::Linear hidden{2, 16};
  nn::Linear out{16, 1};
  Tensor operator()(const Tensor& x) const { return out(tanh(hidden(x))); }
};

int main() {
  seed(7);
  Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  Tensor y = tensor({{0}, {1}, {1}, {0}});

  Mlp model;
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  for (int step = 0; step < 2000; ++step) {
    Tensor loss = nn::mse(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }

  Tensor answer = round(model(x));
  fmt::print("{}\n", answer);
  return all_equal(answer, y) ? 0 : 1;
}
