// libtorch's side of bench/optim.cpp.
#include <torch/torch.h>

#include "harness.hpp"

namespace bench {
namespace {

std::vector<torch::Tensor> parameters(int64_t rows, int64_t columns) {
  std::vector<torch::Tensor> list;
  for (int i = 0; i < 30; ++i) {
    list.push_back(torch::randn({rows, columns}).requires_grad_());
    list.back().mutable_grad() = torch::randn({rows, columns});
  }
  return list;
}

Run steps(std::shared_ptr<torch::optim::Optimizer> optimizer) {
  return [=] { optimizer->step(); };
}

}  // namespace

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  using namespace torch::optim;
  bool small = name.find("3000") != std::string::npos;
  auto list = small ? parameters(10, 10) : parameters(333, 1001);
  if (name.starts_with("AdamW")) return steps(std::make_shared<AdamW>(list, AdamWOptions().amsgrad(true)));
  if (name.starts_with("Adam")) return steps(std::make_shared<Adam>(list));
  return steps(std::make_shared<SGD>(list, SGDOptions(1e-3).momentum(0.9)));
}

}  // namespace bench
