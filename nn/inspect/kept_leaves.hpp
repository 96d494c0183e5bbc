// Leaves that are changed on trial.
#pragma once

#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::inspect {

/// Keeps the values of leaves, to bring them back as if they had never changed: what was recorded before can be run
/// backward as before.
class KeptLeaves {
 public:
  explicit KeptLeaves(const std::vector<Tensor>& leaves) {
    // Whoever changes an array that others hold changes a copy.
    for (const Tensor& x : leaves) kept_.push_back({x, x.array(), x.impl()->changed_at});
  }
  void restore() const {
    for (const Kept& one : kept_) {
      one.leaf.impl()->array = one.values;
      one.leaf.impl()->changed_at = one.changed_at;
    }
  }

 private:
  struct Kept {
    Tensor leaf;
    Array values;
    std::uint64_t changed_at;
  };
  std::vector<Kept> kept_;
};

}  // namespace xg::inspect
