// A whole training step of a network so small that only the engine's own cost shows.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

int main() {
  set_threads(1);
  seed(1);
  bench::Table table("training steps");
  Tensor x = randn({1, 4}), target = tensor({{0.0, 1.0, 0.0}});
  std::vector<Tensor> p;
  for (auto [out, in] : {std::pair{16, 4}, {16, 16}, {3, 16}}) {
    p.push_back(variable(randn({out, in}) * 0.3));
    p.push_back(variable(zeros({out})));
  }
  auto step = [&] {
    for (Tensor& w : p) w.zero_grad();
    Tensor h = tanh(linear(x, p[0], p[1]));
    h = tanh(linear(h, p[2], p[3]));
    Tensor e = linear(h, p[4], p[5]) - target;
    mean(e * e).backward();
    for (Tensor& w : p) {
      Tensor g = w.grad();
      float* to = w.edit().fill<float>();
      const float* from = g.array().data<float>();
      for (std::int64_t i = 0; i < w.size(); ++i) to[i] -= 0.01f * from[i];
    }
  };
  table.compare("4-16-16-3 network, batch 1", 1.0 / 25, step);
  std::int64_t before = memory_stats().system_allocations;
  for (int i = 0; i < 1000; ++i) step();
  fmt::print("blocks asked of the system in 1000 warm steps: {}\n", memory_stats().system_allocations - before);
}
