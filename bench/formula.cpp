// A GELU written as a formula, beside libtorch's own gelu and the same chain of libtorch's ops.
#include "xgrad/formula.hpp"

#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

const auto my_gelu = elementwise("my_gelu", [](auto x) { return 0.5 * x * (1 + erf(x * 0.7071067811865476)); });
const auto tanh_gelu = elementwise(
    "tanh_gelu", [](auto x) { return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); });

int main() {
  seed(1);
  bench::Table table("formulas: 10^6 f32 elements, forward and back");
  Tensor x = variable(randn({1000000})), g = randn({1000000});
  auto forward_and_back = [&](const auto& op) { return [&] { grad(Tensors{op(x)}, Tensors{x}, Tensors{g}); }; };
  table.compare("GELU formula, by libtorch's chain", 0.25, forward_and_back(my_gelu));
  table.compare("GELU formula, by libtorch's gelu", 0.8, forward_and_back(my_gelu));
  table.compare("GELU tanh formula, by libtorch's chain", 0.25, forward_and_back(tanh_gelu));
  table.compare("GELU tanh formula, by libtorch's gelu", 0.8, forward_and_back(tanh_gelu));
  table.compare("xgrad's gelu, by libtorch's gelu", 0.8, forward_and_back([](const Tensor& v) { return gelu(v); }));
}
