#include "threads.hpp"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "../error/error.hpp"

namespace xg {

namespace {

// OpenMP's own setting holds for the thread that made it only.
std::atomic<int> chosen = 0;
constinit thread_local bool single = false;

}  // namespace

void set_threads(int count) {
  if (count < 1)
    Complaint("set_threads", "the number of threads must be at least 1, not " + std::to_string(count))
        .raise<ValueError>();
  chosen.store(count, std::memory_order_relaxed);
  omp_set_num_threads(count);
  openblas_set_num_threads(count);
}

int threads() {
  int count = chosen.load(std::memory_order_relaxed);
  return count ? count : omp_get_max_threads();
}

SingleThread::SingleThread() : before_(single) { single = true; }
SingleThread::~SingleThread() { single = before_; }

namespace detail {

void parallel(std::int64_t count, std::int64_t grain, void (*call)(const void*, std::int64_t, std::int64_t),
              const void* body) {
  std::int64_t grains = (count + grain - 1) / grain;
  int team = static_cast<int>(std::min<std::int64_t>(omp_in_parallel() || single ? 1 : threads(), grains));
  if (team <= 1) return call(body, 0, count);
  std::exception_ptr failure;
#pragma omp parallel num_threads(team)
  {
    std::int64_t me = omp_get_thread_num(), all = omp_get_num_threads();
    std::int64_t first = grains * me / all * grain, last = std::min(count, grains * (me + 1) / all * grain);
    try {
      if (first < last) call(body, first, last);
    } catch (...) {
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace xg
