// An op of one's own, and the tests of its rule and of a model that uses it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

Tensor cube(const Tensor& x) {
  return record("cube", detach(x * x * x), {x}, [x](const Tensor& g) -> Tensors { return {g * 3 * x * x}; });
}

TEST_CASE("the rule of cube") { CHECK_GRADIENTS(cube, randn({2, 3}, f64)); }

struct Net {
  nn::Linear hidden{3, 4};
  nn::Parameter scale = ones({4});
  Tensor operator()(const Tensor& x) const { return cube(hidden(x)) * scale; }
};

TEST_CASE("cube in a model, and its second derivatives") {
  Net net;
  nn::to(net, f64);
  CHECK_MODEL_GRADIENTS(net, randn({2, 3}, f64));
  CHECK_SECOND_GRADIENTS(cube, randn({2, 3}, f64));
}
