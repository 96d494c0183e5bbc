// Which part of a graph a call of grad() runs through, and what it finds for the inputs.
#pragma once

#include <vector>

#include "node.hpp"

namespace xg::detail {

class Wanted {
 public:
  /// Marks the nodes that an input lies behind.
  Wanted(const Tensors& outputs, const Tensors& inputs);

  /// Whether a path leads from an output to inputs[i].
  bool reached(std::size_t i) const { return reached_[i]; }
  bool behind(const Node& node) const { return node.needed == mark_; }
  /// Whether a gradient is wanted along an edge that leads to `node`.
  bool wants(const Node& node) const {
    return (!node.is_leaf && behind(node)) || first_input_at(&node) != input_places_.end();
  }

  /// An op newer than the oldest input that an earlier pass freed, so that no path leads on from it; null when there is
  /// none.
  const Node* freed() const { return freed_; }
  /// Keeps the cotangent of an output of a node for the inputs that are that output.
  void capture(const Node& node, std::uint32_t output, const Tensor& g);
  /// What was kept, one an input.
  Tensors captured;

 private:
  using Place = std::pair<const Node*, std::size_t>;
  std::vector<Place>::const_iterator first_input_at(const Node* node) const;

  const Tensors& inputs_;
  std::vector<Place> input_places_;  // the nodes of inputs_ and where they stand there, sorted
  SmallVector<bool, 8> reached_;
  const Node* freed_ = nullptr;
  std::uint64_t mark_;
};

}  // namespace xg::detail
