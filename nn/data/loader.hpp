// Batches of a data set, in order or shuffled, made ahead on a thread.
#pragma once

#include <memory>

#include "../../core/error/site.hpp"
#include "dataset.hpp"

namespace xg::nn {
class StateVisitor;
}

namespace xg::nn::data {

/// How a loader goes through a data set.
struct LoaderOptions {
  std::int64_t batch_size = 64;
  /// Deals the samples out anew each epoch.
  bool shuffle = false;
  /// Leaves a last batch out that is not full.
  bool drop_last = false;
  /// Sorts the samples of so many batches at a time by the data set's `sort_key`, so that a batch holds samples of
  /// near-equal lengths; shuffled, the batches then come in random order. 0 does not.
  std::int64_t bucket = 0;
  /// Of the order and of random transforms: the same seed gives the same batches, with any number of threads.
  std::uint64_t seed = 0;
  /// How many batches are made ahead, on a thread of the loader's own; 0 makes each when it is wanted.
  std::int64_t prefetch = 2;
};

namespace detail {

/// What loaders of all data sets have in common.
class LoaderCore {
 public:
  using Batch = std::shared_ptr<void>;
  using Make = Batch (*)(const void* dataset, const Rows& rows, Rng& rng);
  /// Null for a data set without keys.
  using SortKey = std::int64_t (*)(const void* dataset, std::int64_t i);

  LoaderCore(std::shared_ptr<const void> dataset, std::int64_t samples, Make make, SortKey sort_key,
             const LoaderOptions& options, const Site& site);
  ~LoaderCore();
  LoaderCore(LoaderCore&&) noexcept;
  LoaderCore& operator=(LoaderCore&&) noexcept;

  std::int64_t batches() const;
  std::int64_t epoch() const;
  std::int64_t position() const;
  void state(StateVisitor& visitor);

  /// Begins an epoch, or goes on with one that was loaded; gives its first batch (null: none) and a number that tells
  /// loops apart.
  std::uint64_t begin(Batch& first);
  /// Goes on to the next batch, or to null at the end. A null loop has ended.
  void advance(std::uint64_t loop, Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace detail

/// Goes through a data set in batches, again and again: `for (auto& [x, y] : loader) { ... }` is an epoch.
///
/// The order and the random numbers of transforms come from the seed, the epoch and the batch alone; the default
/// generator is not touched. While a loop runs, the data set is used on the loader's thread; what it throws there, the
/// loop throws when it reaches that batch. A loop may be left early. One loop at a time: another `begin` ends an older
/// loop, which throws ValueError if it goes on.
///
/// Its state (see StateVisitor) is the seed, the epoch, and how many batches were handed out. A loader that was given
/// the state of another goes on with the batch after the last one handed out, also when the loop was left there;
/// otherwise each loop is a new epoch. Throws ValueError unless batch_size ≥ 1, prefetch ≥ 0 and bucket ≥ 0, and for a
/// bucket where the data set has no sort_key.
template <Dataset D>
class Loader {
 public:
  using Batch = decltype(take_batch(std::declval<const D&>(), Rows(), std::declval<Rng&>()));

  explicit Loader(D dataset, const LoaderOptions& options = {}, Site site = Site::here())
      : Loader(std::make_shared<const D>(std::move(dataset)), options, site) {}
  /// Does not copy the data set.
  explicit Loader(std::shared_ptr<const D> dataset, const LoaderOptions& options = {}, Site site = Site::here())
      : dataset_(std::move(dataset)),
        core_(dataset_, static_cast<std::int64_t>(dataset_->size()), make, sort_key(), options, site) {}

  /// Batches an epoch.
  std::int64_t size() const { return core_.batches(); }
  const D& dataset() const { return *dataset_; }
  /// Which epoch runs, from 0; after its end, the next one.
  std::int64_t epoch() const { return core_.epoch(); }
  /// How many batches of it were handed out.
  std::int64_t position() const { return core_.position(); }
  void state(StateVisitor& visitor) { core_.state(visitor); }

  struct End {};
  class Iterator {
   public:
    Batch& operator*() const { return *static_cast<Batch*>(batch_.get()); }
    Batch* operator->() const { return &**this; }
    Iterator& operator++() {
      core_->advance(loop_, batch_);
      return *this;
    }
    bool operator==(End) const { return batch_ == nullptr; }

   private:
    friend class Loader;
    explicit Iterator(detail::LoaderCore* core) : core_(core), loop_(core->begin(batch_)) {}
    detail::LoaderCore* core_;
    std::shared_ptr<void> batch_;
    std::uint64_t loop_;
  };
  Iterator begin() { return Iterator(&core_); }
  End end() const { return {}; }

 private:
  static std::shared_ptr<void> make(const void* dataset, const Rows& rows, Rng& rng) {
    return std::make_shared<Batch>(take_batch(*static_cast<const D*>(dataset), rows, rng));
  }
  static constexpr detail::LoaderCore::SortKey sort_key() {
    if constexpr (detail::HasSortKey<D>)
      return [](const void* dataset, std::int64_t i) -> std::int64_t {
        return static_cast<std::int64_t>(static_cast<const D*>(dataset)->sort_key(i));
      };
    else return nullptr;
  }

  std::shared_ptr<const D> dataset_;
  detail::LoaderCore core_;
};

}  // namespace xg::nn::data
