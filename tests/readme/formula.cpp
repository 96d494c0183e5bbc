// An op from a formula, checked to the second order.
#include <fmt/core.h>

#include <xgrad/formula.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

const auto wave = elementwise("wave", [](auto x) { return x * exp(-x * x); });

int main() {
  Tensor x = randn({5}, f64);
  GradCheck first = gradcheck(wave, x), second = gradgradcheck(wave, x);
  fmt::print("{}\n{}\n", first, second);
  return first && second ? 0 : 1;
}
