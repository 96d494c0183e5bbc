// CHECK_MODEL_GRADIENTS: a model's inputs and parameters, by name.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Net {
  nn::Linear in{3, 4};
  nn::Linear out{4, 2};
  Tensor operator()(const Tensor& x) const { return out(tanh(in(x))); }
};

/// The identity, whose rule is wrong.
Tensor doubled(const Tensor& x) {
  return record("doubled", detach(x), {x}, [](const Tensor& g) -> Tensors { return {2 * g}; });
}
struct Wrong {
  nn::Linear in{3, 2};
  nn::Parameter shift{zeros({2})};
  Tensor operator()(const Tensor& x) const { return in(x) + doubled(shift); }
};

}  // namespace

TEST_CASE("right models pass, frozen parameters are left out") {
  Net net;
  nn::to(net, f64);
  CHECK_MODEL_GRADIENTS(net, randn({2, 3}, f64));
  nn::freeze(net.in);
  CHECK_MODEL_GRADIENTS(net, randn({2, 3}, f64));
}

TEST_CASE("a wrong gradient is reported with the parameter's name") {
  Wrong wrong;
  nn::to(wrong, f64);
  GradCheck check = testing::ModelCheck{Site::here()}(wrong, randn({2, 3}, f64));
  CHECK_FALSE(check);
  CHECK(check.report().find("the gradient of parameter `shift` is wrong") != std::string::npos);
  CHECK(check.report().find("every derivative is 2.0 times") != std::string::npos);
}

TEST_CASE("options come last, and errors name the line") {
  Wrong wrong;
  nn::to(wrong, f64);
  // So tolerant that nothing is wrong.
  CHECK_MODEL_GRADIENTS(wrong, randn({2, 3}, f64), GradCheckOptions{.atol = 1e3, .factor_tolerance = 1e9});
  nn::to(wrong, f32);
  std::string message;
  int line = 0;
  try {
    line = __LINE__ + 1;
    testing::ModelCheck{Site::here()}(wrong, randn({2, 3}, f64));
  } catch (const DTypeError& error) {
    message = error.what();
  }
  CHECK(message.find("gradients_test.cpp:" + std::to_string(line)) != std::string::npos);
}

TEST_CASE("an f32 model is told to become f64") {
  Net net;
  std::string message;
  try {
    testing::ModelCheck{Site::here()}(net, randn({2, 3}, f64));
  } catch (const DTypeError& error) {
    message = error.what();
  }
  CHECK(message.find("gradcheck: parameter `in.weight` is f32") == 0);
}
