// Passes over a graph that inspection makes for itself.
#pragma once

#include <utility>

#include "node.hpp"

namespace xg::detail {

/// While it lives, only observers that are installed after it hear of what this thread does.
class Unobserved {
 public:
  Unobserved() : before_(std::exchange(thread_state().observing, nullptr)) {}
  ~Unobserved() { thread_state().observing = before_; }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;

 private:
  const Observing* before_;
};

}  // namespace xg::detail
