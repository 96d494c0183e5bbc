// checkpoint(): the same gradients, less memory.
#include <doctest/doctest.h>

#include <thread>

#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor filled(const Shape& shape, double value) { return Tensor(Array::full(shape, value, f64)); }
Tensor total(const Tensor& x) { return sum_to(x, {}); }

}  // namespace

TEST_CASE("gradients reach inputs, captured variables and captured results") {
  Tensor x = variable(filled({3}, 0.5)), w = variable(filled({3}, 2.0));
  Tensor h = exp(w);  // captured, not a leaf, and itself behind a captured leaf
  auto f = [&](const Tensor& z) { return sin(z * w) * h + z; };
  Tensor plain = total(f(x)), kept = total(checkpoint(f, x));
  CHECK(kept.item() == plain.item());
  Tensors expected = grad(Tensors{plain}, {x, w}, {}, retain_graph),
          found = grad(Tensors{kept}, {x, w}, {}, retain_graph);
  for (int i = 0; i < 2; ++i) CHECK(found[i].to_vector() == expected[i].to_vector());
  kept.backward();
  CHECK(x.grad().to_vector() == expected[0].to_vector());
  CHECK(w.grad().to_vector() == expected[1].to_vector());
}

TEST_CASE("it can be differentiated twice") {
  Tensor x = variable(filled({2}, 0.5)), w = variable(filled({2}, 2.0));
  auto f = [&](const Tensor& z) { return sin(z * w) * w; };
  auto second = [&](const Tensor& y) {
    Tensors g = grad(Tensors{total(y)}, {x, w}, {}, create_graph);
    return grad(Tensors{total(g[0] * g[0]) + total(g[1] * x)}, {x, w});
  };
  Tensors expected = second(f(x)), found = second(checkpoint(f, x));
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 2; ++k)
      CHECK(found[i].to_vector()[k] == doctest::Approx(expected[i].to_vector()[k]).epsilon(1e-14));
}

TEST_CASE("several inputs, several outputs, one of them not used, an input returned as it is") {
  Tensor a = variable(filled({2}, 3)), b = variable(filled({2}, 4));
  Tensors y = checkpoint([](const Tensor& p, const Tensor& q) { return Tensors{p * q, p, q + 1}; }, a, b);
  Tensors g = grad(Tensors{total(y[0]) + total(5 * y[1])}, {a, b});
  CHECK(g[0].to_vector() == std::vector<double>{9, 9});
  CHECK(g[1].to_vector() == std::vector<double>{3, 3});
}

TEST_CASE("nested checkpoints") {
  Tensor x = variable(filled({2}, 0.5));
  auto inner = [](const Tensor& z) { return sin(z) * z; };
  auto outer = [&](const Tensor& z) { return checkpoint(inner, checkpoint(inner, z)); };
  CHECK(grad(total(checkpoint(outer, x)), x).to_vector() == grad(total(inner(inner(x))), x).to_vector());
}

TEST_CASE("nothing is recorded where nothing can be differentiated") {
  Tensor x = variable(filled({2}, 0.5));
  CHECK_FALSE(checkpoint([](const Tensor& z) { return z * z; }, detach(x)).requires_grad());
  NoGrad guard;
  CHECK_FALSE(checkpoint([](const Tensor& z) { return z * z; }, x).requires_grad());
}

TEST_CASE("only borders are kept, and at most one piece is in memory") {
  constexpr std::int64_t size = 10000, bytes = size * 8;
  Tensor x = variable(filled({size}, 0.5));
  auto piece = [](Tensor z) {
    for (int i = 0; i < 10; ++i) z = sin(z);
    return z;
  };
  auto peak = [&](auto run) {
    std::int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    Tensor y = x;
    for (int i = 0; i < 10; ++i) y = run(y);
    std::int64_t held = memory_stats().live_bytes - before;
    Tensor g = grad(total(y), x);
    return std::pair(held / bytes, (memory_stats().peak_bytes - before) / bytes);
  };
  auto [plain_held, plain_peak] = peak(piece);
  auto [held, most] = peak([&](const Tensor& z) { return checkpoint(piece, z); });
  CHECK(plain_held >= 100);
  CHECK(plain_peak >= 100);
  CHECK(held <= 10);
  CHECK(most <= 26);
}

TEST_CASE("random numbers are drawn again as they were, and later ones are not disturbed") {
  Tensor x = variable(filled({50}, 0.5));
  seed(3);
  Tensor y = checkpoint([](const Tensor& z) { return z * rand_like(z); }, x);
  RngState after = default_rng().state();
  rand({7});
  RngState later = default_rng().state();
  std::vector<double> slope = grad(total(y), x).to_vector(), values = y.to_vector();
  for (std::size_t i = 0; i < slope.size(); ++i) CHECK(slope[i] * 0.5 == values[i]);
  CHECK(default_rng().state() == later);
  CHECK_FALSE(after == later);
}

TEST_CASE("a generator that is not replayed is noticed; one made inside is not") {
  Tensor x = variable(filled({20}, 0.5));
  Rng own(5);
  auto with_own = [&](const Tensor& z) { return z * rand(z.shape(), own); };
  for (bool nested : {false, true}) {
    CAPTURE(nested);
    Tensor y =
        nested ? checkpoint([&](const Tensor& z) { return checkpoint(with_own, z); }, x) : checkpoint(with_own, x);
    CHECK(message<GradError>([&] { grad(total(y), x); }, "checkpoint_test.cpp") ==
          "checkpoint: the function drew other random numbers when it was computed again");
  }
  Tensor y = checkpoint(
      [](const Tensor& z) {
        Rng inside(7);
        return z * rand(z.shape(), inside);
      },
      x);
  CHECK(all_equal(grad(total(y), x) * 0.5, y));
}

TEST_CASE("threads that checkpoint random numbers do not disturb each other") {
  auto work = [](std::uint64_t seed) {
    Rng own(seed);
    DefaultRngScope scope(own);
    bool same = true;
    for (int i = 0; i < 50; ++i) {
      Tensor x = variable(filled({20}, 0.5)), y = checkpoint([](const Tensor& z) { return z * rand_like(z); }, x);
      same = same && all_equal(grad(total(y), x) * 0.5, y);
    }
    return same;
  };
  bool other = false;
  std::thread thread([&] { other = work(1); });
  bool mine = work(2);
  thread.join();
  CHECK(mine);
  CHECK(other);
}

TEST_CASE("a captured variable that was changed before backward is noticed") {
  Tensor x = variable(filled({2}, 0.5)), w = variable(filled({2}, 2.0));
  Tensor y = total(checkpoint([&](const Tensor& z) { return z * w; }, x));
  w.assign(filled({2}, 3.0));
  CHECK_THROWS_AS(y.backward(), GradError);
}

TEST_CASE("a function that does something else the second time is noticed") {
  Tensor x = variable(filled({2}, 0.5)), w = variable(filled({2}, 2.0));
  bool first = true;
  Tensor y = total(checkpoint([&](const Tensor& z) { return std::exchange(first, false) ? sin(z) : z * w; }, x));
  std::string message;
  try {
    y.backward();
  } catch (const GradError& error) {
    message = error.what();
  }
  CHECK(message.find("checkpoint: the function did something else when it was computed again") == 0);
  CHECK(message.find("checkpoint_test.cpp") != std::string::npos);

  double times = 0;  // the same ops on other numbers
  Tensor other = total(checkpoint([&](const Tensor& z) { return z * ++times; }, x));
  CHECK_THROWS_AS(other.backward(), GradError);
  Tensor one = total(checkpoint([&](const Tensor& z) { return (++times > 3 ? z - 1 : z) * w; },
                                variable(zeros({300}, f64))(range(0, 2))));
  CHECK_THROWS_AS(one.backward(), GradError);
}

TEST_CASE("what is not finite is the same both times") {
  Tensor x = variable(tensor({-1.0, 0.0, 2.0}));
  Tensor y = checkpoint([](const Tensor& z) { return log(z); }, x);
  total(y).backward();
  CHECK(x.grad().array().data<float>()[2] == 0.5f);
}
