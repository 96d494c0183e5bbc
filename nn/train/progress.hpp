// A progress bar over steps or epochs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn {

struct ProgressOptions {
  /// Where to; the bar moves if this is a terminal.
  std::FILE* out = stdout;
  /// How many lines are printed in all where `out` is no terminal.
  int lines = 10;
  /// Says whether `out` is a terminal instead of asking it.
  enum class Terminal { ask, yes, no } terminal = Terminal::ask;
  /// Prints the last line only when the Progress is destroyed, for numbers that come after the last step; on a terminal
  /// it takes the place of the bar, so that there is room for them.
  bool hold = false;
};

/// Counts steps as they are done, like Python's tqdm: `nn::Progress progress(60, "epoch"); for (auto epoch : progress)
/// { ...; progress.show("loss", loss); }`. On a terminal one line moves, with the rate and the time left; elsewhere
/// every tenth of the way prints one.
class Progress {
 public:
  /// A total that nobody knows: counts on and on; where there is no terminal, steps 1, 2, 4, 8, … print a line.
  static constexpr std::int64_t unknown = INT64_MIN;

  Progress(std::int64_t total, std::string label, const ProgressOptions& options = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A number to show beside the bar from now on.
  void show(const std::string& name, double value);
  /// One step is done. A range-based for calls it.
  void advance();
  std::int64_t done() const { return done_; }

  class Iterator {
   public:
    explicit Iterator(Progress* progress, std::int64_t at) : progress_(progress), at_(at) {}
    std::int64_t operator*() const { return at_; }
    Iterator& operator++() {
      progress_->advance();
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    Progress* progress_;
    std::int64_t at_;
  };
  /// Steps 0 … total − 1; a loop over them may be left early.
  Iterator begin() { return Iterator(this, 0); }
  Iterator end() { return Iterator(this, total_); }

 private:
  void draw();
  void print_line();
  std::string numbers() const;

  std::int64_t total_, done_ = 0;
  std::string label_;
  ProgressOptions options_;
  bool terminal_, open_ = false;  // open: the cursor stands behind an unfinished bar, or a held line is not printed
  double started_, drawn_ = 0;
  std::vector<std::pair<std::string, double>> shown_;
};

/// A range and a Progress that counts its elements as they are done with, see `progress`.
template <class R>
class ProgressOver {
 public:
  ProgressOver(R&& range, std::string label, const ProgressOptions& options)
      : range_(static_cast<R&&>(range)), progress_(length(range_), std::move(label), options) {}

  /// A number to show beside the bar from now on.
  void show(const std::string& name, double value) { progress_.show(name, value); }

  template <class I>
  class Iterator {
   public:
    Iterator(I inner, Progress* progress) : inner_(std::move(inner)), progress_(progress) {}
    decltype(auto) operator*() { return *inner_; }
    Iterator& operator++() {
      progress_->advance();
      ++inner_;
      return *this;
    }
    template <class End>
    bool operator!=(const End& end) const {
      return inner_ != end.inner;
    }

   private:
    I inner_;
    Progress* progress_;
  };
  template <class I>
  struct End {
    I inner;
  };
  auto begin() {
    using std::begin;
    return Iterator<decltype(begin(range_))>(begin(range_), &progress_);
  }
  auto end() {
    using std::end;
    return End<decltype(end(range_))>{end(range_)};
  }

 private:
  static std::int64_t length(const std::remove_reference_t<R>& range) {
    if constexpr (requires { std::size(range); }) return static_cast<std::int64_t>(std::size(range));
    else return Progress::unknown;
  }

  R range_;  // a reference to the caller's own, unless it is a temporary
  Progress progress_;
};

/// Shows how far a loop over anything has come: `for (auto& [x, y] : nn::progress(loader, "epoch 1"))`; with a name,
/// `auto bar = nn::progress(loader, "epoch 1"); for (auto& [x, y] : bar) { ...; bar.show("loss", loss); }`. The total
/// is the range's `size()`, or unknown when it has none (Python `tqdm(loader)`).
template <class R>
ProgressOver<R> progress(R&& range, std::string label, const ProgressOptions& options = {}) {
  return ProgressOver<R>(static_cast<R&&>(range), std::move(label), options);
}

}  // namespace xg::nn
