// What a gradient check says of a rule that is wrong.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

Tensor cube(const Tensor& x) {
  return record("cube", detach(x * x * x), {x}, [x](const Tensor& g) -> Tensors { return {g * 2 * x * x}; });
}

int main() { fmt::print("{}\n", gradcheck(cube, tensor({0.5, 1.5, -2}, f64))); }
