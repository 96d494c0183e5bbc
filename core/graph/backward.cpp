#include "backward.hpp"

#include <algorithm>

#include "../error/error.hpp"
#include "../kernels/elementwise.hpp"
#include "engine_ops.hpp"
#include "leaf_table.hpp"
#include "node.hpp"
#include "observer.hpp"
#include "wanted.hpp"

namespace xg {

using detail::Edge;
using detail::LeafLock;
using detail::LeafTable;
using detail::Node;
using detail::Output;
using detail::Wanted;
using detail::Watch;

namespace {

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

[[noreturn]] void gone(const char* op, const Node& node, const Site& site) {
  Complaint(op, std::string("what `") + node.name + "` saved is gone: a backward pass already ran through it")
      .fact("op", std::string(node.name) + ", " + describe(node.site))
      .at(site)
      .mend("call the first pass with {.retain_graph = true}, or forward again")
      .raise<GradError>();
}

// One backward pass. Interior nodes belong to the one graph that runs, so what is collected for them is kept in them;
// leaves may be shared with graphs on other threads, so what is collected for leaves is kept in a table.
class Pass {
 public:
  /// Without `wanted` it collects for every leaf.
  Pass(bool retain, bool create, Wanted* wanted, const Site& site)
      : retain_(retain), wanted_(wanted), site_(site), guard_(!create), state_(detail::thread_state()),
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
    if (!detail::is_observed(state_)) [[likely]]
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
    if (node->is_leaf) return accumulate(leaves.add(std::move(edge)).cotangent, std::move(g));
    accumulate(node->outputs[output].cotangent, std::move(g));
    if (node->queued_by == number_) return;
    node->queued_by = number_;
    queue_.push_back(std::move(edge));
    std::push_heap(queue_.begin(), queue_.end(), later);
  }

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
        if (wanted_ && g[i].defined()) wanted_->capture(*node, i, g[i]);
      }
      if (!wanted_ || wanted_->behind(*node)) step(*node, g);
    }
    for (const Ref<Node>& node : ran_) node->free_saved();
  }

  /// Lets the hooks of leaves see (and replace) their gradients.
  void show_leaves() {
    SmallVector<LeafTable::Leaf*, 8> hooked;
    {
      LeafLock lock;
      for (LeafTable::Leaf& leaf : leaves)
        if (const Watch* watch = leaf.node->outputs[0].watch; watch && !watch->hooks.empty()) hooked.push_back(&leaf);
    }
    for (LeafTable::Leaf* leaf : hooked) leaf->cotangent = show(*leaf->node, 0, leaf->cotangent);
  }
  /// Leaves the gradients of tensors that retain theirs.
  void keep() {
    for (auto& [node, output, g] : kept_) {
      Tensor& grad = node->watch(output).grad;
      grad = grad.defined() ? add(grad, g) : g;
    }
  }

  LeafTable leaves;

 private:
  static bool later(const Ref<Node>& a, const Ref<Node>& b) { return a->sequence < b->sequence; }

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
    if (watch.retain && !node.is_leaf && !wanted_) kept_.push_back({Ref<Node>(&node), output, g});
    return g;
  }

 private:
  void step(Node& node, const Tensors& g) {
    if (!node.rule) gone("backward", node, site_);
    Wants wants;
    bool any = false;
    for (std::uint32_t i = 0; i < node.input_count; ++i) {
      const Edge& edge = node.edges[i];
      wants.add(edge.node && (!wanted_ || wanted_->wants(*edge.node)));
      any = any || wants[i];
    }
    if (any) {
      state_.running = node.sequence;
      scope_ = node.site;
      if (detail::is_observed(state_)) [[unlikely]]
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
      if (detail::is_observed(state_)) [[unlikely]]
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
  Wanted* wanted_;
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
  SmallVector<Ref<Node>, 16> queue_;  // a heap, newest first
  struct Kept {
    Ref<Node> node;
    std::uint32_t output;
    Tensor g;
  };
  std::vector<Kept> kept_;  // what retain_grad asked for, until the pass is through
};

/// The seed of an output, checked: ones for an output of one element without a seed.
Tensor seed_for(const char* op, const Tensor& y, const Tensor& seed, const Site& site) {
  if (!y.requires_grad())
    Complaint(op, "nothing to differentiate: the output depends on no variable")
        .fact("y", describe(y))
        .at(site)
        .mend(is_recording()
                  ? "make an input a variable(...). Where one is, its way ends at a detach, at an op without "
                    "gradients (argmax, a comparison) or at a grad() without create_graph"
                  : "compute it outside NoGrad and outside evaluation")
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
  for (LeafTable::Leaf& leaf : pass.leaves) {
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

  Wanted wanted(outputs, inputs);
  if (wanted.freed()) gone("grad", *wanted.freed(), site);  // an input may have lain behind it
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!wanted.reached(i) && !options.allow_unused)
      Complaint("grad", "the output does not depend on input " + std::to_string(i))
          .fact("x", describe(inputs[i]))
          .at(site)
          .mend("pass allow_unused to get an undefined tensor for it")
          .raise<GradError>();

  Pass pass(options.retain_graph || options.create_graph, options.create_graph, &wanted, site);
  pass.announce(outputs.begin(), outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) pass.start(outputs[k], checked[k]);
  pass.run();
  pass.show_leaves();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensor& found = wanted.captured[i];
    if (inputs[i].impl()->node->is_leaf)
      if (const LeafTable::Leaf* leaf = pass.leaves.find(inputs[i].impl()->node.get())) found = leaf->cotangent;
    if (!found.defined() && wanted.reached(i)) found = Tensor(Array::zeros(inputs[i].shape(), inputs[i].dtype()));
  }
  return wanted.captured;
}

Tensor grad(const Tensor& y, const Tensor& x, GradOptions options, Site site) {
  return grad(Tensors{y}, Tensors{x}, Tensors{}, options, site)[0];
}

}  // namespace xg
