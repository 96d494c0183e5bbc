// What the engine says when it is misused: the op, the values, the user's line.
#include <doctest/doctest.h>

#include <string>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const Tensor two(Array::full({2}, 1, f64));
const Tensor three(Array::full({3}, 1, f64));

std::string here(int line) { return "at  engine_errors_test.cpp:" + std::to_string(line); }

#define CHECK_SAYS(text, part) CHECK_MESSAGE((text).find(part) != std::string::npos, text)

}  // namespace

TEST_CASE("functions and operators name the user's line and both operands") {
  Tensor a = variable(two), b = named(three, "bias");
  std::string text = whole_message<ShapeError>([&] { return a + b; });
  CHECK_SAYS(text, "add: shapes do not broadcast: (2,) and (3,)\n");
  CHECK_SAYS(text, "\n  a  f64 (2,)  leaf, engine_errors_test.cpp:" + std::to_string(__LINE__ - 3));
  CHECK_SAYS(text, "\n  b  f64 (3,)  `bias`");
  CHECK_SAYS(text, here(__LINE__ - 4));
  text = whole_message<ShapeError>([&] { return multiply(a, b); });
  CHECK_SAYS(text, "multiply: shapes do not broadcast: (2,) and (3,)\n");
  CHECK_SAYS(text, here(__LINE__ - 2));
  text = whole_message<ShapeError>([&] { return tanh(a) - (b + 1); });
  CHECK_SAYS(text, "  a  f64 (2,)  tanh, engine_errors_test.cpp:" + std::to_string(__LINE__ - 1));
  CHECK_SAYS(text, here(__LINE__ - 2));
}

TEST_CASE("undefined tensors") {
  Tensor none;
  CHECK_FALSE(none.defined());
  CHECK_SAYS(whole_message<ValueError>([&] { return none.shape(); }), "an undefined tensor has no shape");
  CHECK_SAYS(whole_message<ValueError>([&] { return none.backward(); }), "an undefined tensor");
  CHECK_SAYS(whole_message<ValueError>([&] { return none.array(); }), "an undefined tensor");
  CHECK_SAYS(whole_message<ValueError>([&] { return none.edit(); }), "an undefined tensor");
  CHECK_SAYS(whole_message<ValueError>([&] { return none.assign(two); }), "an undefined tensor");
  std::string text = whole_message<ValueError>([&] { return none.size(); });
  CHECK_SAYS(text, here(__LINE__ - 1));
  text = whole_message<ValueError>([&] { return stack({}); });
  CHECK_SAYS(text, "stack: there are no tensors to join");
  CHECK_SAYS(text, here(__LINE__ - 2));
  text = whole_message<ValueError>([&] { return none + 1; });
  CHECK_SAYS(text, "operand: an undefined tensor was passed to an op");
  CHECK_SAYS(text, here(__LINE__ - 2));
}

TEST_CASE("looking at a tensor") {
  CHECK_SAYS(whole_message<ShapeError>([] { return two.item(); }), "item: a tensor of shape (2,) is not one number");
  CHECK_SAYS(whole_message<IndexError>([] { return two.size(1); }), "size: axis 1 is out of range for 1 axes");
  CHECK_SAYS(whole_message<IndexError>([] { return two.size(-2); }), "an axis from -1 to 0");
  CHECK(two.size(-1) == 2);
}

TEST_CASE("leaves") {
  Tensor x = variable(two), h = x * 2, integers(Array::full({2}, 1, i64));
  CHECK_SAYS(whole_message<DTypeError>([&] { return variable(integers); }),
             "variable: gradients exist for f32 and f64, not for i64");
  CHECK_SAYS(whole_message<GradError>([&] { h.assign(two); }), "assign: only leaves can be given new values");
  CHECK_SAYS(whole_message<GradError>([&] { h.edit(); }), "edit: only leaves can be changed in place");
  CHECK_SAYS(whole_message<ShapeError>([&] { x.assign(three); }), "assign: the shapes differ: (2,) and (3,)");
  CHECK_SAYS(whole_message<DTypeError>([&] { x.assign(astype(two, f32)); }), "assign: the dtypes differ: f64 and f32");
  CHECK(x.to_vector() == std::vector<double>{1, 1});
}

TEST_CASE("gradients that are not there") {
  Tensor x = variable(two), h = x * 2;
  CHECK_SAYS(whole_message<GradError>([&] { return two.grad(); }), "make it a variable(...) before the forward pass");
  CHECK_SAYS(whole_message<GradError>([&] { return x.grad(); }), "call backward() on a loss that depends on it");
  CHECK_SAYS(whole_message<GradError>([&] { return h.grad(); }), "call retain_grad(x) before backward()");
  CHECK_SAYS(whole_message<GradError>([&] { two.set_grad(two); }), "set_grad: this tensor takes no gradient");
  CHECK_SAYS(whole_message<ShapeError>([&] { x.set_grad(three); }), "set_grad: the shapes differ: (2,) and (3,)");
  CHECK_SAYS(whole_message<DTypeError>([&] { x.set_grad(astype(two, f32)); }),
             "set_grad: the dtypes differ: f64 and f32");
  CHECK_SAYS(whole_message<GradError>([&] { retain_grad(two); }), "retain_grad: no gradient flows through this tensor");
  CHECK_SAYS(whole_message<GradError>([&] { on_grad(two, [](const Tensor&) {}); }), "on_grad: no gradient flows");
}

TEST_CASE("backward and grad") {
  Tensor x = variable(two), y = x * 2;
  std::string text = whole_message<GradError>([&] { (two * 2).backward(); });
  CHECK_SAYS(text, "backward: nothing to differentiate: the output depends on no variable");
  CHECK_SAYS(text, here(__LINE__ - 2));
  CHECK_SAYS(whole_message<GradError>([&] { y.backward(); }),
             "an output of shape (2,) needs a seed cotangent of that shape");
  CHECK_SAYS(whole_message<ShapeError>([&] { y.backward({.seed = three}); }),
             "the seed has shape (3,), the output (2,)");
  CHECK_SAYS(whole_message<DTypeError>([&] { y.backward({.seed = astype(two, f32)}); }),
             "the seed is f32, the output f64");
  CHECK_SAYS(whole_message<ValueError>([&] { grad({y}, {x}, {two, two}); }), "grad: 2 seeds for 1 outputs");
  CHECK_SAYS(whole_message<GradError>([&] { grad({y}, {two}, {two}); }), "grad: input 0 takes no gradient");
  CHECK_FALSE(x.has_grad());
  text = whole_message<GradError>([&] {
    NoGrad guard;
    (x * 2).backward();
  });
  CHECK_SAYS(text, "compute it outside NoGrad");
}

TEST_CASE("grad through a graph that is gone says so") {
  Tensor x = variable(ones({2})), unused = variable(ones({2}));
  Tensor y = sum(x * x);
  grad(y, x);
  CHECK(message<GradError>([&] { grad(y, x); }, "engine_errors_test.cpp") ==
        "grad: what `sum` saved is gone: a backward pass already ran through it");
  CHECK_SAYS(whole_message<GradError>([&] { grad(Tensors{y}, {x}, {}, {.allow_unused = true}); }), "is gone");
  Tensor h = x * x, s = sum(h);
  grad(s, x);
  Tensor part = sum(h) + sum(3 * x);  // a gradient without what went through h would be wrong
  CHECK_SAYS(whole_message<GradError>([&] { grad(part, x); }), "grad: what `multiply` saved is gone");
  Tensor again = sum(x * x);
  CHECK(message<GradError>([&] { grad(again, unused); }) == "grad: the output does not depend on input 0");
}

TEST_CASE("inside a composite op an error names the user's line") {
  std::string text = whole_message<ValueError>([&] { nn::Linear(std::int64_t(1) << 40, std::int64_t(1) << 40); });
  CHECK_SAYS(text, here(__LINE__ - 1));
}

TEST_CASE("a backward that throws leaves the graph as it was") {
  Tensor x = variable(two), w = variable(two), y = sum(exp(x * w));
  Tensor old = w * 1;
  w.assign(two * 3);
  Tensor z = sum(y * w);  // newer than the change, so its rules run before the older one throws
  std::string first = whole_message<GradError>([&] { z.backward(); });
  CHECK_SAYS(first, "a leaf was changed after the op that needs its old values");
  CHECK(whole_message<GradError>([&] { z.backward(); }) == first);
  CHECK_FALSE(x.has_grad());
  CHECK(grad(sum(y * 1), old, {.allow_unused = true}).defined() == false);
  sum(old).backward();  // needs no old values
  CHECK(w.grad().to_vector() == std::vector<double>{1, 1});
}

TEST_CASE("a backward pass inside another") {
  Tensor x = variable(two), h = x * 2, k = h * 3, y = sum(h + k), part = sum(h);
  std::string text;
  // While h's gradient is shown, its own op still waits in the outer pass.
  on_grad(k, [&](const Tensor&) { text = whole_message<GradError>([&] { grad(part, x, {.retain_graph = true}); }); });
  y.backward();
  CHECK_SAYS(text, "backward: a backward pass is already running through this graph");
  CHECK_SAYS(text, here(__LINE__ - 3));
  CHECK(x.grad().to_vector() == std::vector<double>{8, 8});
  // A graph of the hook's own is its own affair.
  Tensor other = variable(two), inner;
  Tensor q = x * 2;
  on_grad(q, [&](const Tensor& g) {
    NoGrad recording(false);
    inner = grad(sum(other * g), other);
  });
  sum(q).backward();
  CHECK(inner.to_vector() == std::vector<double>{1, 1});
}

TEST_CASE("a hook's gradient that does not fit") {
  Tensor x = variable(two), y = x * 2;
  on_grad(y, [](const Tensor&) { return three; });
  std::string text = whole_message<ShapeError>([&] { sum(y).backward(); });
  CHECK_SAYS(text, "on_grad: the hook returned a gradient of shape (3,) for an input of shape (2,)");
  CHECK_FALSE(x.has_grad());
}

TEST_CASE("broadcasting") {
  CHECK_SAYS(whole_message<ShapeError>([] { return broadcast_to(two, {3}); }),
             "broadcast_to: (2,) does not broadcast to (3,)");
  CHECK_SAYS(whole_message<ShapeError>([] { return broadcast_to(two, Shape{}); }), "does not broadcast to ()");
  CHECK_SAYS(whole_message<ShapeError>([] { return sum_to(two, {3}); }), "sum_to: (3,) does not broadcast to (2,)");
  CHECK_SAYS(whole_message<ShapeError>([] { return where(three > 0, two, two); }),
             "where: the condition does not broadcast");
  CHECK_SAYS(whole_message<ShapeError>([] { return where(two > 0, two, three); }), "where: shapes do not broadcast");
}

TEST_CASE("threads") {
  CHECK_SAYS(whole_message<ValueError>([] { set_threads(0); }), "the number of threads must be at least 1, not 0");
  int before = threads();
  set_threads(1);
  CHECK(threads() == 1);
  set_threads(before);
}

TEST_CASE("shapes that no array can have") {
  constexpr std::int64_t huge = std::int64_t(1) << 32;
  Tensor one = broadcast_to(two(0), {1, 1});
  CHECK_SAYS(whole_message<ValueError>([&] {
               return broadcast_to(one, {huge, huge});
             }),
             "broadcast_to: no array can have");
  CHECK_SAYS(whole_message<ValueError>([&] {
               return broadcast_to(one, {1, -3});
             }),
             "no array can have the shape (1, -3)");
  Tensor tall = broadcast_to(one, {huge, 1}), wide = broadcast_to(one, {1, huge});
  CHECK_SAYS(whole_message<ValueError>([&] { return tall + wide; }), "array: no array can have the shape");
  CHECK_SAYS(whole_message<ValueError>([&] { return diag(two, std::int64_t(1) << 31); }),
             "array: no array can have the shape");
  CHECK_SAYS(whole_message<ValueError>([&] { return diag(two, std::int64_t(1) << 62); }), "diag: a diagonal");
}
