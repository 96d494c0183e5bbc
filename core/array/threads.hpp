// Thread control, and loops that split work in blocks which do not depend on the number of threads.
#pragma once

#include <cstdint>

namespace xg {

/// How many threads kernels use (OpenMP and BLAS); at first what OpenMP says. Throws ValueError unless count >= 1.
void set_threads(int count);
int threads();

/// Calls `body(first, last)` over pieces of [0, count), in parallel when count reaches two grains. Pieces are whole
/// grains, so results that depend on the split do not depend on the number of threads.
template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, const F& body);

/// While it lives, kernels that this thread calls use no other thread: for threads that work beside the main one.
class SingleThread {
 public:
  SingleThread();
  ~SingleThread();
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  bool before_;
};

namespace detail {
void parallel(std::int64_t count, std::int64_t grain, void (*call)(const void*, std::int64_t, std::int64_t),
              const void* body);
}

template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, const F& body) {
  if (count < 2 * grain) {
    if (count > 0) body(std::int64_t(0), count);
    return;
  }
  detail::parallel(
      count, grain,
      [](const void* f, std::int64_t first, std::int64_t last) { (*static_cast<const F*>(f))(first, last); }, &body);
}

}  // namespace xg
