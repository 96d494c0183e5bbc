// What a backward pass collects for leaves. Graphs on several threads may share leaves, so it is not kept in them until
// the pass is through.
#pragma once

#include <atomic>
#include <unordered_map>

#include "node.hpp"

namespace xg::detail {

/// Held while what leaves carry is read or changed.
class LeafLock {
 public:
  LeafLock() {
    while (taken.test_and_set(std::memory_order_acquire)) taken.wait(true, std::memory_order_relaxed);
  }
  ~LeafLock() {
    taken.clear(std::memory_order_release);
    taken.notify_one();
  }
  LeafLock(const LeafLock&) = delete;
  LeafLock& operator=(const LeafLock&) = delete;

 private:
  inline static std::atomic_flag taken;  // a mutex would cost a small step 1 % of its time
};

/// The leaves that a pass has reached, each once.
class LeafTable {
 public:
  struct Leaf {
    Ref<Node> node;
    Tensor cotangent;
  };

  Leaf* begin() { return leaves_.begin(); }
  Leaf* end() { return leaves_.end(); }

  /// Null: not reached.
  Leaf* find(const Node* node) {
    std::uint32_t place = node->place.load(std::memory_order_relaxed);
    if (place < leaves_.size() && leaves_[place].node.get() == node) return &leaves_[place];
    // The leaf is new, or the pass of another thread moved the hint.
    if (leaves_.size() > few) {
      auto found = places_.find(node);
      return found == places_.end() ? nullptr : &leaves_[found->second];
    }
    for (Leaf& leaf : leaves_)
      if (leaf.node.get() == node) return &leaf;
    return nullptr;
  }
  Leaf& add(Ref<Node>&& node) {
    if (Leaf* leaf = find(node.get())) return *leaf;
    node->place.store(static_cast<std::uint32_t>(leaves_.size()), std::memory_order_relaxed);
    leaves_.push_back({std::move(node), Tensor()});
    if (leaves_.size() > few)
      for (std::size_t i = places_.size(); i < leaves_.size(); ++i) places_.emplace(leaves_[i].node.get(), i);
    return leaves_.back();
  }

 private:
  static constexpr std::size_t few = 32;
  SmallVector<Leaf, 16> leaves_;
  std::unordered_map<const Node*, std::size_t> places_;  // once there are more than a few
};

}  // namespace xg::detail
