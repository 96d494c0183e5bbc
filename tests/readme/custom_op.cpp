// An op of one's own, and the test of its rule.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

Tensor cube(const Tensor& x) {
  return record("cube", detach(x * x * x), {x}, [x](const Tensor& g) -> Tensors { return {g * 3 * x * x}; });
}

TEST_CASE("the rule of cube") { CHECK_GRADIENTS(cube, randn({2, 3}, f64)); }
