// Loaders: the same batches whatever the threads do, epochs, errors on the thread, and going on where one stopped.
#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "xgrad/xgrad.hpp"

using namespace xg;
using nn::data::Loader;
using nn::data::Rows;
using nn::data::TensorDataset;

namespace {

TensorDataset<2> numbers(std::int64_t count) {
  Tensor x = arange(count);
  return {x, 10 * x};
}

using Epoch = std::vector<std::vector<int>>;

template <class L>
Epoch epoch_of(L& loader) {
  Epoch epoch;
  for (auto& [x, y] : loader) {
    CHECK(all_equal(10 * x, y));
    epoch.push_back(x.template to_vector<int>());
  }
  return epoch;
}

/// Throws when asked for row `bad`; counts the batches it made.
struct Fragile {
  std::int64_t bad;
  std::shared_ptr<std::atomic<int>> made = std::make_shared<std::atomic<int>>(0);
  std::int64_t size() const { return 20; }
  Tensor batch(const Rows& rows) const {
    ++*made;
    for (std::int64_t i : rows)
      if (i == bad) throw std::out_of_range("row " + std::to_string(i));
    return tensor(rows);
  }
};

}  // namespace

TEST_CASE("batches in order") {
  Loader loader(numbers(7), {.batch_size = 3});
  CHECK(loader.size() == 3);
  CHECK(epoch_of(loader) == Epoch{{0, 1, 2}, {3, 4, 5}, {6}});
  CHECK(epoch_of(loader) == Epoch{{0, 1, 2}, {3, 4, 5}, {6}});
  Loader full(numbers(7), {.batch_size = 3, .drop_last = true});
  CHECK(full.size() == 2);
  CHECK(epoch_of(full) == Epoch{{0, 1, 2}, {3, 4, 5}});
  Loader large(numbers(7), {.batch_size = 100});
  CHECK(epoch_of(large) == Epoch{{0, 1, 2, 3, 4, 5, 6}});
  Loader none(numbers(0), {.batch_size = 3});
  CHECK(none.size() == 0);
  CHECK(epoch_of(none).empty());
  Loader dropped(numbers(2), {.batch_size = 3, .drop_last = true});
  CHECK(epoch_of(dropped).empty());
  CHECK(dropped.epoch() == 1);
}

TEST_CASE("a shuffled epoch has every sample once, in an order of its own that the seed decides") {
  auto run = [](std::uint64_t seed, std::int64_t prefetch) {
    Loader loader(numbers(50), {.batch_size = 8, .shuffle = true, .seed = seed, .prefetch = prefetch});
    std::vector<Epoch> epochs;
    for (int i = 0; i < 3; ++i) epochs.push_back(epoch_of(loader));
    return epochs;
  };
  auto epochs = run(1, 2);
  for (const Epoch& epoch : epochs) {
    std::set<int> met;
    for (const auto& batch : epoch) met.insert(batch.begin(), batch.end());
    CHECK(met.size() == 50);
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  for (std::int64_t prefetch : {0, 1, 5, 100}) CHECK(run(1, prefetch) == epochs);
  CHECK(run(2, 2) != epochs);
}

TEST_CASE("random transforms depend on seed, epoch and batch alone, and the default generator is not touched") {
  auto noisy = nn::data::transform(numbers(20), [](auto& batch, Rng& rng) {
    batch[0] = rand({batch[0].size()}, rng);
    batch[1] = 10 * batch[0];
  });
  seed(3);
  RngState before = default_rng().state();
  auto run = [&](std::int64_t prefetch) {
    Loader loader(noisy, {.batch_size = 4, .seed = 9, .prefetch = prefetch});
    std::vector<float> all;
    for (int epoch = 0; epoch < 2; ++epoch)
      for (auto& [x, y] : loader)
        for (float value : x.to_vector<float>()) all.push_back(value);
    return all;
  };
  auto all = run(0);
  CHECK(run(3) == all);
  CHECK(std::set<float>(all.begin(), all.end()).size() == 40);
  CHECK(default_rng().state() == before);
}

TEST_CASE("what the data set throws arrives where its batch would") {
  for (std::int64_t prefetch : {0, 2}) {
    Loader loader(Fragile{9}, {.batch_size = 4, .prefetch = prefetch});
    int batches = 0;
    auto loop = [&] {
      for (auto& batch : loader) batches += batch.size() == 4;
    };
    CHECK_THROWS_WITH_AS(loop(), "row 9", std::out_of_range);
    CHECK(batches == 2);
    CHECK(loader.position() == 2);
    CHECK_THROWS_AS(loop(), std::out_of_range);  // again in the next epoch
    CHECK(loader.epoch() == 1);
  }
  Loader at_once(Fragile{0}, {.batch_size = 4});
  CHECK_THROWS_AS(at_once.begin(), std::out_of_range);
  Loader unseen(Fragile{9}, {.batch_size = 4});
  for (auto& batch : unseen)
    if (batch.size()) break;  // the thread may have met the bad row already
}

TEST_CASE("a loop may be left early, and the thread makes no more than it may") {
  Fragile dataset{-1};
  {
    Loader loader(dataset, {.batch_size = 1, .prefetch = 3});
    for (int i = 0; i < 50; ++i)
      for (auto& batch : loader) {
        CHECK(batch.item<int>() == 0);
        break;
      }
    CHECK(loader.epoch() == 49);
    int before = *dataset.made;
    CHECK(before <= 50 * 5);
    auto loop = loader.begin();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(*dataset.made <= before + 4);
    ++loop;
    CHECK(loop->item<int>() == 1);
  }  // destroyed in a loop
  Loader moved(numbers(5), {.batch_size = 2});
  for (auto& [x, y] : moved) {
    CHECK(x.size() == 2);
    break;
  }
  Loader other = std::move(moved);
  CHECK(epoch_of(other).size() == 3);
  CHECK(other.epoch() == 2);
}

TEST_CASE("a batch outlives its loop") {
  Tensor kept;
  {
    Loader loader(numbers(6), {.batch_size = 2});
    for (auto& [x, y] : loader) kept = x;
  }
  CHECK(kept.to_vector<int>() == std::vector<int>{4, 5});
}

TEST_CASE("one loop at a time") {
  Loader loader(numbers(6), {.batch_size = 2});
  auto nested = [&] {
    for (auto& [x, y] : loader) {
      epoch_of(loader);
      CHECK(x.to_vector<int>() == std::vector<int>{0, 1});  // still there
    }
  };
  CHECK_THROWS_WITH_AS(nested(), doctest::Contains("Loader: this loop cannot go on: another one has begun"),
                       ValueError);
  CHECK_THROWS_WITH_AS(Loader(numbers(6), {.batch_size = 0}),
                       doctest::Contains("Loader: batch_size must be at least 1, not 0\n  at  loader_test.cpp"),
                       ValueError);
  CHECK_THROWS_WITH_AS(Loader(numbers(6), {.prefetch = -1}),
                       doctest::Contains("Loader: prefetch must be at least 0, not -1"), ValueError);
}

TEST_CASE("a loader goes on exactly where another stopped") {
  nn::data::LoaderOptions options{.batch_size = 3, .shuffle = true, .seed = 4};
  Loader whole(numbers(20), options);
  Epoch all;
  for (int epoch = 0; epoch < 3; ++epoch)
    for (auto& batch : epoch_of(whole)) all.push_back(batch);
  REQUIRE(all.size() == 21);
  for (std::size_t stop = 0; stop <= all.size(); ++stop) {
    Epoch met;
    std::vector<nn::NamedArray> state;
    {
      Loader loader(numbers(20), options);
      if (stop == 0) state = nn::state_of(loader);
      while (state.empty())
        for (auto& [x, y] : loader) {
          met.push_back(x.to_vector<int>());
          if (met.size() < stop) continue;
          state = nn::state_of(loader);
          break;
        }
    }
    Loader loader(numbers(20), {.batch_size = 3, .shuffle = true, .seed = 77, .prefetch = 0});
    epoch_of(loader);
    nn::set_state(loader, state);
    while (loader.epoch() < 3)
      for (auto& batch : epoch_of(loader)) met.push_back(batch);
    CHECK(met == all);
  }
}

TEST_CASE("the state of an epoch that was left early, or is over") {
  Loader loader(numbers(6), {.batch_size = 2});
  for (auto& [x, y] : loader)
    if (x.size()) break;
  auto left = nn::state_of(loader);
  CHECK(epoch_of(loader).size() == 3);  // a new epoch here
  CHECK(loader.epoch() == 2);
  nn::set_state(loader, left);
  CHECK(epoch_of(loader).size() == 2);  // the rest of the one that was left
  CHECK(loader.epoch() == 1);
  CHECK(loader.position() == 0);
  auto loop = loader.begin();
  nn::set_state(loader, left);
  CHECK_THROWS_WITH_AS(++loop, doctest::Contains("or the loader's state was loaded, since"), ValueError);
}

TEST_CASE("a state that does not fit a loader") {
  Loader loader(numbers(6), {.batch_size = 2});
  auto state = nn::state_of(loader);
  Loader other(numbers(7), {.batch_size = 3, .shuffle = true});
  CHECK_THROWS_WITH_AS(nn::set_state(other, state),
                       doctest::Contains("the names do not fit: 3 mismatched\n  mismatched  samples: is 6, not 7\n"
                                         "  mismatched  batch_size: is 2, not 3\n"
                                         "  mismatched  shuffle: is 0, not 1\n"),
                       FormatError);
  for (auto& named : state)
    if (named.name == "position") named.array = Array(4, i64);
  CHECK_THROWS_WITH_AS(nn::set_state(loader, state), doctest::Contains("position: is 4, not from 0 to 3"), FormatError);
  CHECK(epoch_of(loader).size() == 3);
}
