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

  std::int64_t batches() const {
    std::int64_t full = samples / options.batch_size;
    return full + (!options.drop_last && samples % options.batch_size != 0);
  }
};

/// One way through a data set, from some batch to the last.
class Pass {
 public:
  using Batch = LoaderCore::Batch;

  Pass(const Recipe& recipe, std::int64_t epoch, std::int64_t first)
      : recipe_(recipe), epoch_(epoch), next_(first), order_(all_rows(recipe.samples)) {
    if (recipe.options.shuffle) {
      Rng rng = rng_of(Stream::order, recipe.options.seed, epoch, 0);
      Array order = draw::permutation(recipe.samples, rng);
      std::copy_n(order.data<std::int64_t>(), recipe.samples, order_.begin());
    }
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

LoaderCore::LoaderCore(std::shared_ptr<const void> dataset, std::int64_t samples, Make make,
                       const LoaderOptions& options, const Site& site)
    : impl_(new Impl({std::move(dataset), samples, make, options}, site)) {
  if (options.batch_size < 1 || options.prefetch < 0)
    Complaint("Loader", options.batch_size < 1
                            ? "batch_size must be at least 1, not " + std::to_string(options.batch_size)
                            : "prefetch must be at least 0, not " + std::to_string(options.prefetch))
        .at(site)
        .raise<ValueError>();
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
  visitor.visit("seed", impl.recipe.options.seed);
  visitor.visit("epoch", impl.epoch, 0, StateVisitor::any_high - 1);
  visitor.visit("position", impl.position, 0, batches());
  if (!visitor.loads()) return;
  impl.pass.reset();
  impl.begun = false;
}

}  // namespace xg::nn::data::detail
