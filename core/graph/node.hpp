// Node: one recorded op. Holds who its inputs are, what its outputs look like, and the rule with what it saved.
#pragma once

#include "tensor.hpp"

namespace xg {

class Observing;

/// Which inputs of an op want a gradient: `wants[i]`.
class Wants {
 public:
  bool operator[](std::size_t i) const { return flags_[i]; }
  std::size_t size() const { return flags_.size(); }
  void add(bool wanted) { flags_.push_back(wanted); }

 private:
  SmallVector<bool, 8> flags_;
};

/// Arrays of a multi-output op.
using Arrays = SmallVector<Array, 2>;

namespace detail {

struct Edge {
  Ref<Node> node;  // empty: this input wants no gradient
  std::uint32_t output = 0;
};

/// What someone asked to see of one output's gradient.
struct Watch {
  Tensor grad;
  bool retain = false;
  SmallVector<Hook*, 1> hooks;
  ~Watch() {
    for (Hook* hook : hooks) delete hook;
  }
};

struct Output {
  Shape shape;
  DType dtype;
  Tensor cotangent;        // collected while a backward pass is under way
  Watch* watch = nullptr;  // for a leaf, holds its gradient
};

/// The type-erased rule of a node.
struct RuleTable {
  Tensors (*run)(Node& node, void* closure, const Tensors& g, const Wants& wants);
  void (*drop)(void* closure);
};

struct Node {
  Count references;
  std::uint64_t sequence;    // later nodes have higher numbers: a topological order
  std::uint64_t oldest;      // the lowest sequence number among the ops that it was computed from, itself included
  std::uint64_t needed = 0;  // number of the last grad() call that found a wanted input behind this node
  const char* name;
  Site site;
  const RuleTable* rule = nullptr;  // null for a leaf, and once what was saved is freed
  std::uint32_t output_count, input_count;
  std::uint32_t block_bytes;
  std::atomic<std::uint32_t> place = 0;  // of a leaf: where a running pass last kept it; a hint, checked before use
  bool is_leaf = false;
  std::uint32_t queued_by = 0;  // which backward pass of its thread holds it, counted from 1; 0: none
  Output* outputs;
  Edge* edges;
  void* closure;  // of a leaf: its TensorImpl, while that lives and has a label

  /// Takes room for a node and its closure from the pool; the caller constructs the closure.
  static Node* make(const char* name, const Site& site, std::uint32_t outputs, std::uint32_t inputs,
                    std::size_t closure_bytes, std::size_t closure_alignment);
  static Ref<Node> make_leaf(const Tensor& value, const Site& site);
  /// Destroys the node, and nodes that only it kept alive, one after another.
  static void destroy(Node* node);

  /// The tensor of a leaf that has a label; null else, and when the tensor is gone.
  const TensorImpl* leaf_tensor() const { return is_leaf ? static_cast<const TensorImpl*>(closure) : nullptr; }
  void forget_tensor(const TensorImpl* impl) {
    if (is_leaf && closure == impl) closure = nullptr;
  }

  /// Frees the rule, what it saved, and the edges.
  void free_saved();
  Watch& watch(std::uint32_t output) {
    if (!outputs[output].watch) outputs[output].watch = new Watch;
    return *outputs[output].watch;
  }
};

class ModuleFrame;

/// What belongs to one thread's recording.
struct ThreadState {
  bool recording = true;
  std::uint32_t passes = 0;                   // backward passes under way, one inside the other
  std::uint64_t running = ~std::uint64_t(0);  // sequence number of the node whose rule runs; all ones: none
  DType numbers = DType::boolean;             // inside a recorded formula, what numbers among themselves are
  const Observing* observing = nullptr;       // the observer installed last
  ModuleFrame* frame = nullptr;               // the innermost call of a module that observers were told of
};
ThreadState& thread_state();

/// A number higher than all before, for a new node.
std::uint64_t next_sequence();
/// The same without a locked instruction: higher than what this thread got before and, if a leaf changed since, than
/// all; other threads may have got higher ones.
std::uint64_t quick_sequence();
/// A leaf changes now: returns the number that the next node will get. What is recorded before lies below.
std::uint64_t change_of_leaf();
/// What change_of_leaf returned last, for any leaf.
std::uint64_t last_change();

}  // namespace detail

/// While it lives, numbers that meet no tensor are of `dtype`: `where(x > 0, 0.1, 0.7)` in a formula of f64.
class NumbersScope {
 public:
  explicit NumbersScope(DType dtype) : before_(detail::thread_state().numbers) {
    detail::thread_state().numbers = dtype;
  }
  ~NumbersScope() { detail::thread_state().numbers = before_; }
  NumbersScope(const NumbersScope&) = delete;
  NumbersScope& operator=(const NumbersScope&) = delete;

 private:
  DType before_;
};

}  // namespace xg
