#include "record.hpp"

#include "../error/error.hpp"

namespace xg::detail {

bool should_record(const Operands& inputs) {
  if (!thread_state().recording) return false;
  for (const Operand& input : inputs)
    if (input.requires_grad()) return true;
  return false;
}

Node* begin_node(const char* name, const Operands& inputs, std::uint32_t outputs, std::size_t closure_bytes,
                 std::size_t closure_alignment) {
  const Site& scope = call_scope();
  Node* node = Node::make(name, scope ? scope : inputs[0].site(), outputs, static_cast<std::uint32_t>(inputs.size()),
                          closure_bytes, closure_alignment);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    const TensorImpl& impl = inputs[i].impl();
    node->edges[i].node = impl.node;
    if (!impl.node->is_leaf && impl.node->oldest < node->oldest) node->oldest = impl.node->oldest;
    node->edges[i].output = impl.output;
  }
  return node;
}

Tensor attach(Node* node, std::uint32_t output, Array&& value) {
  if (!is_differentiable(value.dtype())) return Tensor(std::move(value));
  node->outputs[output].shape = value.shape();
  node->outputs[output].dtype = value.dtype();
  return Tensor(Ref(TensorImpl::make(std::move(value), Ref(node), output)));
}

void no_rule(const char* name, const Operands& inputs) {
  Complaint complaint(name, "a gradient is wanted through an op that has no rule");
  for (const Operand& input : inputs) complaint.fact(input.requires_grad() ? "wants" : "input", describe(input));
  complaint.at(inputs[0].site())
      .mend("give record() a rule, detach the inputs, or compute it under NoGrad")
      .raise<GradError>();
}

}  // namespace xg::detail
