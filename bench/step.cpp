// Whole training steps: of a network so small that only the engine's own cost shows, and of networks in use.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Net {
  nn::Linear a{4, 16}, b{16, 16}, c{16, 3};
  Tensor operator()(const Tensor& x) const { return c(tanh(b(tanh(a(x))))); }
};

struct Mlp {
  nn::Linear a, b, c;
  Tensor operator()(const Tensor& x) const { return c(relu(b(relu(a(x))))); }
};

/// Batches whose labels no weights explain, so that gradients never shrink to denormal numbers.
struct Batches {
  std::vector<Tensor> x, label;
  std::size_t turn = 0;
  Batches(std::int64_t size, std::int64_t features, std::int64_t classes) {
    for (std::int64_t i = 0; i < 8; ++i) x.push_back(randn({size, features}));
    for (std::int64_t i = 0; i < 24; ++i) label.push_back((arange(size) + i) % classes);
  }
};

template <class M, class O>
bench::Run training(M& model, O& optimizer, Batches& batches) {
  return [&] {
    optimizer.zero_grad();
    nn::cross_entropy(model(batches.x[batches.turn % 8]), batches.label[batches.turn % 24]).backward();
    optimizer.step();
    ++batches.turn;
  };
}

void networks_in_use(int threads) {
  bench::Table table("training steps", {.threads = threads});
  Mlp large{nn::Linear{784, 512}, nn::Linear{512, 512}, nn::Linear{512, 10}};
  nn::Adam adam(nn::parameters(large));
  Batches images(128, 784, 10);
  table.compare("784-512-512-10 network, batch 128, Adam", 0.75, training(large, adam, images));
  Mlp small{nn::Linear{64, 64}, nn::Linear{64, 64}, nn::Linear{64, 10}};
  nn::SGD sgd(nn::parameters(small), {.lr = 0.01});
  Batches digits(32, 64, 10);
  table.compare("64-64-64-10 network, batch 32, SGD", 0.2, training(small, sgd, digits));
}

}  // namespace

int main() {
  seed(1);
  {
    bench::Table table("training steps");
    Net net;
    nn::SGD optimizer(nn::parameters(net), {.lr = 0.01});
    Batches batches(1, 4, 3);
    auto step = training(net, optimizer, batches);
    table.compare("4-16-16-3 network, batch 1", 1.0 / 25, step);
    std::int64_t before = memory_stats().system_allocations;
    for (int i = 0; i < 1000; ++i) step();
    fmt::print("blocks asked of the system in 1000 warm steps: {}\n", memory_stats().system_allocations - before);
  }
  networks_in_use(1);
  networks_in_use(2);
}
