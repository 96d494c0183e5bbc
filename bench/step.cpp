// A whole training step of a network so small that only the engine's own cost shows.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Net {
  nn::Linear a{4, 16}, b{16, 16}, c{16, 3};
  Tensor operator()(const Tensor& x) const { return c(tanh(b(tanh(a(x))))); }
};

}  // namespace

int main() {
  seed(1);
  bench::Table table("training steps");
  Net net;
  nn::SGD optimizer(nn::parameters(net), {.lr = 0.01});
  // Several examples whose labels no weights explain, so that gradients never shrink to denormal numbers.
  std::vector<Tensor> x, label;
  for (std::int64_t i = 0; i < 8; ++i) {
    x.push_back(randn({1, 4}));
    for (std::int64_t k = 0; k < 3; ++k) label.push_back(Tensor(Array::full({1}, k, i64)));
  }
  std::size_t turn = 0;
  auto step = [&] {
    optimizer.zero_grad();
    nn::cross_entropy(net(x[turn % 8]), label[turn % 24]).backward();
    optimizer.step();
    ++turn;
  };
  table.compare("4-16-16-3 network, batch 1", 1.0 / 25, step);
  std::int64_t before = memory_stats().system_allocations;
  for (int i = 0; i < 1000; ++i) step();
  fmt::print("blocks asked of the system in 1000 warm steps: {}\n", memory_stats().system_allocations - before);
}
