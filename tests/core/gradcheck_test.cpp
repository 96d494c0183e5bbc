// The checker is fed wrong rules, each of which it must catch and name, and right ones, which it must pass.
#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "xgrad/formula.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor numbers(const Shape& shape, double first = 0.3, double step = 0.37) {
  Array array(shape, f64);
  for (std::int64_t i = 0; i < array.size(); ++i) array.fill<double>()[i] = first + step * static_cast<double>(i);
  return Tensor(array);
}
Tensor transposed(const Tensor& x) {
  return record("transposed", x.array().transposed(), {x}, [](const Tensor& g) -> Tensors { return {transposed(g)}; });
}
/// An op of one input with the given value and rule.
template <class Value, class Rule>
auto op(const char* name, Value value, Rule rule) {
  return [=](const Tensor& x) {
    Tensor y;
    {
      NoGrad guard;
      y = value(x);
    }
    return record(name, y, {x}, [=](const Tensor& g) -> Tensors { return {rule(g, x)}; });
  };
}
auto squaring = [](const Tensor& x) { return x * x; };

void fails_with(const GradCheck& check, std::initializer_list<const char*> parts) {
  INFO(check.report());
  CHECK_FALSE(check);
  for (const char* part : parts) {
    INFO(std::string(part));
    CHECK(check.report().find(part) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("right rules pass") {
  CHECK_GRADIENTS([](const Tensor& x) { return sin(x) * exp(x) / (1 + x * x); }, numbers({2, 3}));
  CHECK_GRADIENTS([](const Tensor& a, const Tensor& b) { return a * tanh(b); }, numbers({2, 3}), numbers({3}));
  CHECK_GRADIENTS([](const Tensor& a, const Tensor& b) { return Tensors{a * b, a + b}; }, numbers({2}), numbers({2}));
  CHECK_SECOND_GRADIENTS([](const Tensor& x) { return sin(x) * exp(x); }, numbers({2, 3}));
  CHECK_SECOND_GRADIENTS([](const Tensor& a, const Tensor& b) { return a * tanh(b); }, numbers({2, 3}), numbers({3}));
  CHECK_GRADIENTS(op("square", squaring, [](const Tensor& g, const Tensor& x) { return 2 * x * g; }), numbers({4}));
  CHECK_GRADIENTS([](const Tensors& x) { return x[0] * x[1] + x[2] * x[3] * x[4]; },
                  Tensors{numbers({2}), numbers({2}), numbers({2}), numbers({2}), numbers({2})});
}

TEST_CASE("0-d and empty inputs, views, and inputs that are not used") {
  auto f = [](const Tensor& x) { return sin(x) * x; };
  CHECK_GRADIENTS(f, numbers({}));
  CHECK_GRADIENTS(f, numbers({0, 3}));
  CHECK_SECOND_GRADIENTS(f, numbers({2, 0}));
  CHECK_GRADIENTS(f, Tensor(numbers({2, 3}).array().transposed()));
  CHECK_GRADIENTS(f, Tensor(numbers({6}).array().view({3}, {-2}, 5)));
  CHECK_GRADIENTS(f, Tensor(numbers({3}).array().broadcast_to({2, 3})));
  CHECK_GRADIENTS([](const Tensor& a, const Tensor&) { return a + 1; }, numbers({2}), numbers({2}));
}

TEST_CASE("the function sees inputs in the layout that was passed, and they stay as they were") {
  Tensor x(numbers({2, 3}).array().transposed());
  std::vector<double> before = x.to_vector();
  bool strided = true;
  CHECK(gradcheck(
      [&](const Tensor& z) {
        strided = strided && z.array().strides() == Strides{1, 3};
        return z * z;
      },
      x));
  CHECK(strided);
  CHECK(x.to_vector() == before);
}

TEST_CASE("a wrong factor") {
  auto half = op("wrong_square", squaring, [](const Tensor& g, const Tensor& x) { return g * x; });
  GradCheck check = gradcheck(half, numbers({2}, 1, 2));
  fails_with(check, {"gradcheck: wrong_square: the gradient of input 0 is wrong", "[1] of input 0, [1] of the output",
                     "analytic  3.0", "numeric   6.0", "error 0.5", "2 of 2 elements",
                     "a constant factor: every derivative is 0.5", "gradcheck_test.cpp:"});
}

TEST_CASE("2.001 for 2.0") {
  auto nearly = op(
      "nearly", [](const Tensor& x) { return x * 2.0; }, [](const Tensor& g, const Tensor&) { return g * 2.001; });
  fails_with(gradcheck(nearly, numbers({3})), {"nearly", "a constant factor: every derivative is 1.0005", "2.001"});
  fails_with(gradcheck(nearly, numbers({})), {"a constant factor: every derivative is 1.0005"});
  CHECK(gradcheck(nearly, numbers({3}), {.factor_tolerance = HUGE_VAL}));
  fails_with(gradcheck(nearly, numbers({3}), {.rtol = 1e-6, .fast = true}), {"nearly", "1.0005"});
}

TEST_CASE("a wrong sign") {
  auto f = op(
      "wrong_cos", [](const Tensor& x) { return cos(x); }, [](const Tensor& g, const Tensor& x) { return g * sin(x); });
  fails_with(gradcheck(f, numbers({2, 2})), {"wrong_cos", "the sign", "4 of 4 elements", " of input 0, ["});
}

TEST_CASE("a missing cotangent") {
  auto f = op("careless", squaring, [](const Tensor&, const Tensor& x) { return 2 * x; });
  fails_with(gradcheck(f, numbers({3})), {"careless", "a missing cotangent"});
  fails_with(gradcheck(f, numbers({})), {"careless", "a missing cotangent", "a cotangent of zero gave"});
}

TEST_CASE("rules that are not linear in the cotangent") {
  auto squared = op("squared", squaring, [](const Tensor& g, const Tensor& x) { return 2 * x * g * g; });
  fails_with(gradcheck(squared, numbers({})), {"squared", "not linear in the cotangent"});
  auto added = op("added", squaring, [](const Tensor& g, const Tensor& x) { return 2 * x * g + 1e-9; });
  fails_with(gradcheck(added, numbers({2})), {"a cotangent of zero gave", "not multiplied by the cotangent"});
  auto infinite = op("infinite", squaring, [](const Tensor& g, const Tensor& x) {
    Tensor endless(Array::full({}, HUGE_VAL, f64));
    return Tensor(Array::full(x.shape(), g.array().first().as<double>() * HUGE_VAL, f64));
  });
  fails_with(gradcheck(infinite, numbers({})), {"the rule meets 0 · inf"});
}

TEST_CASE("a transposed gradient") {
  auto f = op(
      "turned", [](const Tensor& x) { return exp(x); },
      [](const Tensor& g, const Tensor& x) { return transposed(g * exp(x)); });
  fails_with(gradcheck(f, numbers({3, 3})), {"turned", "transposed: the gradient is right with its last two axes"});
  auto mix = [](const Tensor& x) { return sum_to(Tensor(numbers({3, 3}, 1, 1)) * x, {3, 1}); };  // A x, a column
  auto g = op("forward", mix, [=](const Tensor& c, const Tensor&) {
    return sum_to(transposed(sum_to(Tensor(numbers({3, 3}, 1, 1)) * transposed(c), {3, 1})), {3});
  });
  fails_with(gradcheck(g, numbers({3})), {"forward", "transposed: the rule applies the Jacobian"});
}

TEST_CASE("gradients of two inputs exchanged") {
  auto f = [](const Tensor& a, const Tensor& b) {
    return record("swapped", detach(a * exp(b)), {a, b}, [a, b](const Tensor& g) -> Tensors {
      return {g * a * exp(b), g * exp(b)};
    });
  };
  fails_with(gradcheck(f, named(numbers({2}), "left"), numbers({2}, 1)),
             {"swapped", "input", "exchanged: this is the gradient of input"});
}

TEST_CASE("a kink, and the edge of a domain") {
  auto hinge = [](const Tensor& x) { return maximum(x, 0); };
  fails_with(gradcheck(op("hinge", hinge, [](const Tensor& g, const Tensor& x) { return where(x > 0, g, 0 * g); }),
                       numbers({3}, -1, 1)),
             {"hinge", "a kink at this point: the slope is 0.0 to the left and 1.0 to the right", "[1] of input 0",
              "1 of 3 elements"});
  fails_with(gradcheck([](const Tensor& x) { return sqrt(x) * x; }, numbers({2}, 0, 1)), {"the edge of the domain"});
}

TEST_CASE("gradients that do not arrive, and gradients from nowhere") {
  fails_with(gradcheck([](const Tensor& x) { return detach(x) * x * 0 + detach(x * x) + 0 * x; }, numbers({2}, 1)),
             {"no gradient arrives"});
  fails_with(
      gradcheck(op(
                    "steps", [](const Tensor& x) { return 0 * x; }, [](const Tensor& g, const Tensor&) { return g; }),
                numbers({2})),
      {"steps", "does not depend on this input, but the rule gives a gradient"});
  fails_with(gradcheck([](const Tensor& x) { return detach(x * x); }, numbers({2}, 1)),
             {"constant", "no gradient arrives"});
}

TEST_CASE("only the second derivative is wrong") {
  auto f = op(
      "cube", [](const Tensor& x) { return x * x * x; },
      [](const Tensor& g, const Tensor& x) { return g * 3 * detach(x * x); });
  CHECK_GRADIENTS(f, numbers({2}, 1));
  fails_with(gradgradcheck(f, named(numbers({2}, 1), "side")),
             {"gradgradcheck: cube: the gradient of input `side` is wrong", "of the gradient of input `side`",
              "analytic  0.0", "no gradient arrives", "the first derivative is right"});
  auto both = op("wrong", squaring, [](const Tensor& g, const Tensor& x) { return g * x; });
  CHECK_GRADIENTS(squaring, numbers({2}, 1));
  fails_with(gradgradcheck(op("off", squaring,
                              [](const Tensor& g, const Tensor& x) {
                                return op(
                                           "slope", [](const Tensor& s) { return 2 * s; },
                                           [](const Tensor& h, const Tensor&) { return 3 * h; })(x) *
                                       g;
                              }),
                           numbers({2}, 1)),
             {"off", "a constant factor: every derivative is 1.5", "the first derivative is right"});
  // A consistent wrong rule has consistent derivatives of its own; only the first order sees it.
  CHECK(gradgradcheck(both, numbers({2}, 1)));
}

TEST_CASE("functions that do not do the same twice") {
  double calls = 0;
  fails_with(gradcheck([&](const Tensor& x) { return x * ++calls; }, numbers({2}, 1)),
             {"two calls gave 1 and 2 at [0] of the output", "not deterministic"});
  double passes = 0;
  fails_with(gradcheck(op("tired", squaring,
                          [&](const Tensor& g, const Tensor& x) { return 2 * x * g + 1e-12 * g * ++passes; }),
                       numbers({2}, 1)),
             {"two backward passes gave", "the rule is not deterministic"});
  CHECK(gradcheck([&](const Tensor& x) { return is_recording() ? x * x : x * x; }, numbers({2})));
  fails_with(gradcheck([&](const Tensor& x) { return is_recording() ? 2 * x : x; }, numbers({2}, 1)),
             {"not recorded and recorded, a call gave 1 and 2"});
}

TEST_CASE("functions that return another number of tensors the second time") {
  int calls = 0;
  auto more = [&](const Tensors& x) { return Tensors(++calls > 1 ? Tensors{x[0] * 2, x[0]} : Tensors{x[0] * 2}); };
  fails_with(gradcheck(more, Tensors{numbers({2})}), {"two calls returned different numbers of tensors: 1 and 2",
                                                      "not deterministic, or branches on its input"});
  calls = 0;
  fails_with(gradgradcheck(more, Tensors{numbers({2})}), {"two calls returned different numbers of tensors"});
}

TEST_CASE("a rule that throws") {
  auto f = [](const Tensor& x) {
    return record("indexing", detach(2 * x), {x}, [](const Tensor& g) -> Tensors { return {g(g)}; });
  };
  fails_with(gradcheck(f, numbers({2})), {"indexing", "a rule threw: ", "a wrong dtype"});
}

TEST_CASE("a rule that takes an undefined cotangent for something else than zero") {
  auto f = [](const Tensor& x) {
    NoGrad off;
    Arrays values{(2 * x).array(), (3 * x).array()};
    NoGrad on(false);
    return record_all("pair", values, {x}, [](const Tensors& g) -> Tensors {
      if (!g[0].defined()) return {3 * g[1]};
      return {g[1].defined() ? 2 * g[0] + 3 * g[1] : 5 * g[0]};
    });
  };
  fails_with(gradcheck(f, numbers({2})),
             {"an undefined cotangent and one of zeros give different gradients", "undefined means zero"});
}

TEST_CASE("wrong shapes") {
  auto f = [](const Tensor& x) {
    return record("bent", detach(2 * x), {x}, [](const Tensor&) -> Tensors { return {numbers({5})}; });
  };
  fails_with(gradcheck(f, numbers({2})),
             {"bent", "its rule returned a gradient of shape (5,) for an input of shape (2,)", "a wrong shape"});
  auto few = [](const Tensor& a, const Tensor& b) {
    return record("few", detach(a + b), {a, b}, [](const Tensor& g) -> Tensors { return {g}; });
  };
  fails_with(gradcheck(few, numbers({2}), numbers({2})), {"few: its rule returned 1 gradients for 2 inputs"});
  auto shrinking = [](const Tensor& x) { return x.array().contiguous().data<double>()[0] < 1 ? sum_to(x, {1}) : x; };
  fails_with(gradcheck(shrinking, numbers({2}, 1)),
             {"the output changes its shape or dtype: f64 (2,) and f64 (1,)", "depends on the values"});
}

TEST_CASE("an undefined cotangent") {
  auto pair = [](bool careful) {
    return [=](const Tensor& x) {
      NoGrad off;
      Array sine = sin(x).array(), squares = (x * x).array();
      NoGrad on(false);
      return record_all("pair", {sine, squares}, {x}, [=](const Tensors& g, const Wants&) -> Tensors {
        if (!careful) return {g[0] * cos(x) + g[1] * 2 * x};
        Tensor dx;
        if (g[0].defined()) dx = g[0] * cos(x);
        if (g[1].defined()) dx = dx.defined() ? dx + g[1] * 2 * x : g[1] * 2 * x;
        return {dx};
      });
    };
  };
  CHECK_GRADIENTS(pair(true), numbers({2}));
  CHECK_SECOND_GRADIENTS(pair(true), numbers({2}));
  fails_with(gradcheck(pair(false), numbers({2})), {"it does not cope with an undefined cotangent"});
}

TEST_CASE("integer and boolean inputs are left alone") {
  Tensor i(Array::full({2}, 3, i64)), mask = numbers({2}) > 0.5;
  CHECK_GRADIENTS([](const Tensor& x, const Tensor& n, const Tensor& m) { return where(m, x * n, x); }, numbers({2}), i,
                  mask);
  CHECK_SECOND_GRADIENTS([](const Tensor& x, const Tensor& n) { return x * x * n; }, numbers({2}), i);
  CHECK_GRADIENTS([](const Tensor& x) { return Tensors{x > 0.5, x * x}; }, numbers({2}));
  CHECK_SECOND_GRADIENTS([](const Tensor& x) { return Tensors{x > 0.5, x * x}; }, numbers({2}));
}

TEST_CASE("parameters are checked by name and left as they were") {
  Tensor w = variable(numbers({3}, 0.5)), b = variable(numbers({3}, 0.1));
  Tensor before = sin(w);
  std::vector<double> values = w.to_vector();
  auto model = [&](const Tensor& x) { return tanh(w * x) + b; };
  GradCheckOptions options{.parameters = {{"weight", w}, {"bias", b}}};
  CHECK(gradcheck(model, numbers({2, 3}), options));
  CHECK(gradgradcheck(model, numbers({2, 3}), options));
  CHECK(w.to_vector() == values);
  sum_to(before, {}).backward();  // nothing was assigned
  CHECK_FALSE(b.has_grad());
  auto wrong = [&](const Tensor& x) {
    return record("wrong_bias", detach(x * w + b), {x, w, b}, [&, x](const Tensor& g) -> Tensors {
      return {g * w, g * x, 2 * g};
    });
  };
  fails_with(gradcheck(wrong, numbers({2, 3}), options),
             {"wrong_bias: the gradient of parameter `bias` is wrong", "every derivative is 2.0"});
}

TEST_CASE("the fast mode steps in proportion to large numbers") {
  CHECK_GRADIENTS([](const Tensor& x) { return x * x; }, numbers({50}, 1e9, 1e7), {.fast = true});
}

TEST_CASE("the fast mode") {
  Tensor large = numbers({200, 500}, -1, 1e-5);
  CHECK_GRADIENTS([](const Tensor& x) { return sin(x) * x; }, large, {.fast = true});
  CHECK_SECOND_GRADIENTS([](const Tensor& x) { return sin(x) * x; }, large, {.fast = true});
  auto half = op("halved", squaring, [](const Tensor& g, const Tensor& x) { return g * x; });
  fails_with(gradcheck(half, large, {.fast = true}),
             {"halved", "a constant factor: every derivative is 0.5", "elements looked at, of 100000"});
  fails_with(gradgradcheck(op(
                               "cube", [](const Tensor& x) { return x * x * x; },
                               [](const Tensor& g, const Tensor& x) { return g * 3 * detach(x * x); }),
                           large, {.fast = true}),
             {"no gradient arrives"});
}

TEST_CASE("f32 needs a step that f32 can show") {
  Tensor x = astype(numbers({3}), f32);
  auto f = [](const Tensor& z) { return sin(z) * z; };
  CHECK_GRADIENTS(f, x, {.eps = 1e-2, .atol = 1e-2, .rtol = 1e-2});
  CHECK_THROWS_AS(gradcheck(f, x), DTypeError);
  std::string message;
  try {
    gradcheck(f, x);
  } catch (const DTypeError& error) {
    message = error.what();
  }
  CHECK(message.find("gradcheck: input 0 is f32, in which differences of 1e-06 are lost") == 0);
  CHECK(message.find("gradcheck_test.cpp") != std::string::npos);
}

TEST_CASE("what a check refuses") {
  auto message_of = [](auto f) {
    try {
      f();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  Tensor i(Array::full({2}, 3, i64)), large = numbers({5000});
  CHECK(message_of([&] { gradcheck(squaring, i); }).find("gradcheck: no input takes a gradient: nothing to check") ==
        0);
  CHECK(message_of([&] {
          gradcheck([](const Tensor& x) { return x > 0; }, numbers({2}));
        }).find("gradcheck: the function returned nothing that has a gradient") == 0);
  CHECK(message_of([&] {
          gradgradcheck([](const Tensor& x) { return x > 0; }, numbers({2}));
        }).find("gradgradcheck: the function returned nothing that has a gradient") == 0);
  CHECK(message_of([&] {
          gradcheck(squaring, large);
        }).find("gradcheck: 5000 outputs by 5000 inputs are too many derivatives to compare one by one") == 0);
  CHECK(message_of([&] {
          gradcheck(squaring, numbers({2}), {.parameters = {{"w", numbers({2})}}});
        }).find("gradcheck: parameter `w` is no variable") == 0);
  CHECK_THROWS_AS(gradcheck([](const Tensor& x) { return x + numbers({7}); }, numbers({2})), ShapeError);
}

TEST_CASE("a check formats and streams as its report") {
  GradCheck check = gradcheck(squaring, numbers({2}));
  std::ostringstream stream;
  stream << check;
  CHECK(stream.str() == check.report());
  CHECK(fmt::format("{}", check) == check.report());
  CHECK(doctest::toString(check) == check.report().c_str());
  CHECK(doctest::toString(Shape{2, 3}) == "(2, 3)");
  CHECK(check.report().find("gradcheck: multiply: 4 derivatives agree, largest relative error ") == 0);
  auto mish = elementwise("mish", [](auto v) { return v * tanh(log1p(exp(v))); });
  CHECK(gradcheck(mish, numbers({2})).report().find("gradcheck: mish: 4 derivatives agree") == 0);
}
