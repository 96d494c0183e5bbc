// softmax, log_softmax and logsumexp: values, extremes, masked rows.
#include <limits>

#include "differences.hpp"

using namespace xg;
using namespace xg_test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("softmax and its logarithm agree with their definition") {
  for (std::int64_t length : {1, 2, 7, 31, 64, 100, 5000}) {
    Tensor x = filled({3, length}, [](std::int64_t i) { return 5 * std::sin(static_cast<double>(i * i % 977)); });
    std::vector<double> v = x.to_vector(), p = softmax(x, 1).to_vector(), l = log_softmax(x, 1).to_vector();
    std::vector<double> f = softmax(astype(x, f32), -1).to_vector(), s = logsumexp(x, 1).to_vector();
    for (std::int64_t row = 0; row < 3; ++row) {
      double total = 0;
      for (std::int64_t i = 0; i < length; ++i) total += std::exp(v[row * length + i]);
      CHECK(std::abs(s[row] - std::log(total)) < 1e-13 * (1 + std::abs(s[row])));
      for (std::int64_t i = row * length; i < (row + 1) * length; ++i) {
        double expected = std::exp(v[i]) / total;
        CHECK(std::abs(p[i] - expected) < 1e-13 * expected + 1e-300);
        CHECK(std::abs(l[i] - std::log(expected)) < 1e-13 * (1 + std::abs(l[i])));
        CHECK(std::abs(f[i] - expected) < 2e-6 * expected);
      }
    }
    CHECK(same_bits(softmax(x, 1), Tensor(softmax(Tensor(x.array().transposed()), 0).array().transposed())));
  }
}

TEST_CASE("softmax is finite at ±1000 and exact at infinities") {
  Tensor x = filled({3}, [](std::int64_t i) { return 1000.0 * static_cast<double>(i - 1); });
  CHECK(softmax(x, 0).to_vector() == std::vector<double>{0, 0, 1});
  CHECK(log_softmax(x, 0).to_vector() == std::vector<double>{-2000, -1000, 0});
  CHECK(logsumexp(x).item() == 1000);
  CHECK(logsumexp(filled({2}, [](std::int64_t) { return -1000.0; })).item() == doctest::Approx(-1000 + std::log(2)));
  CHECK(logsumexp(filled({2}, [](std::int64_t i) { return i ? inf : 1.0; })).item() == inf);
  Tensor masked = filled({3}, [](std::int64_t i) { return i == 0 ? -inf : 1.0; });
  CHECK(softmax(masked, 0).to_vector() == std::vector<double>{0, 0.5, 0.5});
  Tensor bad = filled({20}, [](std::int64_t i) { return i == 3 ? std::nan("") : -inf; });
  for (double v : softmax(bad, 0).to_vector()) CHECK(std::isnan(v));
  for (double v : log_softmax(bad, 0).to_vector()) CHECK(std::isnan(v));
  Tensor far = filled<float>({40}, [](std::int64_t i) { return -100.0 * static_cast<double>(i); });
  std::vector<double> p = softmax(far, 0).to_vector();
  CHECK(p[0] == 1);
  for (std::size_t i = 2; i < p.size(); ++i) CHECK(p[i] == 0);
}

TEST_CASE("a fully masked row is quiet to any order") {
  Tensor x = variable(filled({2, 3}, [](std::int64_t i) { return i < 3 ? -inf : static_cast<double>(i); }));
  for (const auto& f : std::vector<std::function<Tensor(const Tensor&)>>{
           [](const Tensor& t) { return softmax(t, 1); },
           [](const Tensor& t) { return where(logsumexp(t, 1) < -1e9, 0, logsumexp(t, 1)); },
           [](const Tensor& t) { return where(log_softmax(t, 1) < -1e9, 0, log_softmax(t, 1)); }}) {
    Tensor y = f(x);
    Tensor g = grad(sum(y * y), x, create_graph);
    for (int i = 0; i < 3; ++i) CHECK(g.to_vector()[i] == 0);
    Tensor h = grad(sum(g * g), x);
    for (int i = 0; i < 3; ++i) CHECK(h.to_vector()[i] == 0);
    for (double v : h.to_vector()) CHECK(std::isfinite(v));
  }
  Tensor g = grad(sum(log_softmax(x, 1)), x);
  for (int i = 0; i < 3; ++i) CHECK(g.to_vector()[i] == 0);
}

TEST_CASE("gradients of softmax and its logarithm to second order") {
  Tensor x = uneven({2, 3, 4});
  for (std::int64_t axis : {0, 1, 2}) {
    check_both([&](const Tensor& t) { return softmax(3 * t, axis); }, x);
    check_both([&](const Tensor& t) { return log_softmax(3 * t, axis); }, x);
    check_both([&](const Tensor& t) { return logsumexp(3 * t, {0, axis == 0 ? 2 : axis}); }, x);
  }
  Tensor v = variable(uneven({5}));
  Tensor d = softmax(v, 0);
  for (int order = 0; order < 3; ++order) d = grad(sum(d * uneven({5}, order)), v, create_graph);
  CHECK(d.shape() == Shape{5});
}
