// Data sets: batches by row, parts, and functions that batches go through.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::data;

namespace {

using Numbers = std::vector<double>;

TensorDataset<2> squares(std::int64_t count) {
  Tensor x = arange(count);
  return {reshape(x, {count, 1}), x * x};
}

/// Samples are made one by one.
struct Points {
  std::int64_t size() const { return 5; }
  std::tuple<Tensor, std::int64_t, float> operator[](std::int64_t i) const {
    return {tensor({i, 2 * i}), i * i, 0.5f * static_cast<float>(i)};
  }
};

}  // namespace

TEST_CASE("tensors whose rows belong together") {
  TensorDataset dataset(tensor({{1, 2}, {3, 4}, {5, 6}}), tensor({7, 8, 9}, i64));
  CHECK(dataset.size() == 3);
  auto [x, y] = dataset.batch({2, 0, 2});
  CHECK(x.to_vector() == Numbers{5, 6, 1, 2, 5, 6});
  CHECK(x.shape() == Shape{3, 2});
  CHECK(y.to_vector() == Numbers{9, 7, 9});
  CHECK(y.dtype() == i64);
  CHECK(dataset.batch({})[0].shape() == Shape{0, 2});
  TensorDataset transposed(transpose(tensor({{1, 2, 3}, {4, 5, 6}})));
  CHECK(transposed.batch({1})[0].to_vector() == Numbers{2, 5});
  TensorDataset three(tensor({1, 2}), tensor({3, 4}), tensor({true, false}));
  CHECK(three.batch({1})[2].dtype() == boolean);
  CHECK(TensorDataset(zeros({4, 0})).batch({1, 1})[0].shape() == Shape{2, 0});
  CHECK_THROWS_WITH_AS(dataset.batch({0, 3}), doctest::Contains("TensorDataset: there is no sample 3 among 3\n  at"),
                       IndexError);
  CHECK_THROWS_WITH_AS(dataset.batch({-1}), doctest::Contains("there is no sample -1 among 3"), IndexError);
  CHECK_THROWS_WITH_AS(
      TensorDataset(zeros({3, 2}), zeros({4})),
      doctest::Contains("TensorDataset: the tensors need as many rows each: (3, 2), (4,)\n  at  dataset_test.cpp"),
      ShapeError);
  CHECK_THROWS_WITH_AS(TensorDataset(zeros({3, 2}), Tensor()), doctest::Contains("(3, 2), undefined"), ShapeError);
  CHECK_THROWS_WITH_AS(TensorDataset(tensor(1)), doctest::Contains("rows each: ()"), ShapeError);
}

TEST_CASE("samples that are made one by one are joined") {
  Points points;
  Rng rng(0);
  auto batch = take_batch(points, {1, 3}, rng);
  CHECK(batch.size() == 3);
  CHECK(batch[0].to_vector() == Numbers{1, 2, 3, 6});
  CHECK(batch[0].shape() == Shape{2, 2});
  CHECK(batch[1].dtype() == i64);
  CHECK(batch[1].to_vector() == Numbers{1, 9});
  CHECK(batch[2].dtype() == f32);
  CHECK(batch[2].to_vector() == Numbers{0.5, 1.5});
  std::vector<double> numbers{1, 2, 3};
  CHECK(take_batch(numbers, {2, 0}, rng).dtype() == f64);
  CHECK(take_batch(numbers, {2, 0}, rng).to_vector() == Numbers{3, 1});
  std::vector<Tensor> tensors{tensor({1, 2}), tensor({3, 4})};
  CHECK(take_batch(tensors, {1, 0}, rng).to_vector() == Numbers{3, 4, 1, 2});
}

TEST_CASE("some rows of a data set") {
  Subset odd(squares(10), {1, 3, 5, 7, 9});
  Rng rng(0);
  CHECK(odd.size() == 5);
  CHECK(odd.batch({0, 4}, rng)[1].to_vector() == Numbers{1, 81});
  Subset fewer(odd, {4, 0});
  CHECK(fewer.batch({0}, rng)[0].item() == 9);
  CHECK_THROWS_WITH_AS(odd.batch({5}, rng), doctest::Contains("Subset: there is no sample 5 among 5"), IndexError);
  CHECK_THROWS_WITH_AS(Subset(squares(3), {3}), doctest::Contains("Subset: there is no sample 3 among 3"), IndexError);
}

TEST_CASE("a random split deals each sample out once, by the generator alone") {
  Rng rng(5), again(5), other(6);
  auto [train, valid, test] = random_split(squares(11), {0.5, 0.25, 0.25}, rng);
  CHECK(train.size() == 6);  // 5, 2 and 2; the two left over go to the first parts
  CHECK(valid.size() == 3);
  CHECK(test.size() == 2);
  std::multiset<std::int64_t> all;
  for (const auto& rows : {train.rows(), valid.rows(), test.rows()}) all.insert(rows.begin(), rows.end());
  CHECK(all == std::multiset<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(random_split(squares(11), {6, 3, 2}, again)[0].rows() == train.rows());
  CHECK(random_split(squares(11), {6, 3, 2}, other)[0].rows() != train.rows());
  CHECK(random_split(squares(10), {0.9, 0.1}, rng)[0].size() == 9);  // 0.9 · 10 is below 9 in f64
  CHECK(random_split(squares(10), {0.1, 0.2, 0.7}, rng)[2].size() == 7);
  CHECK(random_split(squares(3), {3, 0}, rng)[1].size() == 0);
  CHECK_THROWS_WITH_AS(random_split(squares(3), {0.5, 0.4}),
                       doctest::Contains("random_split: the parts must add up to 1 and none be negative: 0.5"),
                       ValueError);
  CHECK_THROWS_WITH_AS(random_split(squares(3), {2, 2}),
                       doctest::Contains("random_split: the parts must add up to 3 and none be negative: 2 + 2\n"),
                       ValueError);
  CHECK_THROWS_AS(random_split(squares(3), {4, -1}), ValueError);
  CHECK_THROWS_AS(random_split(squares(3), {1.5, -0.5}), ValueError);
}

TEST_CASE("batches go through functions") {
  Rng rng(0);
  auto doubled = transform(squares(4), [](auto& batch) { batch[0] = 2 * batch[0]; });
  CHECK(doubled.size() == 4);
  CHECK(doubled.batch({3, 1}, rng)[0].to_vector() == Numbers{6, 2});
  auto summed = transform(doubled, [](const auto& batch) { return sum(batch[0]) + sum(batch[1]); });
  CHECK(summed.batch({3, 1}, rng).item() == 18);
  auto noisy = transform(Points(), [](auto& batch, Rng& rng) { batch[2] = batch[2] + rand_like(batch[2], rng); });
  Rng first(3), second(3);
  CHECK(all_equal(noisy.batch({0, 1}, first)[2], noisy.batch({0, 1}, second)[2]));
  CHECK(!all_equal(noisy.batch({0, 1}, first)[2], noisy.batch({0, 1}, rng)[2]));
  CHECK(Subset(noisy, {3}).batch({0}, rng)[1].item() == 9);
}

TEST_CASE("a flip mirrors whole images or leaves them") {
  Tensor x = reshape(arange(0, 2 * 3 * 4, 1, f32), {2, 3, 1, 4});
  Rng rng(1);
  CHECK(all_equal(random_horizontal_flip(x, 0, rng), x));
  CHECK(all_equal(random_horizontal_flip(x, 1, rng), x(all, all, all, range(none, none, -1))));
  Tensor many = broadcast_to(arange(4), {1000, 1, 1, 4});
  Tensor flipped = random_horizontal_flip(many, 0.3, rng);
  Tensor was = flipped(all, 0, 0, 0) == 3;
  CHECK(all_equal(flipped(all, 0, 0, 3) == 0, was));
  CHECK(std::abs(mean(where(was, 1.0, 0.0)).item() - 0.3) < 0.06);
  CHECK(random_horizontal_flip(zeros({0, 1, 2, 2}), 0.5, rng).shape() == Shape{0, 1, 2, 2});
  CHECK_THROWS_WITH_AS(random_horizontal_flip(zeros({3, 4}), 0.5, rng),
                       doctest::Contains("random_horizontal_flip: images are (N, C, H, W), not (3, 4)\n  images  f32"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(random_horizontal_flip(x, 1.5, rng),
                       doctest::Contains("random_horizontal_flip: a probability is from 0 to 1, not 1.5"), ValueError);
}

TEST_CASE("a crop moves images and fills with zeros") {
  Tensor x = reshape(arange(1, 3 * 4 + 1, 1, f32), {1, 1, 3, 4});
  Tensor many = broadcast_to(x, {400, 2, 3, 4});
  Rng rng(1);
  CHECK(all_equal(random_crop(many, 0, rng), many));
  Tensor moved = random_crop(many, 1, rng);
  Tensor padded = pad(x, {{0, 0}, {0, 0}, {1, 1}, {1, 1}});
  std::vector<int> met(9);
  for (std::int64_t n = 0; n < 400; ++n) {
    int found = -1;
    for (int at = 0; at < 9; ++at)
      if (all_equal(moved(n, 0), padded(0, 0, range(at / 3, at / 3 + 3), range(at % 3, at % 3 + 4)))) found = at;
    REQUIRE(found >= 0);
    ++met[static_cast<std::size_t>(found)];
    CHECK(all_equal(moved(n, 0), moved(n, 1)));
  }
  CHECK(*std::min_element(met.begin(), met.end()) > 20);
  CHECK(random_crop(zeros({2, 0, 2, 2}), 3, rng).shape() == Shape{2, 0, 2, 2});
  random_crop(x, 100, rng);
  CHECK_THROWS_WITH_AS(random_crop(x, -1, rng), doctest::Contains("random_crop: the padding cannot be -1 pixels"),
                       ValueError);
  CHECK_THROWS_WITH_AS(random_crop(x(0), 1, rng), doctest::Contains("random_crop: images are (N, C, H, W)"),
                       ShapeError);
}

TEST_CASE("channels are normalised") {
  Tensor x = reshape(tensor({1, 2, 3, 4}), {1, 2, 1, 2});
  CHECK(normalize_channels(x, {1, 2}, {2, 4}).to_vector() == Numbers{0, 0.5, 0.25, 0.5});
  CHECK(normalize_channels(x, {1}, {2}).to_vector() == Numbers{0, 0.5, 1, 1.5});
  CHECK(normalize_channels(x, {1}, {2}).dtype() == f32);
  CHECK_THROWS_WITH_AS(
      normalize_channels(x, {1, 2, 3}, {2}),
      doctest::Contains("normalize_channels: 3 means and 1 deviations do not fit 2 channels\n  images"), ShapeError);
  CHECK_THROWS_WITH_AS(normalize_channels(x(0), {1}, {2}), doctest::Contains("normalize_channels: images are"),
                       ShapeError);
}
