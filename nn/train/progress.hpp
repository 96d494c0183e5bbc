// A progress bar over steps or epochs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
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
};

/// Counts steps as they are done, like Python's tqdm: `nn::Progress progress(60, "epoch"); for (auto epoch : progress)
/// { ...; progress.show("loss", loss); }`. On a terminal one line moves; elsewhere every tenth of the way prints one.
class Progress {
 public:
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
  /// Steps 0 … total − 1.
  Iterator begin() { return Iterator(this, 0); }
  Iterator end() { return Iterator(this, total_); }

 private:
  void draw();
  void print_line();
  std::string numbers() const;

  std::int64_t total_, done_ = 0;
  std::string label_;
  ProgressOptions options_;
  bool terminal_, open_ = false;  // open: the cursor stands behind an unfinished bar
  double started_, drawn_ = 0;
  std::vector<std::pair<std::string, double>> shown_;
};

}  // namespace xg::nn
