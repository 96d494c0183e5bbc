#include "backward.hpp"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "../error/error.hpp"
#include "../kernels/elementwise.hpp"
#include "engine_ops.hpp"
#include "node.hpp"
#include "observer.hpp"

namespace xg {

using detail::Edge;
using detail::Node;
using detail::Output;
using detail::Watch;

namespace {

/// Leaves may be shared between threads: held while what they carry is read or changed.
class LeafLock {
 public:
  LeafLock() {
    while (taken_.test_and_set(std::memory_order_acquire)) taken_.wait(true, std::memory_order_relaxed);
  }
  ~LeafLock() {
    taken_.clear(std::memory_order_release);
    taken_.notify_one();
  }
  LeafLock(const LeafLock&) = delete;
  LeafLock& operator=(const LeafLock&) = delete;

 private:
  inline static std::atomic_flag taken_;  // a mutex would cost a small step 1 % of its time
};

/// total += g, into the total's own buffer when nobody else sees it and the sum is not recorded.
void accumulate(Tensor& total, Tensor&& g) {
  if (!total.defined()) {
    total = std::move(g);
    return;
  }
  bool in_place =
      !is_recording() && total.impl().unique() && total.impl()->array.is_sole_owner() && total.array().is_contiguous();
  if (in_place) kernels::add_into(total.impl()->array, g.array());
  else total = add(total, g);
}

// One backward pass. Interior nodes belong to the one graph that runs, so what is collected for them is kept in them;
// leaves may be shared with graphs on other threads, so what is collected for leaves is kept here.
class Pass {
 public:
  struct Leaf {
    Ref<Node> node;
    Tensor cotangent;
  };

  Pass(bool retain, bool create, const Tensors* inputs, const Site& site)
      : retain_(retain), inputs_(inputs), site_(site), guard_(!create), state_(detail::thread_state()),
        scope_(detail::call_scope()), running_before_(state_.running), scope_before_(scope_), number_(++state_.passes) {
  }

  ~Pass() {  // on a throw, leave no half-collected cotangents behind
    if (told_) [[unlikely]]
      detail::tell_backward_ended();
    --state_.passes;
    state_.running = running_before_;
    scope_ = scope_before_;
    for (const Ref<Node>& node : queue_) {
      for (std::uint32_t i = 0; i < node->output_count; ++i) node->outputs[i].cotangent = Tensor();
      node->queued_by = 0;
    }
  }

  /// Tells observers, if there are any.
  void announce(const Tensor* first, std::size_t count) {
    if (!state_.observing) [[likely]]
      return;
    told_ = true;
    detail::tell_backward(Tensors(first, first + count));
  }

  /// Starts at an output.
  void start(const Tensor& y, const Tensor& seed) {
    const Node& node = *y.impl()->node;
    // A leaf that changed since may have been saved by an op, whose rule then throws. What has run by then must not be
    // gone.
    if (node.oldest < detail::last_change()) free_at_end_ = !retain_;
    check_free(node);
    deposit(Ref<Node>(y.impl()->node), y.impl()->output, Tensor(seed));
  }

  void deposit(Ref<Node>&& edge, std::uint32_t output, Tensor&& g) {
    Node* node = edge.get();
    if (node->is_leaf) return accumulate(leaf_of(std::move(edge)).cotangent, std::move(g));
    accumulate(node->outputs[output].cotangent, std::move(g));
    if (node->queued_by == number_) return;
    node->queued_by = number_;
    queue_.push_back(std::move(edge));
    std::push_heap(queue_.begin(), queue_.end(), later);
  }

  /// Marks the nodes that a wanted input lies behind; returns false for inputs[i] not reached via `reached`.
  void find_needed(const Tensors& outputs, std::uint64_t mark, SmallVector<bool, 8>& reached);

  void run() {
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end(), later);
      Ref<Node> node = std::move(queue_.back());
      queue_.pop_back();
      node->queued_by = 0;
      Tensors g;
      for (std::uint32_t i = 0; i < node->output_count; ++i) {
        g.push_back(std::exchange(node->outputs[i].cotangent, Tensor()));
        if (node->outputs[i].watch && g[i].defined()) g[i] = show(*node, i, g[i]);
        if (inputs_ && g[i].defined()) capture(node.get(), i, g[i]);
      }
      if (!inputs_ || node->needed == mark_) step(*node, g);
    }
    for (const Ref<Node>& node : ran_) node->free_saved();
  }

  SmallVector<Leaf, 16>& leaves() { return leaves_; }
  Leaf* find_leaf(const Node* node) {
    std::uint32_t place = node->place.load(std::memory_order_relaxed);
    if (place < leaves_.size() && leaves_[place].node.get() == node) return &leaves_[place];
    // The leaf is new, or the pass of another thread moved the hint.
    if (leaves_.size() > 32) {
      auto found = many_leaves_.find(node);
      return found == many_leaves_.end() ? nullptr : &leaves_[found->second];
    }
    for (Leaf& leaf : leaves_)
      if (leaf.node.get() == node) return &leaf;
    return nullptr;
  }
  /// Lets the hooks of leaves see (and replace) their gradients.
  void show_leaves() {
    SmallVector<Leaf*, 8> hooked;
    {
      LeafLock lock;
      for (Leaf& leaf : leaves_)
        if (const Watch* watch = leaf.node->outputs[0].watch; watch && !watch->hooks.empty()) hooked.push_back(&leaf);
    }
    for (Leaf* leaf : hooked) leaf->cotangent = show(*leaf->node, 0, leaf->cotangent);
  }
  /// Leaves the gradients of tensors that retain theirs.
  void keep() {
    for (auto& [node, output, g] : kept_) {
      Tensor& grad = node->watch(output).grad;
      grad = grad.defined() ? add(grad, g) : g;
    }
  }
  Tensors captured;

 private:
  Leaf& leaf_of(Ref<Node>&& node) {
    if (Leaf* leaf = find_leaf(node.get())) return *leaf;
    node->place.store(static_cast<std::uint32_t>(leaves_.size()), std::memory_order_relaxed);
    leaves_.push_back({std::move(node), Tensor()});
    if (leaves_.size() > 32)
      for (std::size_t i = many_leaves_.size(); i < leaves_.size(); ++i) many_leaves_.emplace(leaves_[i].node.get(), i);
    return leaves_.back();
  }

  static bool later(const Ref<Node>& a, const Ref<Node>& b) { return a->sequence < b->sequence; }

  bool wanted(const Edge& edge) const {
    if (!edge.node) return false;
    if (!inputs_) return true;
    if (!edge.node->is_leaf && edge.node->needed == mark_) return true;
    auto place = first_input_at(edge.node.get());
    return place != input_places_.end() && place->first == edge.node.get();
  }

  void capture(const Node* node, std::uint32_t output, const Tensor& g) {
    for (auto place = first_input_at(node); place != input_places_.end() && place->first == node; ++place)
      if ((*inputs_)[place->second].impl()->output == output) captured[place->second] = g;
  }

  using Place = std::pair<const Node*, std::size_t>;
  std::vector<Place>::const_iterator first_input_at(const Node* node) const {
    return std::lower_bound(input_places_.begin(), input_places_.end(), Place(node, 0));
  }

  /// Throws if another pass, which this one runs inside of, holds the node.
  void check_free(const Node& node) const {
    if (node.queued_by == number_ || node.queued_by == 0) return;
    Complaint("backward", "a backward pass is already running through this graph")
        .fact("op", std::string(node.name) + ", " + describe(node.site))
        .fact("at", describe(site_))
        .mend("let a hook or rule differentiate only what it computed itself")
        .raise<GradError>();
  }

 public:
  /// Lets hooks see (and replace) a complete cotangent, and keeps it if asked.
  Tensor show(Node& node, std::uint32_t output, Tensor g) {
    Watch& watch = *node.outputs[output].watch;
    for (std::size_t i = 0; i < watch.hooks.size(); ++i)
      if (Tensor replaced = watch.hooks[i]->call(g); replaced.defined()) {
        fit(node, output, replaced, "on_grad", "the hook");
        g = std::move(replaced);
      }
    if (watch.retain && !node.is_leaf && !inputs_) kept_.push_back({Ref<Node>(&node), output, g});
    return g;
  }

 private:
  void step(Node& node, const Tensors& g) {
    if (!node.rule)
      Complaint("backward",
                std::string("what `") + node.name + "` saved is gone: a backward pass already ran through it")
          .fact("op", std::string(node.name) + ", " + describe(node.site))
          .at(site_)
          .mend("call the first backward with {.retain_graph = true}, or forward again")
          .raise<GradError>();
    Wants wants;
    bool any = false;
    for (std::uint32_t i = 0; i < node.input_count; ++i) {
      wants.add(wanted(node.edges[i]));
      any = any || wants[i];
    }
    if (any) {
      state_.running = node.sequence;
      scope_ = node.site;
      if (state_.observing) [[unlikely]]
        detail::tell_rule(node, g);
      Tensors gradients = node.rule->run(node, node.closure, g, wants);
      state_.running = running_before_;
      if (gradients.size() != node.input_count)
        Complaint(node.name, "its rule returned " + std::to_string(gradients.size()) + " gradients for " +
                                 std::to_string(node.input_count) + " inputs")
            .at(node.site)
            .mend("return one tensor an input; an undefined one is zero")
            .raise<GradError>();
      for (std::uint32_t i = 0; i < node.input_count; ++i)
        if (wants[i] && gradients[i].defined()) {
          const Edge& edge = node.edges[i];
          check_free(*edge.node);
          fit(*edge.node, edge.output, gradients[i], node.name, "its rule");
        }
      if (state_.observing) [[unlikely]]
        detail::tell_rule_ended(node, g, gradients);
      // Nothing throws from here on, so the edges of a node that is freed next may hand on their references.
      bool last = !retain_ && !free_at_end_;
      for (std::uint32_t i = 0; i < node.input_count; ++i)
        if (wants[i] && gradients[i].defined()) {
          Edge& edge = node.edges[i];
          deposit(last ? std::move(edge.node) : Ref<Node>(edge.node), edge.output, std::move(gradients[i]));
        }
      scope_ = scope_before_;
    }
    if (free_at_end_) ran_.push_back(Ref<Node>(&node));
    else if (!retain_) node.free_saved();
  }

  /// Brings a gradient to the shape and dtype of the output it belongs to: sums it over axes that were broadcast.
  void fit(const Node& node, std::uint32_t output, Tensor& g, const char* op, const char* who) {
    const Output& target = node.outputs[output];
    if (g.shape() != target.shape) {
      Shape wide;
      if (!broadcast_shapes(target.shape, g.shape(), wide) || wide != g.shape())
        Complaint(op, std::string(who) + " returned a gradient of shape " + to_string(g.shape()) +
                          " for an input of shape " + to_string(target.shape))
            .at(node.is_leaf || scope_ ? scope_ : node.site)
            .raise<ShapeError>();
      bool only_drops = g.size() == target.shape.elements() && !is_recording();  // axes of length 1: no op needed
      g = only_drops ? Tensor(g.array().reshaped(target.shape)) : sum_to(g, target.shape);
    }
    if (g.dtype() != target.dtype) g = astype(g, target.dtype);
  }

  bool retain_;
  const Tensors* inputs_;  // null: every leaf
  Site site_;
  NoGrad guard_;
  detail::ThreadState& state_;
  Site& scope_;
  std::uint64_t running_before_;
  Site scope_before_;
  std::uint32_t number_;              // of the passes of this thread that are under way
  bool told_ = false;                 // observers know of it
  bool free_at_end_ = false;          // rather than each node when it has run
  std::vector<Ref<Node>> ran_;        // nodes to be freed then
  std::vector<Place> input_places_;   // the nodes of inputs_ and where they stand there, sorted
  SmallVector<Ref<Node>, 16> queue_;  // a heap, newest first
  SmallVector<Leaf, 16> leaves_;
  struct Kept {
    Ref<Node> node;
    std::uint32_t output;
    Tensor g;
  };
  std::vector<Kept> kept_;                                    // what retain_grad asked for, until the pass is through
  std::unordered_map<const Node*, std::size_t> many_leaves_;  // places in leaves_, once there are more than a few
  std::uint64_t mark_ = 0;
};

void Pass::find_needed(const Tensors& outputs, std::uint64_t mark, SmallVector<bool, 8>& reached) {
  mark_ = mark;
  for (std::size_t k = 0; k < inputs_->size(); ++k) input_places_.emplace_back((*inputs_)[k].impl()->node.get(), k);
  std::sort(input_places_.begin(), input_places_.end());
  std::uint64_t oldest = ~std::uint64_t(0);
  for (const Tensor& input : *inputs_) oldest = std::min(oldest, input.impl()->node->sequence);
  // Interior nodes newer than the oldest input, each once; then from old to new, a node is needed when one of its
  // edges leads to an input or to a needed node.
  std::vector<Node*> found, stack;
  std::unordered_map<Node*, bool> seen;
  for (const Tensor& y : outputs) stack.push_back(y.impl()->node.get());
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (node->sequence < oldest || !seen.emplace(node, true).second) continue;
    found.push_back(node);
    for (std::uint32_t i = 0; i < node->input_count; ++i)
      if (node->edges[i].node) stack.push_back(node->edges[i].node.get());
  }
  std::sort(found.begin(), found.end(), [](Node* a, Node* b) { return a->sequence < b->sequence; });
  for (Node* node : found) {
    if (node->is_leaf) continue;
    for (std::uint32_t i = 0; i < node->input_count && node->needed != mark; ++i)
      if (wanted(node->edges[i])) node->needed = mark;
  }
  for (const Tensor& input : *inputs_) reached.push_back(seen.count(input.impl()->node.get()) > 0);
}

/// The seed of an output, checked: ones for an output of one element without a seed.
Tensor seed_for(const char* op, const Tensor& y, const Tensor& seed, const Site& site) {
  if (!y.requires_grad())
    Complaint(op, "nothing to differentiate: the output depends on no variable")
        .fact("y", describe(y))
        .at(site)
        .mend(is_recording() ? "make an input a variable(...)" : "compute it outside NoGrad")
        .raise<GradError>();
  if (!seed.defined()) {
    if (y.size() != 1)
      Complaint(op, "an output of shape " + to_string(y.shape()) + " needs a seed cotangent of that shape")
          .fact("y", describe(y))
          .at(site)
          .mend("sum or average it first, or pass the seed")
          .raise<GradError>();
    return Tensor(Array::full(y.shape(), 1, y.dtype()));
  }
  if (seed.shape() != y.shape())
    Complaint(op, "the seed has shape " + to_string(seed.shape()) + ", the output " + to_string(y.shape()))
        .at(site)
        .raise<ShapeError>();
  if (seed.dtype() != y.dtype())
    Complaint(op, std::string("the seed is ") + name_of(seed.dtype()) + ", the output " + name_of(y.dtype()))
        .at(site)
        .raise<DTypeError>();
  return seed;
}

}  // namespace

void Tensor::backward(Site site) const { backward(BackwardOptions{}, site); }

void Tensor::backward(const BackwardOptions& options, Site site) const {
  shape();  // defined?
  Tensor seed = seed_for("backward", *this, options.seed, site);
  Pass pass(options.retain_graph || options.create_graph, options.create_graph, nullptr, site);
  pass.announce(this, 1);
  pass.start(*this, seed);
  pass.run();
  pass.show_leaves();  // hooks may throw: no gradient changes before all are through
  pass.keep();
  LeafLock lock;
  for (Pass::Leaf& leaf : pass.leaves()) {
    Tensor& total = leaf.node->watch(0).grad;
    accumulate(total, std::move(leaf.cotangent));
  }
}

Tensors grad(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds, GradOptions options, Site site) {
  if (!seeds.empty() && seeds.size() != outputs.size())
    Complaint("grad", std::to_string(seeds.size()) + " seeds for " + std::to_string(outputs.size()) + " outputs")
        .at(site)
        .raise<ValueError>();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].shape();  // defined?
    if (!inputs[i].requires_grad())
      Complaint("grad", "input " + std::to_string(i) + " takes no gradient")
          .fact("x", describe(inputs[i]))
          .at(site)
          .mend("make it a variable(...) before the forward pass")
          .raise<GradError>();
  }
  Tensors checked;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    checked.push_back(seed_for("grad", outputs[k], seeds.empty() ? Tensor() : seeds[k], site));

  Pass pass(options.retain_graph || options.create_graph, options.create_graph, &inputs, site);
  pass.captured.resize(inputs.size());
  SmallVector<bool, 8> reached;
  pass.find_needed(outputs, detail::next_sequence(), reached);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!reached[i] && !options.allow_unused)
      Complaint("grad", "the output does not depend on input " + std::to_string(i))
          .fact("x", describe(inputs[i]))
          .at(site)
          .mend("pass allow_unused to get an undefined tensor for it")
          .raise<GradError>();

  pass.announce(outputs.begin(), outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) pass.start(outputs[k], checked[k]);
  pass.run();
  pass.show_leaves();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].impl()->node->is_leaf)
      if (const Pass::Leaf* leaf = pass.find_leaf(inputs[i].impl()->node.get())) pass.captured[i] = leaf->cotangent;
    if (!pass.captured[i].defined() && reached[i])
      pass.captured[i] = Tensor(Array::zeros(inputs[i].shape(), inputs[i].dtype()));
  }
  return pass.captured;
}

Tensor grad(const Tensor& y, const Tensor& x, GradOptions options, Site site) {
  return grad(Tensors{y}, Tensors{x}, Tensors{}, options, site)[0];
}

}  // namespace xg
