// Passes over a graph that inspection makes for itself.
#pragma once

#include <cstdint>

namespace xg::detail {

/// While it lives, only observers that are installed after it hear of what this thread does.
class Unobserved {
 public:
  Unobserved();
  ~Unobserved();
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;

 private:
  friend struct Announcement;
  std::uint64_t before_;
};

}  // namespace xg::detail
