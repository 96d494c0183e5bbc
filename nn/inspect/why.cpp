#include "why.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "../../core/error/error.hpp"

namespace xg::inspect {
namespace {

using xg::detail::Node;
using xg::detail::TensorImpl;

std::string place(const Site& site) { return site ? describe(site) : "an unknown place"; }

std::string op_at(const char* name, const Site& site) { return fmt::format("`{}` ({})", name, place(site)); }

/// How x is called in the answer.
std::string called(const Tensor& x, const char* otherwise) {
  return x.name().empty() ? std::string(otherwise) : "`" + x.name() + "`";
}

/// Whether zeros went into the rule of an op, and came out at its inputs.
struct Rule {
  bool is_zero = true;
  std::vector<bool> gives_zero;
};

}  // namespace

/// The graph behind a loss.
struct detail::Reasons::Walk {
  Walk(const Tensor& loss, const Recording* recording, const Graph* looked)
      : loss(loss), recording(recording), looked(looked) {
    if (!loss.requires_grad()) return;
    std::vector<const Node*> stack = {loss.impl()->node.get()};
    while (!stack.empty()) {
      const Node* node = stack.back();
      stack.pop_back();
      if (!seen.insert(node).second) continue;
      order.push_back(node);
      for_each_input(*node, [&](std::size_t, const Node* input) { stack.push_back(input); });
      bool is_freed = !node->is_leaf && !node->rule;
      if (is_freed && !(recording && recording->find(*node)) && !freed) freed = node;
    }
    std::sort(order.begin(), order.end(), [](const Node* a, const Node* b) { return a->sequence < b->sequence; });
  }

  /// Inputs that take a gradient. Where backward freed the edges, the recording knows them.
  template <class F>
  void for_each_input(const Node& node, const F& f) const {
    for (std::uint32_t i = 0; i < node.input_count; ++i)
      if (node.edges[i].node) f(i, node.edges[i].node.get());
    if (node.input_count > 0 || node.is_leaf) return;
    if (const RecordedOp* op = recording ? recording->find(node) : nullptr)
      for (std::size_t i = 0; i < op->inputs.size(); ++i)
        if (op->inputs[i].requires_grad()) f(i, op->inputs[i].impl()->node.get());
  }

  /// What went through the rules, by the nodes' sequence numbers: as the recording has it, or a look at the graph.
  const std::unordered_map<std::uint64_t, Rule>& rules() {
    if (knows_rules) return rules_;
    knows_rules = true;
    if (recording)
      for (const RecordedOp& op : recording->ops()) {
        if (!op.rule_ran || op.outputs.empty()) continue;
        Rule rule{op.cotangent_norm == 0, {}};
        for (double norm : op.gradient_norms) rule.gives_zero.push_back(norm == 0 || std::isnan(norm));
        for (const Tensor& y : op.outputs)
          if (y.requires_grad()) rules_[y.impl()->node->sequence] = rule;
      }
    if (!rules_.empty()) return rules_;
    if (looked) {
      take(*looked);
    } else if (!freed && loss.size() == 1) {
      try {
        take(graph_of(loss));
      } catch (const Error&) {  // the graph is gone, or a leaf was changed since
      }
    }
    return rules_;
  }

  Tensor loss;
  const Recording* recording;
  const Graph* looked;
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> order;  // from old to new
  const Node* freed = nullptr;     // a node that backward ran through, and that no recording knows

 private:
  void take(const Graph& graph) {
    std::unordered_map<std::uint64_t, const GraphNode*> seen_nodes;
    for (const GraphNode& node : graph.nodes) seen_nodes.emplace(node.sequence, &node);
    for (const Node* node : order) {
      auto found = seen_nodes.find(node->sequence);
      if (found == seen_nodes.end() || node->is_leaf) continue;
      Rule rule;
      for (const auto& output : found->second->outputs)
        rule.is_zero = rule.is_zero && (!output.has_cotangent || output.cotangent.zeros == output.cotangent.count);
      auto input = found->second->inputs.begin();  // of those that take a gradient
      for (std::uint32_t i = 0; i < node->input_count; ++i)
        rule.gives_zero.push_back(!node->edges[i].node || (input++)->gives_zero);
      rules_.emplace(node->sequence, std::move(rule));
    }
  }
  bool knows_rules = false;
  std::unordered_map<std::uint64_t, Rule> rules_;
};

namespace {

class Answer {
 public:
  Answer(const Tensor& x, detail::Reasons::Walk& walk)
      : x_(x), loss_(walk.loss), recording_(walk.recording), walk_(walk), name_(called(x, "x")) {}

  std::string text() {
    if (x_.impl().get() == loss_.impl().get()) return fmt::format("{} is the loss itself: its gradient is 1.", name_);
    if (!x_.requires_grad()) return about_constant();
    if (!loss_.requires_grad()) return fmt::format("The loss depends on no variable. {}", about_cut());
    if (!reached(x_.impl()->node.get())) {
      if (walk_.freed && !recording_ && x_.has_grad()) return about_path();
      if (walk_.freed && !recording_)
        return fmt::format(
            "Nothing can be said: backward ran through {} and freed the graph behind it; keep it with "
            "{{.retain_graph = true}}, or run the step under an inspect::Recording.",
            op_at(walk_.freed->name, walk_.freed->site));
      return about_cut();
    }
    return about_path();
  }

 private:
  /// A way to x that ends in nothing.
  std::string about_constant() const {
    if (!is_differentiable(x_.dtype()))
      return fmt::format("{} is {}: gradients exist for f32 and f64 only.", name_, name_of(x_.dtype()));
    if (const RecordedOp* op = recording_ ? recording_->maker(x_) : nullptr)
      return fmt::format("{} {}", name_, cut_by(*op));
    if (x_.impl()->label && x_.impl()->label->is_path)
      return fmt::format("{} is frozen: nn::freeze took it out of the graph, nn::unfreeze puts it back.", name_);
    return fmt::format(
        "{} is a constant: make it a variable(...) or an nn::Parameter before the forward pass, and "
        "compute it outside of NoGrad.",
        name_);
  }

  /// "was detached by …".
  std::string cut_by(const RecordedOp& op) const {
    std::string where = op.path.empty() ? place(op.site) : place(op.site) + ", in " + op.path;
    if (!std::strcmp(op.name, "detach")) return fmt::format("was taken out of the graph by detach ({}).", where);
    if (op.was_off) return fmt::format("was computed by `{}` ({}) while NoGrad was on.", op.name, where);
    for (const Tensor& y : op.outputs)
      if (!is_differentiable(y.dtype()))
        return fmt::format("was computed by `{}` ({}), whose result is {}: no gradient flows through it.", op.name,
                           where, name_of(y.dtype()));
    return fmt::format("was computed by `{}` ({}) from constants.", op.name, where);
  }

  bool reached(const Node* node) const { return walk_.seen.count(node) > 0; }

  /// No recorded way leads from the loss to x.
  std::string about_cut() const {
    if (!recording_) {
      std::string text = fmt::format(
          "No recorded op leads from the loss to {}: it was not used, or detach, an integer op or NoGrad cut the way.",
          name_);
      if (std::string entries = constant_entries(); !entries.empty())
        text += fmt::format(" Constants enter the loss at {}.", entries);
      return text + " Run the forward pass under an inspect::Recording to be told which.";
    }
    // From what was made of x towards the loss: the last tensor that still hangs on x, and what comes after it.
    std::unordered_set<const TensorImpl*> of_x = {x_.impl().get()};
    bool used = false;
    const RecordedOp *cut = nullptr, *dead_end = nullptr;
    std::unordered_map<const TensorImpl*, const RecordedOp*> cut_before;  // the first op that cut the way to a tensor
    for (const RecordedOp& op : recording_->ops()) {
      bool depends = false, in_graph = false;
      const RecordedOp* before = nullptr;
      for (const Tensor& input : op.inputs) {
        const TensorImpl* of = origin(input, of_x);
        if (!of) continue;
        depends = true;
        auto found = cut_before.find(of);
        if (found == cut_before.end()) in_graph = true;
        else if (!before) before = found->second;
      }
      if (!depends) continue;
      used = true;
      const RecordedOp* cuts = in_graph ? (op.in_graph ? nullptr : &op) : before;
      if (!dead_end) dead_end = cuts;
      for (const Tensor& y : op.outputs) {
        of_x.insert(y.impl().get());
        if (cuts) cut_before.emplace(y.impl().get(), cuts);
        if (y.impl().get() == loss_.impl().get()) cut = cuts;
      }
    }
    if (!used) return fmt::format("No op used {}.", name_);
    if (cut) return fmt::format("The way from {} to the loss is cut: its value {}", name_, cut_by(*cut));
    for (const RecordedOp& op : recording_->ops())
      for (const Tensor& input : op.inputs)
        if (input.is_leaf() && !of_x.count(input.impl().get()))
          for (const RecordedOp& maker : recording_->ops())
            for (const Tensor& y : maker.outputs)
              if (of_x.count(y.impl().get()) && y.size() > 0 && y.array().shares_storage_with(input.array()))
                return fmt::format("The way from {} to the loss is cut: the result of {} was made a new {} before {}.",
                                   name_, op_at(maker.name, maker.site),
                                   input.requires_grad() ? "variable" : "constant", op_at(op.name, op.site));
    // Conditions and indices are no inputs of the ops they steer.
    if (dead_end)
      return fmt::format("{} was used, but no op leads from there to the loss: its value {}", name_, cut_by(*dead_end));
    return fmt::format("{} was used, but nothing that was computed from it is part of the loss.", name_);
  }
  /// The tensor itself if it is known to depend on x.
  static const TensorImpl* origin(const Tensor& input, const std::unordered_set<const TensorImpl*>& of_x) {
    auto found = of_x.find(input.impl().get());
    return found == of_x.end() ? nullptr : *found;
  }

  std::string constant_entries() const {
    std::string text;
    int count = 0;
    for (const Node* node : walk_.order)
      for (std::uint32_t i = 0; i < node->input_count && count < 3; ++i)
        if (!node->edges[i].node) {
          text += fmt::format("{}input {} of {}", count++ ? ", " : "", i, op_at(node->name, node->site));
        }
    return text;
  }

  /// A way leads to x: what came along it?
  std::string about_path() {
    if (const Tensor* g = x_.find_grad()) {
      Statistics known = statistics(g->array());
      if (known.zeros < known.count)
        return fmt::format("{} has a gradient: its norm is {:.3g}{}.", name_, known.norm,
                           known.finite() ? "" : ", with numbers in it that are not finite");
      return fmt::format("The gradient of {} is exactly zero{}", name_, about_zero());
    }
    bool ran = walk_.freed || (recording_ && any_rule_ran());
    if (!x_.is_leaf() && ran)
      return fmt::format(
          "{} is the result of {}, and backward leaves gradients at leaves only: call retain_grad(x) before "
          "it, or use grad(loss, x).",
          name_, op_at(x_.op(), x_.site()));
    if (ran) return fmt::format("Backward left a gradient at {}, which was cleared since (zero_grad).", name_);
    std::string zero = about_zero();
    if (walk_.looked && zero.size() > 1) return fmt::format("The gradient of {} will be exactly zero{}", name_, zero);
    std::string text = fmt::format("The loss depends on {}, but backward has not run: call loss.backward().", name_);
    if (zero.size() > 1) text += " Its gradient will be exactly zero" + zero;
    return text;
  }
  bool any_rule_ran() const {
    return std::any_of(recording_->ops().begin(), recording_->ops().end(),
                       [&](const RecordedOp& op) { return op.rule_ran && !op.outputs.empty() && in_loss(op); });
  }
  bool in_loss(const RecordedOp& op) const {
    for (const Tensor& y : op.outputs)
      if (y.requires_grad() && reached(y.impl()->node.get())) return true;
    return false;
  }

  /// ": `relu` (net.cpp:7) let none of it through." or "."
  std::string about_zero() {
    const std::unordered_map<std::uint64_t, Rule>& rules = walk_.rules();
    if (rules.empty()) return ".";
    // Nodes that x lies behind.
    std::unordered_set<const Node*> behind = {x_.impl()->node.get()};
    std::vector<const Node*> culprits;
    bool flows = false;
    for (const Node* node : walk_.order) {
      auto found = rules.find(node->sequence);
      const Rule* rule = found == rules.end() || found->second.is_zero ? nullptr : &found->second;
      bool leads = false, gives = false;
      walk_.for_each_input(*node, [&](std::size_t i, const Node* input) {
        if (!behind.count(input)) return;
        leads = true;
        bool passes = rule && i < rule->gives_zero.size() && !rule->gives_zero[i];
        gives = gives || passes;
        flows = flows || (passes && input == x_.impl()->node.get());
      });
      if (leads) behind.insert(node);
      if (leads && rule && !gives) culprits.push_back(node);
    }
    if (flows) return ".";
    if (culprits.empty()) return ": the cotangent of the loss itself is zero.";
    std::string text = ": a gradient arrives at ";
    for (std::size_t i = 0; i < culprits.size() && i < 3; ++i) {
      const RecordedOp* op = recording_ ? recording_->find(*culprits[i]) : nullptr;
      text += (i ? ", " : "") + op_at(culprits[i]->name, culprits[i]->site);
      if (op && !op->path.empty()) text += " in " + op->path;
    }
    if (culprits.size() > 3) text += fmt::format(" and {} ops more", culprits.size() - 3);
    return text + (culprits.size() > 1 ? ", which let none of it through." : ", which lets none of it through.");
  }

  const Tensor &x_, &loss_;
  const Recording* recording_;
  detail::Reasons::Walk& walk_;
  std::string name_;
};

}  // namespace

detail::Reasons::Reasons(const Tensor& loss, const Recording* recording, const Graph* looked)
    : walk_(std::make_unique<Walk>(loss, recording, looked)) {}
detail::Reasons::~Reasons() = default;

std::string detail::Reasons::why_no_gradient(const Tensor& x) const { return Answer(x, *walk_).text(); }

std::string why_no_gradient(const Tensor& x, const Tensor& loss, const Recording* recording, Site site) {
  if (!x.defined() || !loss.defined())
    Complaint("why_no_gradient", std::string(x.defined() ? "the loss" : "x") + " is an undefined tensor")
        .at(site)
        .raise<ValueError>();
  return detail::Reasons(loss, recording).why_no_gradient(x);
}

}  // namespace xg::inspect
