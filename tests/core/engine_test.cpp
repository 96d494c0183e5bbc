// The engine: recording, the chain rule, and what becomes of graphs, leaves and hooks.
#include <doctest/doctest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "xgrad/formula.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor vector(std::vector<double> values) {
  Array array(Shape{static_cast<std::int64_t>(values.size())}, f64);
  std::copy(values.begin(), values.end(), array.fill<double>());
  return Tensor(array);
}
using Values = std::vector<double>;
Values grad_of(const Tensor& x) { return x.grad().to_vector(); }

// x², counting how often its rule runs.
Tensor counted_square(const Tensor& x, int& runs) {
  return record("counted_square", detach(x) * detach(x), {x}, [x, &runs](const Tensor& g) -> Tensors {
    ++runs;
    return {2 * x * g};
  });
}

}  // namespace

TEST_CASE("the chain rule of sin(x²)") {
  Tensor x = variable(0.5, f64);
  Tensor u = sin(x * x);
  u.backward();
  CHECK(x.grad().item() == doctest::Approx(std::cos(0.25)).epsilon(1e-15));
}

TEST_CASE("derivatives of derivatives of sin") {
  Tensor x = variable(0.7, f64);
  Tensor d = sin(x);
  for (int order = 1; order <= 8; ++order) d = grad(d, x, create_graph);
  CHECK(d.item() == doctest::Approx(std::sin(0.7)).epsilon(1e-14));
}

TEST_CASE("a derived formula differentiates as often as asked") {
  auto mish = elementwise("mish", [](auto v) { return v * tanh(log1p(exp(v))); });
  Tensor x = variable(0.7, f64);
  Tensor y = mish(x);
  Tensor first = grad(y, x, create_graph);
  auto f = [](double v) { return v * std::tanh(std::log1p(std::exp(v))); };
  double h = 1e-5;
  CHECK(y.item() == doctest::Approx(f(0.7)));
  CHECK(first.item() == doctest::Approx((f(0.7 + h) - f(0.7 - h)) / (2 * h)).epsilon(1e-8));
  Tensor fused = grad(mish(x), x);
  CHECK(fused.item() == doctest::Approx(first.item()).epsilon(1e-13));
  Tensor second = grad(first, x);
  CHECK(second.item() == doctest::Approx((f(0.7 + h) - 2 * f(0.7) + f(0.7 - h)) / (h * h)).epsilon(1e-4));
}

TEST_CASE("a node runs once, when all its cotangents are in") {
  int runs = 0;
  Tensor x = variable(3.0, f64);
  Tensor y = counted_square(x, runs);
  Tensor z = y * y + y;  // y is used three times
  z.backward();
  CHECK(runs == 1);
  CHECK(x.grad().item() == doctest::Approx((2 * 9 + 1) * 6));
}

TEST_CASE("gradients are summed back over broadcast axes, by the engine") {
  Tensor row = variable(vector({1, 2, 3})), column = variable(Tensor(vector({4, 5}).array().reshaped({2, 1})));
  Tensor y = row * column;
  CHECK(y.shape() == Shape{2, 3});
  y.backward({.seed = Tensor(Array::full({2, 3}, 1, f64))});
  CHECK(grad_of(row) == Values{9, 9, 9});
  CHECK(grad_of(column) == Values{6, 6});
  CHECK(column.grad().shape() == Shape{2, 1});
}

TEST_CASE("gradients come back in the dtype of their input") {
  Tensor a = variable(2.0, f32), b = variable(3.0, f64);
  Tensor y = a * b;
  CHECK(y.dtype() == f64);
  y.backward();
  CHECK(a.grad().dtype() == f32);
  CHECK(a.grad().item() == 3);
  CHECK(b.grad().item() == 2);
}

TEST_CASE("backward adds to .grad, grad() leaves it alone") {
  Tensor x = variable(3.0, f64);
  (x * x).backward();
  (x * x).backward();
  CHECK(x.grad().item() == 12);
  CHECK(grad(x * x, x).item() == 6);
  CHECK(x.grad().item() == 12);
  x.zero_grad();
  CHECK_FALSE(x.has_grad());
  x.set_grad(Tensor(Array(5, f64)));
  CHECK(x.grad().item() == 5);
}

TEST_CASE("grad of several outputs by several inputs, leaves or not") {
  Tensor x = variable(2.0, f64), y = variable(5.0, f64);
  Tensor h = x * y, k = h * x;
  Tensors g = grad(Tensors{h, k}, Tensors{x, y, h}, Tensors{Tensor(Array(10, f64)), Tensor()});
  CHECK(g[0].item() == 10 * 5 + 2 * 2 * 5);  // 10 ∂h/∂x + ∂k/∂x
  CHECK(g[1].item() == 10 * 2 + 4);
  CHECK(g[2].item() == 10 + 2);
  Tensor a = x * y;
  auto [dx, dy] = grad(a, x, y);
  CHECK(dx.item() == 5);
  CHECK(dy.item() == 2);
  Tensor b = x * y;
  auto [ex, ey, eb] = grad(b, x, y, b, create_graph);
  CHECK(eb.item() == 1);
  CHECK(grad(ex, y).item() == 1);
  CHECK(ey.item() == 2);
}

TEST_CASE("grad runs only the nodes that lead to its inputs") {
  int wanted = 0, unwanted = 0;
  Tensor x = variable(2.0, f64), y = variable(3.0, f64);
  Tensor z = counted_square(x, wanted) + counted_square(y, unwanted);
  CHECK(grad(z, x).item() == 4);
  CHECK(wanted == 1);
  CHECK(unwanted == 0);
}

TEST_CASE("unused inputs") {
  Tensor x = variable(2.0, f64), unused = variable(1.0, f64);
  CHECK_THROWS_WITH_AS(grad(x * x, unused), doctest::Contains("the output does not depend on input 0"), GradError);
  CHECK_FALSE(grad(x * x, unused, allow_unused).defined());
}

TEST_CASE("undefined cotangents are zero") {
  Tensor x = variable(2.0, f64);
  Tensor y = record("constant", Array(7, f64), {x}, [](const Tensor&) -> Tensors { return {Tensor()}; });
  CHECK(grad(y, x).item() == 0);
  Tensors two = record_all("two", {Array(1, f64), Array(2, f64)}, {x}, [](const Tensors& g) -> Tensors {
    CHECK(g[0].defined());
    CHECK_FALSE(g[1].defined());
    return {3 * g[0]};
  });
  CHECK(grad(two[0], x).item() == 3);
}

TEST_CASE("what was saved is freed unless the graph is retained") {
  std::int64_t before = memory_stats().live_buffers;
  Tensor x = variable(Tensor(Array::full({1000}, 1, f64)));
  Tensor y = sin(x) * x;
  Tensor seed(Array::full({1000}, 1, f64));
  y.backward({.retain_graph = true, .seed = seed});
  y.backward({.seed = seed});
  CHECK(x.grad().to_vector()[0] == doctest::Approx(2 * (std::cos(1.) + std::sin(1.))));
  CHECK_THROWS_WITH_AS(y.backward({.seed = seed}), doctest::Contains("backward: what `multiply` saved is gone"),
                       GradError);
  CHECK(memory_stats().live_buffers - before == 4);  // x, y, the gradient, the seed: sin(x) is gone
}

TEST_CASE("NoGrad, detach and constants record nothing") {
  Tensor x = variable(2.0, f64);
  {
    NoGrad guard;
    CHECK_FALSE(is_recording());
    CHECK_FALSE((x * x).requires_grad());
    {
      NoGrad again(false);
      CHECK((x * x).requires_grad());
    }
  }
  CHECK(is_recording());
  CHECK_FALSE(detach(x).requires_grad());
  CHECK_FALSE((detach(x) * 2).requires_grad());
  CHECK((x * 2).requires_grad());
  CHECK((x < 3).dtype() == boolean);
  CHECK_FALSE((x < 3).requires_grad());
}

TEST_CASE("an op without a rule is an error that names it and the line") {
  Tensor x = variable(2.0, f64);
  int line = __LINE__ + 1;
  auto call = [&] { return record("lookup", Array(1, f64), {x}); };
  CHECK_THROWS_WITH_AS(call(), doctest::Contains("lookup: a gradient is wanted through an op that has no rule"),
                       GradError);
  CHECK_THROWS_WITH(call(), doctest::Contains(("engine_test.cpp:" + std::to_string(line)).c_str()));
  CHECK(record("lookup", Array(1, f64), {detach(x)}).item() == 1);
  NoGrad guard;
  CHECK(call().item() == 1);
}

TEST_CASE("assign: leaves change, values that others hold do not") {
  Tensor x = variable(vector({1, 2}));
  Tensor shared = detach(x), product = x * 1;
  x.assign(vector({5, 6}));
  CHECK(x.to_vector() == Values{5, 6});
  CHECK(shared.to_vector() == Values{1, 2});
  CHECK(product.to_vector() == Values{1, 2});
  Tensor view = detach(x);
  x.edit().fill<double>()[0] = 9;
  CHECK(x.to_vector() == Values{9, 6});
  CHECK(view.to_vector() == Values{5, 6});
}

TEST_CASE("backward refuses a leaf that changed, but only if its old values are needed") {
  Tensor x = variable(2.0, f64), w = variable(3.0, f64);
  Tensor sum = x + w, product = x * w;
  w.assign(Tensor(Array(10, f64)));
  sum.backward();  // addition saved nothing
  CHECK(w.grad().item() == 1);
  CHECK_THROWS_WITH_AS(product.backward(),
                       doctest::Contains("backward: a leaf was changed after the op that needs its old values"),
                       GradError);
  Tensor again = x * w;
  w.edit();
  std::string changed = "changed  at engine_test.cpp:" + std::to_string(__LINE__ - 1);
  CHECK_THROWS_WITH(again.backward(), doctest::Contains(changed.c_str()));
  CHECK_THROWS_WITH(grad(x * w + again, x), doctest::Contains("op  recorded at engine_test.cpp"));
  CHECK(x.grad().item() == 1);  // the failed passes changed nothing
  CHECK(grad(x * w, x).item() == 10);
}

TEST_CASE("hooks see the whole gradient, once, and may replace it") {
  Tensor x = variable(2.0, f64);
  Tensor h = x * 3;
  std::vector<double> seen;
  on_grad(h, [&](const Tensor& g) { seen.push_back(g.item()); });
  on_grad(h, [&](const Tensor& g) { return g * 100; });
  on_grad(x, [&](const Tensor& g) { seen.push_back(g.item()); });
  retain_grad(h);
  Tensor y = h * h + h;
  y.backward();
  CHECK(seen == Values{13, 3900});
  CHECK(h.grad().item() == 1300);
  CHECK(x.grad().item() == 3900);
}

TEST_CASE("grad() shows gradients to hooks too") {
  Tensor x = variable(2.0, f64);
  on_grad(x, [](const Tensor& g) { return g * 10; });
  CHECK(grad(x * x, x).item() == 40);
  CHECK_FALSE(x.has_grad());
}

TEST_CASE("a hook that throws leaves every gradient as it was") {
  Tensor x = variable(2.0, f64), w = variable(1.0, f64);
  on_grad(x, [](const Tensor&) { throw std::runtime_error("stop"); });
  Tensor h = x * 2;
  retain_grad(h);
  CHECK_THROWS_WITH((h * w).backward(), "stop");
  CHECK_FALSE(h.has_grad());
  CHECK_THROWS_WITH((x * w).backward(), "stop");
  CHECK_FALSE(x.has_grad());
  CHECK_FALSE(w.has_grad());
  CHECK_THROWS_WITH((x * w).backward(), "stop");  // nothing half-collected is left in the way
}

TEST_CASE("a rule that returns nonsense is named") {
  Tensor x = variable(vector({1, 2}));
  auto with = [&](auto rule) { return record("odd", detach(x), {x}, rule); };
  Tensor seed = vector({1, 1});
  CHECK_THROWS_WITH_AS(with([](const Tensor& g) -> Tensors {
                         return {g, g};
                       }).backward({.seed = seed}),
                       doctest::Contains("odd: its rule returned 2 gradients for 1 inputs"), GradError);
  CHECK_THROWS_WITH_AS(with([](const Tensor&) -> Tensors {
                         return {vector({1, 2, 3})};
                       }).backward({.seed = seed}),
                       doctest::Contains("odd: its rule returned a gradient of shape (3,) for an input of shape (2,)"),
                       ShapeError);
}

TEST_CASE("an output is handed back to its rule attached, so that it can be differentiated again") {
  auto my_exp = [](const Tensor& x) {
    return record("my_exp", exp(detach(x)), {x},
                  [](const Tensor& g, const Wants&, const Tensor& y) -> Tensors { return {g * y}; });
  };
  Tensor x = variable(0.3, f64);
  Tensor d = my_exp(x);
  for (int order = 0; order < 3; ++order) d = grad(d, x, create_graph);
  CHECK(d.item() == doctest::Approx(std::exp(0.3)));
}

TEST_CASE("chains, diamonds and combs of a million nodes") {  // run under a stack of 256 KiB by the project's tests
  constexpr int size = 1000000;
  MemoryStats before = memory_stats();
  SUBCASE("chain") {
    Tensor x = variable(1.0, f64), y = x;
    for (int i = 0; i < size; ++i) y = y + 1;
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  SUBCASE("chain, never differentiated") {
    Tensor y = variable(1.0, f64);
    for (int i = 0; i < size; ++i) y = y * 1;
  }
  SUBCASE("chain, differentiated twice") {
    Tensor x = variable(1.0, f64), y = x;
    for (int i = 0; i < size / 4; ++i) y = y * x / x;
    Tensor d = grad(y * y, x, create_graph);
    CHECK(grad(d, x).item() == doctest::Approx(2));
  }
  SUBCASE("diamonds") {
    Tensor x = variable(1.0, f64), y = x;
    for (int i = 0; i < size / 3; ++i) y = (y * 0.25) + (y * 0.75);
    y.backward();
    CHECK(x.grad().item() == doctest::Approx(1));
  }
  SUBCASE("comb: one leaf under every node") {
    Tensor x = variable(1.0, f64), y = x * 0;
    for (int i = 0; i < size; ++i) y = y + x;
    y.backward();
    CHECK(x.grad().item() == size);
  }
  SUBCASE("comb: a leaf of its own under every node") {
    std::vector<Tensor> leaves;
    Tensor y = variable(0.0, f64);
    for (int i = 0; i < size / 2; ++i) y = y + leaves.emplace_back(variable(1.0, f64));
    y.backward();
    CHECK(leaves.back().grad().item() == 1);
    CHECK(leaves.front().grad().item() == 1);
  }
  SUBCASE("fan: a million nodes wait at once") {
    Tensor x = variable(1.0, f64);
    std::vector<Tensor> kept;
    for (int i = 0; i < size / 2; ++i) kept.push_back(x * 1);
    Tensor y = record("gather", Array(1, f64), kept, [count = kept.size()](const Tensor& g) -> Tensors {
      Tensors all;
      for (std::size_t i = 0; i < count; ++i) all.push_back(g);
      return all;
    });
    y.backward();
    CHECK(x.grad().item() == size / 2);
  }
  CHECK(memory_stats().live_nodes == before.live_nodes);
}

TEST_CASE("a warmed-up training loop asks the system for no memory") {
  Tensor w = variable(Tensor(Array::full({64}, 0.5, f32))), x(Array::full({64}, 1.0, f32));
  auto step = [&] {
    Tensor y = tanh(w * x) * w;
    y.backward({.seed = x});
    w.assign(w - 0.01 * w.grad());
    w.zero_grad();
  };
  for (int i = 0; i < 10; ++i) step();
  [[maybe_unused]] std::int64_t before = memory_stats().system_allocations;
  for (int i = 0; i < 100; ++i) step();
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(memory_stats().system_allocations == before);
#endif
}

TEST_CASE("different graphs over shared leaves on different threads") {
  Tensor w = variable(vector({1, 2, 3}));
  constexpr int count = 4, repeats = 200;
  std::vector<std::thread> threads;
  std::vector<int> right(count, 0);
  for (int t = 0; t < count; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < repeats; ++i) {
        Tensor y = w * w * t;
        Tensor g = grad({y}, {w}, {vector({1, 1, 1})})[0];
        right[static_cast<std::size_t>(t)] += g.to_vector() == Values{2. * t, 4. * t, 6. * t};
        (w * 1).backward({.seed = vector({1, 0, 0})});
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int r : right) CHECK(r == repeats);
  CHECK(grad_of(w) == Values{count * repeats, 0, 0});
}
