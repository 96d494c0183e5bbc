// The clock of all that is timed.
#pragma once

#include <chrono>

namespace xg::detail {

/// Seconds on a clock that only goes on.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace xg::detail
