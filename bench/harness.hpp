// Side by side timing of xgrad and libtorch, on one thread or on several.
//
// A program bench/NAME.cpp makes a Table, calls `compare` for each case and ends. Its libtorch twins are in
// bench/torch_NAME.cpp, which defines `torch_run` and is compiled where libtorch is.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "../core/array/threads.hpp"

namespace bench {

/// How a table is measured.
struct TableOptions {
  /// How many threads both libraries use. On one, the CPU time of the thread is measured and the process stays on one
  /// CPU; on several, wall-clock time, so the machine has to be quiet.
  int threads = 1;
  /// What ours is compared with.
  const char* beside = "libtorch";
};

/// How many threads the table at hand gives both libraries.
inline int threads = 1;

/// One repetition of a case.
using Run = std::function<void()>;

/// libtorch's twin of a case, with libtorch on `threads` threads; empty where there is none.
#if WITH_TORCH
Run torch_run(const std::string& name);
#else
inline Run torch_run(const std::string&) { return {}; }
#endif

/// Keeps this thread, and those that it starts later, on the CPU it is on, so that caches stay warm; or lets it go
/// where the process may.
inline void pin(bool on) {
  static const cpu_set_t all = [] {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    return set;
  }();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof(one), on ? &one : &all);
}

/// Microseconds: of CPU that this thread has used, so that what other programs take is not counted, or on the clock.
inline double now() {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Runs cases and prints a line for each: medians of interleaved repeats, their ratio, and whether it meets the target.
class Table {
 public:
  explicit Table(const std::string& title, const TableOptions& options = {}) {
    threads = options.threads;
    pin(threads == 1);
    xg::set_threads(threads);
    std::string column = threads == 1 ? "one thread, median µs" : fmt::format("{} threads, median µs", threads);
    fmt::print("{}\n{:<44}{:>12}{:>12}{:>8}{:>8}\n", title, column, "xgrad", options.beside, "ratio", "target");
    if (!WITH_TORCH && options.beside == TableOptions().beside)
      fmt::print("libtorch is not installed: no comparison\n");
  }

  /// `target`: the largest ratio of xgrad's time to libtorch's that is good enough.
  void compare(const std::string& name, double target, const Run& ours) {
    compare(name, target, ours, torch_run(name));
  }
  void compare(const std::string& name, double target, const Run& ours, const Run& theirs) {
    Sampler a(ours), b(theirs);
    for (int repeat = 0; repeat < 31; ++repeat) {
      a.sample();
      b.sample();
    }
    double mine = median(a.times), other = theirs ? median(b.times) : 0;
    fmt::print("{:<44}{:>12.2f}", name, mine);
    if (theirs) {
      double ratio = mine / other;
      fmt::print("{:>12.2f}{:>8.3f}{:>8.3f}  {}", other, ratio, target, ratio <= target ? "ok" : "miss");
      missed_ += ratio > target;
    }
    fmt::print("\n");
    std::fflush(stdout);
  }

  int missed() const { return missed_; }

 private:
  // Warms up, and finds out how many repetitions make a sample of about five milliseconds.
  struct Sampler {
    explicit Sampler(const Run& run) : run(run) {
      if (!run) return;
      double start = now(), spent = 0;
      long done = 0;
      for (; spent < 30e3 || done < 3; spent = now() - start) run(), ++done;
      repetitions = std::max(1L, static_cast<long>(5e3 * static_cast<double>(done) / spent));
    }
    void sample() {
      if (!run) return;
      double start = now();
      for (long i = 0; i < repetitions; ++i) run();
      times.push_back((now() - start) / static_cast<double>(repetitions));
    }
    const Run& run;
    long repetitions = 1;
    std::vector<double> times;
  };

  int missed_ = 0;
};

}  // namespace bench
