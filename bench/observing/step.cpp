// The step of a network so small that only the engine's own cost shows: prints the microseconds of each of some
// samples.
#include "../harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Net {
  nn::Linear a{4, 16}, b{16, 16}, c{16, 3};
  Tensor operator()(const Tensor& x) const { return c(tanh(b(tanh(a(x))))); }
};

}  // namespace

int main() {
  bench::pin(true);
  set_threads(1);
  seed(1);
  Net net;
  nn::SGD optimizer(nn::parameters(net), {.lr = 0.01});
  std::vector<Tensor> x, label;
  for (std::int64_t i = 0; i < 8; ++i) x.push_back(randn({1, 4}));
  for (std::int64_t i = 0; i < 24; ++i) label.push_back(Tensor(arange(1) + i % 3));
  auto step = [&, turn = std::size_t(0)]() mutable {
    optimizer.zero_grad();
    nn::cross_entropy(net(x[turn % 8]), label[turn % 24]).backward();
    optimizer.step();
    ++turn;
  };
  constexpr int steps = 2000;
  for (int i = 0; i < 5 * steps; ++i) step();
  for (int sample = 0; sample < 10; ++sample) {
    double start = bench::now();
    for (int i = 0; i < steps; ++i) step();
    fmt::print("{:.5f}\n", (bench::now() - start) / steps);
  }
}
