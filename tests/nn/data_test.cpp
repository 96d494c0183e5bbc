// Splitting, standardising and batching.
#include <doctest/doctest.h>

#include <algorithm>

#include "xgrad/xgrad.hpp"

using namespace xg;

TEST_CASE("a split deals every row out once, x with its y, by the seed") {
  Tensor x = reshape(arange(20, f32), {10, 2}), y = arange(10, i64);
  seed(4);
  auto [train_x, train_y, test_x, test_y] = nn::data::train_test_split(x, y, 0.25);
  CHECK(train_x.shape() == Shape{7, 2});
  CHECK(test_x.shape() == Shape{3, 2});  // 2.5 rows, rounded
  CHECK(test_y.dtype() == i64);
  std::vector<double> all = train_y.to_vector();
  for (double label : test_y.to_vector()) all.push_back(label);
  std::vector<double> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == y.to_vector());
  CHECK(all != sorted);
  for (std::int64_t i = 0; i < 7; ++i) CHECK(train_x(i, 0).item() == 2 * train_y(i).item());
  seed(4);
  CHECK(nn::data::train_test_split(x, y, 0.25).test_y.to_vector() == test_y.to_vector());
  Rng rng(4);
  CHECK(nn::data::train_test_split(x, y, 0.25, rng).test_y.to_vector() == test_y.to_vector());

  CHECK_THROWS_WITH_AS(nn::data::train_test_split(x, arange(9), 0.2),
                       doctest::Contains("x and y differ in rows: (10, 2) and (9,)\n  at  data_test.cpp"), ShapeError);
  CHECK_THROWS_AS(nn::data::train_test_split(tensor(1.0), tensor(1.0), 0.2), ShapeError);
  for (double test : {0.0, 1.0, -1.0, 0.01, 0.99, 2.0})
    CHECK_THROWS_WITH_AS(nn::data::train_test_split(x, y, test), doctest::Contains("of 10 rows leaves a set empty"),
                         ValueError);
}

TEST_CASE("standardised columns have mean 0 and deviation 1") {
  Tensor x = randn({200, 3}, f64) * tensor({1.0, 10.0, 0.1}, f64) + tensor({5.0, -3.0, 0.0}, f64);
  nn::data::Standardizer scale(x);
  Tensor z = scale(x);
  for (double m : mean(z, 0).to_vector()) CHECK(std::abs(m) < 1e-12);
  for (double v : mean(z * z, 0).to_vector()) CHECK(v == doctest::Approx(1).epsilon(1e-12));
  CHECK(scale(scale.mean).to_vector() == std::vector<double>{0, 0, 0});
  Tensor constant = tensor({{2.0, 1.0}, {2.0, 3.0}}, f64);
  CHECK(nn::data::Standardizer(constant)(constant).to_vector() == std::vector<double>{0, -1, 0, 1});
  CHECK_THROWS_WITH_AS(nn::data::Standardizer(zeros({0, 3})), doctest::Contains("at least one row, not (0, 3)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(scale(zeros({4, 2})), doctest::Contains("made from 3 columns, called with shape (4, 2)"),
                       ShapeError);
}

TEST_CASE("batches hold every row once, in random order") {
  std::vector<Tensor> batches = nn::data::batches(10, 4);
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].shape() == Shape{4});
  CHECK(batches[2].shape() == Shape{2});
  std::vector<double> all;
  for (const Tensor& rows : batches)
    for (double row : rows.to_vector()) all.push_back(row);
  std::sort(all.begin(), all.end());
  CHECK(all == arange(10).to_vector());
  CHECK(nn::data::batches(0, 4).empty());
  CHECK_THROWS_WITH_AS(nn::data::batches(10, 0), doctest::Contains("cannot take 10 rows 0 at a time"), ValueError);
  CHECK_THROWS_AS(nn::data::batches(-1, 3), ValueError);
}
