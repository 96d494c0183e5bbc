// An op from a formula, checked to the second order.
#include <fmt/core.h>

#include <xgrad/formula.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

const auto mish = elementwise("mish", [](auto x) { return x * tanh(log1p(exp(x))); });

int main() {
  Tensor x = randn({5}, f64);
  GradCheck first = gradcheck(mish, x), second = gradgradcheck(mish, x);
  fmt::print("{}\n{}\n", first, second);
  return first && second ? 0 : 1;
}
