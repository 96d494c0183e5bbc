// Padded batches of sequences, and loaders that bring those of near-equal lengths together.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::data;

namespace {

using Ids = std::vector<std::int64_t>;

/// Sequence i has the number i, `length(i)` times.
std::vector<Ids> sequences(std::int64_t count) {
  std::vector<Ids> result;
  for (std::int64_t i = 0; i < count; ++i) result.emplace_back(static_cast<std::size_t>(1 + (i * 7919) % 23), i);
  return result;
}

template <class L>
std::vector<Ids> epoch_of(L& loader) {
  std::vector<Ids> batches;
  for (auto& [x] : loader) {
    Ids rows;
    for (std::int64_t b = 0; b < x.ids.size(0); ++b) rows.push_back(x.ids(b, 0).template item<std::int64_t>());
    batches.push_back(rows);
  }
  return batches;
}

std::int64_t padding_in(auto& loader) {
  std::int64_t count = 0;
  for (auto& [x] : loader) count += sum(x.padding).template item<std::int64_t>();
  return count;
}

Ids sorted_union(const std::vector<Ids>& batches) {
  Ids all;
  for (const Ids& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("sequences are padded to the longest of the batch") {
  SequenceDataset words(std::vector<Ids>{{5, 6, 7}, {8}, {9, 10}, {1, 2, 3, 4}});
  CHECK(words.size() == 4);
  auto [x] = words.batch({1, 2, 0});
  CHECK(x.ids.shape() == Shape{3, 3});
  CHECK(x.ids.to_vector<int>() == std::vector<int>{8, 0, 0, 9, 10, 0, 5, 6, 7});
  CHECK(x.lengths.to_vector<int>() == std::vector<int>{1, 2, 3});
  CHECK(x.padding.dtype() == boolean);
  CHECK(x.padding.to_vector<int>() == std::vector<int>{0, 1, 1, 0, 0, 1, 0, 0, 0});
  auto [none] = words.batch({});
  CHECK(none.ids.shape() == Shape{0, 0});
  CHECK(none.lengths.shape() == Shape{0});

  Padded y = pad_sequences({{1}, {2, 3}}, -100);
  CHECK(y.ids.to_vector<int>() == std::vector<int>{1, -100, 2, 3});
  CHECK(pad_sequences({}).ids.shape() == Shape{0, 0});
}

TEST_CASE("pairs of sequences") {
  SequenceDataset pairs(std::vector<Ids>{{1, 2}, {3}}, std::vector<Ids>{{4}, {5, 6, 7}}, {.padding_id = 9});
  auto [source, target] = pairs.batch({0, 1});
  CHECK(source.ids.to_vector<int>() == std::vector<int>{1, 2, 3, 9});
  CHECK(target.ids.to_vector<int>() == std::vector<int>{4, 9, 9, 5, 6, 7});
  CHECK(target.lengths.to_vector<int>() == std::vector<int>{1, 3});
  CHECK(pairs.sort_key(0) > pairs.sort_key(1));  // by the source first
}

TEST_CASE("what sequences complain about") {
  CHECK(message<ValueError>(
            [] {
              SequenceDataset(std::vector<Ids>{{1}, {}});
            },
            "sequences_test.cpp") == "SequenceDataset: sequence 1 is empty");
  CHECK(message<ValueError>([] { pad_sequences({{}}); }, "sequences_test.cpp") == "pad_sequences: sequence 0 is empty");
  CHECK(message<ValueError>(
            [] {
              SequenceDataset(std::vector<Ids>{{1}, {2}}, std::vector<Ids>{{1}});
            },
            "sequences_test.cpp") == "SequenceDataset: there are 1 targets for 2 sources");
  SequenceDataset words(std::vector<Ids>{{1}});
  CHECK(message<IndexError>(
            [&] {
              words.batch({0, 1});
            },
            "sequences_test.cpp") == "SequenceDataset: there is no sample 1 among 1");
  for (std::int64_t wrong : {-1, 1, 1 << 20}) {
    std::string there_is_no = "there is no sample " + std::to_string(wrong) + " among 1";
    CHECK(message<IndexError>([&] { words.sort_key(wrong); }, "sequences_test.cpp") ==
          "SequenceDataset: " + there_is_no);
    CHECK(message<IndexError>([&] { Subset(words, {0}).sort_key(wrong); }, "sequences_test.cpp") ==
          "Subset: " + there_is_no);
    CHECK(message<IndexError>([&] { transform(words, [](auto&) {}).sort_key(wrong); }) ==
          "SequenceDataset: " + there_is_no);
  }
  CHECK(message<ValueError>([&] { Loader(words, {.bucket = -1}); }, "sequences_test.cpp") ==
        "Loader: bucket must be at least 0, not -1");
  CHECK(message<ValueError>([&] { Loader(TensorDataset(arange(3)), {.bucket = 1}); }, "sequences_test.cpp") ==
        "Loader: a bucket is asked for, but the data set has no sort_key");
}

TEST_CASE("buckets hold all samples once, of near-equal lengths, in random order") {
  SequenceDataset words(sequences(1003));
  Ids all(1003);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  Loader plain(words, {.batch_size = 16, .shuffle = true, .seed = 4});
  Loader bucketed(words, {.batch_size = 16, .shuffle = true, .bucket = 20, .seed = 4});
  CHECK(sorted_union(epoch_of(plain)) == all);
  auto first = epoch_of(bucketed), second = epoch_of(bucketed);
  CHECK(sorted_union(first) == all);
  CHECK(sorted_union(second) == all);
  CHECK(first.size() == 63);
  CHECK(first.back().size() == 11);
  CHECK(first != second);
  CHECK(padding_in(bucketed) * 8 < padding_in(plain));

  // Batches do not come in the order of their lengths.
  auto length = [](const Ids& batch) { return 1 + (batch[0] * 7919) % 23; };
  std::size_t rising = 0;
  for (std::size_t i = 1; i < first.size(); ++i) rising += length(first[i]) >= length(first[i - 1]);
  CHECK(rising > 15);
  CHECK(rising < 47);
}

TEST_CASE("buckets with drop_last leave out samples at random, without shuffling they sort") {
  SequenceDataset words(sequences(100));
  Loader loader(words, {.batch_size = 8, .shuffle = true, .drop_last = true, .bucket = 1000});
  std::set<std::int64_t> lengths;
  for (int epoch = 0; epoch < 6; ++epoch) {
    Ids seen = sorted_union(epoch_of(loader));
    CHECK(seen.size() == 96);
    for (std::int64_t i = 0; i < 100; ++i)
      if (!std::binary_search(seen.begin(), seen.end(), i)) lengths.insert(1 + (i * 7919) % 23);
  }
  CHECK(lengths.size() > 8);

  SequenceDataset few(std::vector<Ids>{{1, 1, 1}, {2}, {3, 3}, {4}, {5, 5}});
  Loader sorted(few, {.batch_size = 2, .bucket = 9});
  CHECK(epoch_of(sorted) == std::vector<Ids>{{2, 4}, {3, 5}, {1}});
  Loader by_two(few, {.batch_size = 2, .bucket = 1});
  CHECK(epoch_of(by_two) == std::vector<Ids>{{2, 1}, {4, 3}, {5}});
  Loader part(Subset(few, {4, 0, 1}), {.batch_size = 1, .bucket = 3});
  CHECK(epoch_of(part) == std::vector<Ids>{{2}, {5}, {1}});
  Loader changed(transform(few, [](auto& batch) { batch[0].ids = batch[0].ids * 10; }), {.batch_size = 3, .bucket = 3});
  CHECK(epoch_of(changed) == std::vector<Ids>{{20, 40, 30}, {50, 10}});
  Loader none(SequenceDataset(std::vector<Ids>{}), {.shuffle = true, .bucket = 3});
  CHECK(epoch_of(none).empty());
}

TEST_CASE("buckets are the same for the same seed, with any prefetch, and go on where they stopped") {
  auto loader = [](std::int64_t prefetch) {
    return Loader(SequenceDataset(sequences(90)),
                  {.batch_size = 7, .shuffle = true, .bucket = 4, .seed = 3, .prefetch = prefetch});
  };
  auto a = loader(0), b = loader(3);
  auto first = epoch_of(a), second = epoch_of(a);
  CHECK(epoch_of(b) == first);
  CHECK(epoch_of(b) == second);

  auto stopped = loader(2);
  int left = 5;
  std::vector<nn::NamedArray> state;
  for ([[maybe_unused]] auto& batch : stopped)
    if (--left == 0) {
      state = nn::state_of(stopped);
      break;
    }
  auto resumed = loader(2);
  nn::set_state(resumed, state);
  CHECK(epoch_of(resumed) == std::vector<Ids>(first.begin() + 5, first.end()));
  CHECK(epoch_of(resumed) == second);

  Loader other(SequenceDataset(sequences(90)), {.batch_size = 7, .shuffle = true, .bucket = 5});
  CHECK_THROWS_WITH_AS(nn::set_state(other, state), doctest::Contains("bucket: is 4, not 5"), FormatError);
}
