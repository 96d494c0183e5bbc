// max and min with indices, sort, argsort, topk.
#include <limits>

#include "differences.hpp"

using namespace xg;
using namespace xg_test;

namespace {

using Integers = std::vector<int>;
using Reals = std::vector<double>;

Tensor row(const Reals& values) {
  return filled({static_cast<std::int64_t>(values.size())}, [&](std::int64_t i) { return values[i]; });
}

}  // namespace

TEST_CASE("sort and argsort are stable, in both directions") {
  Tensor x = row({3, 1, 2, 1, 3});
  auto [values, indices] = sort(x);
  CHECK(values.to_vector() == Reals{1, 1, 2, 3, 3});
  CHECK(indices.to_vector<int>() == Integers{1, 3, 2, 0, 4});
  CHECK(argsort(x, 0, {.descending = true}).to_vector<int>() == Integers{0, 4, 2, 1, 3});
  CHECK(sort(astype(x, i64)).values.dtype() == i64);
  CHECK(sort(row({})).values.shape() == Shape{0});
  Tensor holes = row({2, std::nan(""), -std::numeric_limits<double>::infinity(), 1});
  CHECK(argsort(holes).to_vector<int>() == Integers{2, 3, 0, 1});
  CHECK(argsort(holes, 0, {.descending = true}).to_vector<int>() == Integers{1, 0, 3, 2});
}

TEST_CASE("sorting along any axis orders every line") {
  Tensor x = uneven({3, 40, 5});
  for (std::int64_t axis : {0, 1, 2}) {
    auto [values, indices] = sort(x, axis);
    CHECK(same_bits(values, gather(x, indices, axis)));
    std::int64_t n = x.shape()[axis];
    Tensor ordered = axis == 0   ? values(range(1, n)) >= values(range(0, n - 1))
                     : axis == 1 ? values(all, range(1, n)) >= values(all, range(0, n - 1))
                                 : values(all, all, range(1, n)) >= values(all, all, range(0, n - 1));
    CHECK(all(ordered).item<bool>());
    CHECK(std::abs(sum(values).item() - sum(x).item()) < 1e-12);
    auto [top, where_from] = topk(x, 3 < n ? 3 : n, {.axis = axis});
    Tensor expected = sort(x, axis, {.descending = true}).values;
    CHECK(same_bits(contiguous(top), contiguous(axis == 0   ? expected(range(0, 3))
                                                : axis == 1 ? expected(all, range(0, 3))
                                                            : expected(all, all, range(0, 3)))));
  }
}

TEST_CASE("topk takes the first of equals") {
  Tensor x = row({1, 5, 5, 2, 5});
  CHECK(topk(x, 2).indices.to_vector<int>() == Integers{1, 2});
  CHECK(topk(x, 2, {.largest = false}).values.to_vector() == Reals{1, 2});
  CHECK(topk(x, 0).values.shape() == Shape{0});
  CHECK(topk(x, 5).values.to_vector() == Reals{5, 5, 5, 2, 1});
  CHECK_THROWS_WITH_AS(topk(x, 6), doctest::Contains("topk: cannot take 6 of 5 elements"), ValueError);
  CHECK_THROWS_WITH_AS(topk(x, -1), doctest::Contains("topk: cannot take -1 of 5 elements"), ValueError);
}

TEST_CASE("max and min tell the first index, and send the gradient there alone") {
  Tensor x = variable(filled({2, 3}, [](std::int64_t i) { return i == 0 ? 0.0 : i == 5 ? 1.0 : 2.0; }));
  auto [values, indices] = xg::max(x, 1);
  CHECK(values.to_vector() == Reals{2, 2});
  CHECK(indices.to_vector<int>() == Integers{1, 0});
  CHECK(grad(sum(values), x).to_vector() == Reals{0, 1, 0, 1, 0, 0});
  CHECK(xg::min(x, 0, keepdims).indices.shape() == Shape{1, 3});
  CHECK(xg::min(x, 0).values.to_vector() == Reals{0, 2, 1});
  Tensor none(Array::zeros({2, 0}, f64));
  CHECK_THROWS_WITH_AS(xg::max(none, 1), doctest::Contains("max: nothing to choose from"), ValueError);
  CHECK_THROWS_WITH_AS(xg::min(none, 1), doctest::Contains("min: nothing to choose from"), ValueError);
  CHECK(xg::max(none, 0).values.shape() == Shape{0});
}

TEST_CASE("gradients go back to where the elements came from") {
  Tensor x = uneven({3, 4});
  for (std::int64_t axis : {0, 1}) {
    check_both([&](const Tensor& t) { return sort(t * t, axis).values; }, x);
    check_both([&](const Tensor& t) { return topk(t * t, 2, {.axis = axis}).values; }, x);
    check_both([&](const Tensor& t) { return xg::max(t * t, axis).values; }, x);
    check_both([&](const Tensor& t) { return xg::min(t * t, axis, keepdims).values; }, x);
  }
  CHECK_THROWS_WITH_AS(sort(x, 2), doctest::Contains("sort: axis 2 is out of range"), IndexError);
  CHECK_THROWS_WITH_AS(argsort(x, 2), doctest::Contains("argsort: axis 2 is out of range"), IndexError);
  CHECK_THROWS_WITH_AS(topk(x, 1, {.axis = 2}), doctest::Contains("topk: axis 2 is out of range"), IndexError);
}
