#include "recording.hpp"

namespace xg::inspect {

const RecordedOp* Recording::maker(const Tensor& x) const {
  auto found = by_output_.find(x.impl().get());
  return found == by_output_.end() ? nullptr : &ops_[found->second];
}

const RecordedOp* Recording::find(const xg::detail::Node& node) const {
  auto found = by_node_.find(&node);
  return found == by_node_.end() ? nullptr : &ops_[found->second];
}

void Recording::clear() {
  ops_.clear();
  by_node_.clear();
  by_output_.clear();
}

void Recording::op_computed(const ComputedOp& op) {
  if (in_backward()) return;
  RecordedOp seen{.name = op.name,
                  .site = op.site,
                  .path = path_of(op.inputs),
                  .inputs = {},
                  .outputs = op.outputs,
                  .gradient_norms = {}};
  for (const Operand& x : op.inputs) seen.inputs.push_back(x.tensor());
  const xg::detail::Node* node = op.node();
  seen.in_graph = node != nullptr;
  seen.was_off = !is_recording();
  if (node) by_node_[node] = ops_.size();
  // An op may hand on its input as it is: then that has been made before.
  for (const Tensor& y : op.outputs) by_output_.emplace(y.impl().get(), ops_.size());
  ops_.push_back(std::move(seen));
}

void Recording::rule_started(const xg::detail::Node& node, const Tensors& cotangents) {
  auto found = by_node_.find(&node);
  if (found == by_node_.end()) return;
  double squares = 0;
  for (const Tensor& g : cotangents)
    if (g.defined()) {
      Statistics known = statistics(g.array());
      squares += known.finite() ? known.norm * known.norm : NAN;
    }
  ops_[found->second].cotangent_norm = std::sqrt(squares);
}

void Recording::rule_ended(const xg::detail::Node& node, const Tensors&, const Tensors& gradients) {
  auto found = by_node_.find(&node);
  if (found == by_node_.end()) return;
  RecordedOp& op = ops_[found->second];
  op.rule_ran = true;
  op.gradient_norms.clear();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    bool wanted = i < op.inputs.size() && op.inputs[i].requires_grad();
    if (!gradients[i].defined()) {
      op.gradient_norms.push_back(wanted ? 0 : NAN);
      continue;
    }
    Statistics known = statistics(gradients[i].array());
    op.gradient_norms.push_back(known.finite() ? known.norm : NAN);
  }
}

}  // namespace xg::inspect
