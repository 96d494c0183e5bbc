// Variance, standard deviation and norms.
#include <limits>

#include "differences.hpp"

using namespace xg;
using namespace xg_test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("var and std agree with their definition") {
  Tensor x = uneven({3, 5});
  std::vector<double> v = x.to_vector();
  for (std::int64_t ddof : {0, 1, 2}) {
    std::vector<double> rows = var(x, 1, KeepDims::no, ddof).to_vector(),
                        roots = xg::std(x, 1, keepdims, ddof).to_vector();
    for (std::int64_t row = 0; row < 3; ++row) {
      double mean = 0, squares = 0;
      for (std::int64_t i = 0; i < 5; ++i) mean += v[row * 5 + i] / 5;
      for (std::int64_t i = 0; i < 5; ++i) squares += (v[row * 5 + i] - mean) * (v[row * 5 + i] - mean);
      CHECK(rows[row] == doctest::Approx(squares / static_cast<double>(5 - ddof)).epsilon(1e-13));
      CHECK(roots[row] == doctest::Approx(std::sqrt(squares / static_cast<double>(5 - ddof))).epsilon(1e-13));
    }
  }
  CHECK(var(Tensor(Array::full({3}, 4, i64))).dtype() == f64);
  Tensor far = filled<float>({10'000}, [](std::int64_t i) { return 10'000.0 + static_cast<double>(i % 2); });
  CHECK(var(far, {}, KeepDims::no, 0).item() == doctest::Approx(0.25).epsilon(1e-5));
}

TEST_CASE("var and std of one element and of constants") {
  Tensor one = variable(filled({1}, [](std::int64_t) { return 3; }));
  CHECK(std::isnan(var(one).item()));
  CHECK(std::isnan(xg::std(one).item()));
  CHECK(xg::std(one, {}, KeepDims::no, 0).item() == 0);
  CHECK(grad(xg::std(one, {}, KeepDims::no, 0), one).item() == 0);
  CHECK(std::isnan(var(Tensor(Array::zeros({0}, f64))).item()));
  for (double c : {0.1, 1e-3, 1e10, 7.7})
    for (std::int64_t n : {2, 3, 10, 777}) {
      Tensor x = variable(Tensor(Array::full({n}, c, f64)));
      Tensor y = xg::std(x);
      CHECK(y.item() == 0);
      Tensor g = grad(y, x, create_graph);
      for (double value : g.to_vector()) CHECK(value == 0);
      for (double value : grad(sum(g * g), x).to_vector()) CHECK(value == 0);
      CHECK(xg::std(astype(x, f32)).item() == 0);
    }
}

TEST_CASE("gradients of var and std") {
  Tensor x = uneven({2, 3, 4});
  for (const Axes& axes : {Axes(), Axes(1), Axes({0, 2})})
    for (std::int64_t ddof : {0, 1}) {
      check_both([&](const Tensor& t) { return var(t * t, axes, KeepDims::no, ddof); }, x);
      check_both([&](const Tensor& t) { return xg::std(t, axes, keepdims, ddof); }, x, 1e-6);
    }
}

TEST_CASE("norms of every kind") {
  Tensor x = filled({2, 2}, [](std::int64_t i) { return i == 3 ? 0.0 : i == 1 ? -4.0 : 3.0; });  // 3 -4 / 3 0
  CHECK(norm(x, 2, 1).to_vector() == std::vector<double>{5, 3});
  CHECK(norm(x, 1).item() == 10);
  CHECK(norm(x, 0, 0).to_vector() == std::vector<double>{2, 1});
  CHECK(norm(x, inf, 1, keepdims).to_vector() == std::vector<double>{4, 3});
  CHECK(norm(x, -inf, 1).to_vector() == std::vector<double>{3, 0});
  CHECK(norm(x, 3, 1).to_vector()[0] == doctest::Approx(std::cbrt(27 + 64)));
  CHECK(norm(x, 0.5, 1).to_vector()[0] == doctest::Approx(std::pow(std::sqrt(3) + 2, 2)));
  CHECK(norm(x, -1, 1).to_vector()[1] == 0);
  CHECK(norm(Tensor(Array::full({4}, 2, i64))).item() == 4);
  CHECK(norm(Tensor(Array::zeros({0}, f64))).item() == 0);
  CHECK_THROWS_WITH_AS(norm(Tensor(Array::zeros({0}, f64)), inf), doctest::Contains("norm: nothing to choose from"),
                       ValueError);
  CHECK_THROWS_WITH_AS(norm(x, std::nan("")), doctest::Contains("norm: p is not a number"), ValueError);
}

TEST_CASE("gradients of norms, and at zero") {
  Tensor x = uneven({2, 3, 4});
  for (double p : {0.5, 1.0, 1.5, 2.0, 3.0, 4.0, -1.0, inf, -inf}) {
    check_both([&](const Tensor& t) { return norm(t + 0.1 * t * t, p, {0, 2}); }, x, 1e-5);
    Tensor zero = variable(Tensor(Array::zeros({3}, f64)));
    Tensor g = grad(norm(zero, p), zero, create_graph);
    for (double value : g.to_vector()) CHECK(value == 0);
    if (g.requires_grad())
      for (double value : grad(sum(g * uneven({3})), zero, allow_unused).to_vector()) CHECK(std::isfinite(value));
  }
  Tensor some = variable(filled({3}, [](std::int64_t i) { return i == 1 ? 0.0 : 2.0; }));
  CHECK(grad(norm(some, 0), some).to_vector() == std::vector<double>{0, 0, 0});
  CHECK(grad(norm(some, inf), some).to_vector() == std::vector<double>{0.5, 0, 0.5});
  CHECK(grad(norm(some, 1), some).to_vector() == std::vector<double>{1, 0, 1});
}
