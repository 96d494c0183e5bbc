// Ops from formulas, checked to the second order.
#include <fmt/core.h>

#include <xgrad/formula.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

const auto wave = elementwise("wave", [](auto x) { return x * exp(-x * x); });

const auto soft_step = elementwise("soft_step", [](auto x, auto width) {
  auto t = clamp(x / width, 0, 1);
  return where(x < 0, 0, where(x > width, 1, t * t * (3 - 2 * t)));
});

int main() {
  Tensor x = randn({5}, f64);
  GradCheck first = gradcheck(wave, x), second = gradgradcheck(wave, x);
  fmt::print("{}\n{}\n", first, second);

  Tensor at = tensor({-0.5, 0.25, 1, 1.75, 2.5}, f64);
  GradCheck step = gradcheck([](const Tensor& x) { return soft_step(x, 2); }, at);
  fmt::print("{}\n{}\n", step, soft_step(at, 2));
  return first && second && step ? 0 : 1;
}
