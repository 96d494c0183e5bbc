// prod, cumsum and cumprod.
#include "differences.hpp"

using namespace xg;
using namespace xg_test;

TEST_CASE("cumsum and cumprod agree with plain loops along any axis") {
  Tensor x = uneven({3, 4, 300});
  for (std::int64_t axis : {0, 1, 2}) {
    std::vector<double> v = x.to_vector(), sums = cumsum(x, axis).to_vector(),
                        products = cumprod(x, axis - 3).to_vector();
    std::int64_t step = axis == 0 ? 1200 : axis == 1 ? 300 : 1, length = x.shape()[axis];
    for (std::int64_t i = 0; i < x.size(); ++i) {
      double sum = 0, product = 1;
      for (std::int64_t k = 0; k <= i / step % length; ++k) {
        sum += v[i - k * step];
        product *= v[i - k * step];
      }
      CHECK(std::abs(sums[i] - sum) < 1e-12);
      CHECK(std::abs(products[i] - product) <= 1e-12 * std::abs(product));
    }
    Tensor flipped(x.array().transposed());
    CHECK(same_bits(cumsum(flipped, 2), cumsum(Tensor(flipped.array().copy()), 2)));
  }
  CHECK(cumsum(Tensor(Array::full({3}, true, boolean)), 0).to_vector<int>() == std::vector<int>{1, 2, 3});
  CHECK(cumprod(Tensor(Array::full({3}, 2, i64)), 0).to_vector<int>() == std::vector<int>{2, 4, 8});
  CHECK(cumsum(Tensor(Array::zeros({0, 3}, f32)), 0).shape() == Shape{0, 3});
  Tensor tenth(Array::full({1'000'000}, 0.1, f32));
  CHECK(cumsum(tenth, 0).to_vector().back() == doctest::Approx(1e6 * static_cast<double>(0.1f)).epsilon(1e-7));
}

TEST_CASE("prod") {
  Tensor x = filled({2, 3}, [](std::int64_t i) { return static_cast<double>(i + 1); });
  CHECK(prod(x).item() == 720);
  CHECK(prod(x, 0).to_vector() == std::vector<double>{4, 10, 18});
  CHECK(prod(x, 1, keepdims).shape() == Shape{2, 1});
  CHECK(prod(Tensor(Array::zeros({0, 2}, f64)), 0).to_vector() == std::vector<double>{1, 1});
  CHECK(prod(Tensor(Array::full({2}, true, boolean))).dtype() == i64);
  CHECK(prod(Tensor(Array(3.0, f64))).item() == 3);
  Tensor none = variable(Tensor(Array::zeros({0, 2}, f64)));
  CHECK(grad(prod(none), none).shape() == Shape{0, 2});
}

TEST_CASE("gradients of prod and cumprod are exact with no, one and several zeros") {
  for (int zeros : {0, 1, 2, 3}) {
    Tensor x = filled({2, 4}, [&](std::int64_t i) { return i % 4 < zeros ? 0.0 : 0.5 + static_cast<double>(i); });
    for (std::int64_t axis : {0, 1}) {
      check_both([&](const Tensor& t) { return prod(t, axis); }, x, 1e-6);
      check_both([&](const Tensor& t) { return cumprod(t, axis); }, x, 1e-6);
    }
    check_both([&](const Tensor& t) { return prod(t, {0, 1}, keepdims); }, x, 1e-5);
  }
  Tensor x = variable(filled({3}, [](std::int64_t i) { return i == 1 ? 0.0 : 2.0 + static_cast<double>(i); }));
  CHECK(grad(prod(x), x).to_vector() == std::vector<double>{0, 8, 0});
  Tensor first = grad(prod(x), x, create_graph);
  Tensor second = grad(sum(first * filled({3}, [](std::int64_t i) { return i == 1; })), x, create_graph);
  CHECK(second.to_vector() == std::vector<double>{4, 0, 2});
  Tensor third = grad(sum(second * filled({3}, [](std::int64_t i) { return i == 0; })), x);
  CHECK(third.to_vector() == std::vector<double>{0, 0, 1});
}

TEST_CASE("gradients of cumsum") {
  for (std::int64_t axis : {0, 1, 2})
    check_both([&](const Tensor& t) { return cumsum(t * t, axis); }, uneven({2, 3, 2}));
}

TEST_CASE("scans of an axis that is not there are IndexErrors") {
  CHECK_THROWS_WITH_AS(cumsum(uneven({2}), 1), doctest::Contains("cumsum: axis 1 is out of range"), IndexError);
  CHECK_THROWS_WITH_AS(cumprod(uneven({2}), -2), doctest::Contains("cumprod: axis -2 is out of range"), IndexError);
}
