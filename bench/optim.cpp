// Optimizer steps over many parameters.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

std::vector<Tensor> parameters(std::int64_t rows, std::int64_t columns) {
  std::vector<Tensor> list;
  for (int i = 0; i < 30; ++i) {
    list.push_back(variable(randn({rows, columns})));
    list.back().set_grad(randn({rows, columns}));
  }
  return list;
}

void run(int threads) {
  bench::Table table("optimizer steps", {.threads = threads});
  auto compare = [&](const std::string& name, double target, nn::Optimizer& optimizer) {
    table.compare(name, target, [&] { optimizer.step(); });
  };
  std::vector<Tensor> many = parameters(333, 1001), few = parameters(10, 10);
  nn::Adam adam(many), small(few);
  compare("Adam, 30 tensors, 10M numbers", 0.5, adam);
  compare("Adam, 30 tensors, 3000 numbers", 0.5, small);
  nn::AdamW adamw(many, {.amsgrad = true});
  compare("AdamW with AMSGrad, 10M numbers", 0.5, adamw);
  nn::SGD sgd(many, {.momentum = 0.9});
  compare("SGD with momentum, 10M numbers", 1, sgd);
}

}  // namespace

int main() {
  seed(1);
  run(1);
  run(2);
}
