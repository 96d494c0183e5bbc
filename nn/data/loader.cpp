#include "loader.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "../../core/array/threads.hpp"
#include "../../core/error/error.hpp"
#include "../module/state.hpp"

namespace xg::nn::data::detail {
namespace {

/// Words of Philox blocks set apart from those of every generator, whose last two words are 0.
enum class Stream : std::uint32_t { order = 1, batch = 2 };

/// A generator of its own for the order, or for a batch, of an epoch.
Rng rng_of(Stream stream, std::uint64_t seed, std::int64_t epoch, std::int64_t batch) {
  auto low = [](auto word) { return static_cast<std::uint32_t>(word); };
  auto high = [](auto word) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(word) >> 32); };
  draw::Block block = draw::philox(
      {low(batch), low(epoch), high(batch) ^ high(epoch), static_cast<std::uint32_t>(stream)}, {low(seed), high(seed)});
  return Rng(std::uint64_t(block[1]) << 32 | block[0]);
}

struct Recipe {
  std::shared_ptr<const void> dataset;
  std::int64_t samples;
  LoaderCore::Make make;
  LoaderOptions options;
  /// Of each sample, where there are buckets.
  std::shared_ptr<const std::vector<std::int64_t>> keys;

  std::int64_t batches() const {
    std::int64_t full = samples / options.batch_size;
    return full + (!options.drop_last && samples % options.batch_size != 0);
  }

  /// The samples of an epoch, batch after batch.
  Rows order(std::int64_t epoch) const {
    Rows order = all_rows(samples);
    Rng rng = rng_of(Stream::order, options.seed, epoch, 0);
    auto shuffle = [&](std::int64_t count, Rows& to) {
      Array drawn = draw::permutation(count, rng);
      to.assign(drawn.data<std::int64_t>(), drawn.data<std::int64_t>() + count);
    };
    if (options.shuffle) shuffle(samples, order);
    if (options.bucket == 0) return order;
    // What is left out is chosen before sorting, so that it is not always the longest.
    std::int64_t size = options.batch_size, used = options.drop_last ? batches() * size : samples;
    std::int64_t together = options.bucket > used / size ? used : options.bucket * size;
    for (std::int64_t first = 0; first < used; first += together)
      std::stable_sort(order.begin() + first, order.begin() + std::min(first + together, used),
                       [&](std::int64_t a, std::int64_t b) {
                         return (*keys)[static_cast<std::size_t>(a)] < (*keys)[static_cast<std::size_t>(b)];
                       });
    if (!options.shuffle) return order;
    Rows batch_order, sorted = order;
    shuffle(used / size, batch_order);  // a last batch that is not full stays the last
    for (std::size_t i = 0; i < batch_order.size(); ++i)
      std::copy_n(sorted.begin() + batch_order[i] * size, size, order.begin() + static_cast<std::int64_t>(i) * size);
    return order;
  }
};

/// One way through a data set, from some batch to the last.
class Pass {
 public:
  using Batch = LoaderCore::Batch;

  Pass(const Recipe& recipe, std::int64_t epoch, std::int64_t first)
      : recipe_(recipe), epoch_(epoch), next_(first), order_(recipe.order(epoch)) {
    if (recipe.options.prefetch > 0 && next_ < recipe_.batches()) worker_ = std::thread([this] { work(); });
  }
  ~Pass() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    room_.notify_one();
    if (worker_.joinable()) worker_.join();
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  /// The next batch, in place of the last one. There is one.
  void next(Batch& batch) {
    if (!worker_.joinable()) {
      batch.reset();
      batch = make(next_++);
      return;
    }
    Made made;
    {
      std::unique_lock lock(mutex_);
      // The worker destroys what it made, so that its pool of memory gets the blocks back.
      if (batch) spent_.push_back(std::move(batch));
      batch.reset();
      ready_.wait(lock, [&] { return !made_.empty(); });
      made = std::move(made_.front());
      made_.pop_front();
    }
    room_.notify_one();
    if (made.error) std::rethrow_exception(made.error);
    batch = std::move(made.batch);
  }

 private:
  struct Made {
    Batch batch;
    std::exception_ptr error;
  };

  Batch make(std::int64_t number) const {
    NoGrad nothing_recorded;
    std::int64_t first = number * recipe_.options.batch_size;
    std::int64_t last = std::min(first + recipe_.options.batch_size, recipe_.samples);
    Rng rng = rng_of(Stream::batch, recipe_.options.seed, epoch_, number);
    return recipe_.make(recipe_.dataset.get(), Rows(order_.begin() + first, order_.begin() + last), rng);
  }

  void work() {
    SingleThread beside_the_main_one;
    std::int64_t last = recipe_.batches();
    for (std::int64_t number = next_; number < last; ++number) {
      std::vector<Batch> spent;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock,
                   [&] { return stopped_ || static_cast<std::int64_t>(made_.size()) < recipe_.options.prefetch; });
        if (stopped_) return;
        spent.swap(spent_);
      }
      spent.clear();
      Made made;
      try {
        made.batch = make(number);
      } catch (...) {
        made.error = std::current_exception();
      }
      bool failed = made.error != nullptr;
      {
        std::lock_guard lock(mutex_);
        made_.push_back(std::move(made));
      }
      ready_.notify_one();
      if (failed) return;
    }
  }

  Recipe recipe_;
  std::int64_t epoch_, next_;
  Rows order_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::deque<Made> made_;
  std::vector<Batch> spent_;
  bool stopped_ = false;
  std::thread worker_;
};

}  // namespace

struct LoaderCore::Impl {
  Impl(Recipe&& recipe, const Site& site) : recipe(std::move(recipe)), site(site) {}
  Recipe recipe;
  Site site;
  std::int64_t epoch = 0, position = 0;
  /// Whether a loop of this epoch has begun here; the next one is then another epoch.
  bool begun = false;
  std::uint64_t loop = 0;
  std::unique_ptr<Pass> pass;

  /// Hands out the next batch, or null after the last.
  void next(Batch& batch) {
    if (position == recipe.batches()) {
      batch.reset();
      pass.reset();
      ++epoch;
      position = 0;
      begun = false;
      return;
    }
    try {
      pass->next(batch);
    } catch (...) {
      pass.reset();
      throw;
    }
    ++position;
  }
};

LoaderCore::LoaderCore(std::shared_ptr<const void> dataset, std::int64_t samples, Make make, SortKey sort_key,
                       const LoaderOptions& options, const Site& site)
    : impl_(new Impl({std::move(dataset), samples, make, options, nullptr}, site)) {
  auto require = [&](const char* name, std::int64_t value, std::int64_t least) {
    if (value < least)
      Complaint("Loader",
                std::string(name) + " must be at least " + std::to_string(least) + ", not " + std::to_string(value))
          .at(site)
          .raise<ValueError>();
  };
  require("batch_size", options.batch_size, 1);
  require("prefetch", options.prefetch, 0);
  require("bucket", options.bucket, 0);
  if (options.bucket == 0) return;
  if (!sort_key)
    Complaint("Loader", "a bucket is asked for, but the data set has no sort_key")
        .at(site)
        .mend("give it `std::int64_t sort_key(std::int64_t i) const`, the length of sample i")
        .raise<ValueError>();
  auto keys = std::make_shared<std::vector<std::int64_t>>();
  for (std::int64_t i = 0; i < samples; ++i) keys->push_back(sort_key(impl_->recipe.dataset.get(), i));
  impl_->recipe.keys = std::move(keys);
}
LoaderCore::~LoaderCore() = default;
LoaderCore::LoaderCore(LoaderCore&&) noexcept = default;
LoaderCore& LoaderCore::operator=(LoaderCore&&) noexcept = default;

std::int64_t LoaderCore::batches() const { return impl_->recipe.batches(); }
std::int64_t LoaderCore::epoch() const { return impl_->epoch; }
std::int64_t LoaderCore::position() const { return impl_->position; }

std::uint64_t LoaderCore::begin(Batch& first) {
  Impl& impl = *impl_;
  impl.pass.reset();
  ++impl.loop;
  if (impl.begun) {
    ++impl.epoch;
    impl.position = 0;
  }
  impl.begun = true;
  impl.pass.reset(new Pass(impl.recipe, impl.epoch, impl.position));
  impl.next(first);
  return impl.loop;
}

void LoaderCore::advance(std::uint64_t loop, Batch& batch) {
  if (loop != impl_->loop || !impl_->pass)
    Complaint("Loader", "this loop cannot go on: another one has begun, or the loader's state was loaded, since")
        .at(impl_->site)
        .raise<ValueError>();
  impl_->next(batch);
}

void LoaderCore::state(StateVisitor& visitor) {
  Impl& impl = *impl_;
  auto same = [&](const char* name, std::int64_t value) { visitor.visit(name, value, value, value); };
  same("samples", impl.recipe.samples);
  same("batch_size", impl.recipe.options.batch_size);
  same("shuffle", impl.recipe.options.shuffle);
  same("drop_last", impl.recipe.options.drop_last);
  same("bucket", impl.recipe.options.bucket);
  visitor.visit("seed", impl.recipe.options.seed);
  visitor.visit("epoch", impl.epoch, 0, StateVisitor::any_high - 1);
  visitor.visit("position", impl.position, 0, batches());
  if (!visitor.loads()) return;
  impl.pass.reset();
  impl.begun = false;
}

}  // namespace xg::nn::data::detail
