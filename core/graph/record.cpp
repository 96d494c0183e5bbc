#include "record.hpp"

#include "../error/error.hpp"
#include "observer.hpp"

namespace xg::detail {

Fate fate_of(const Operands& inputs) {
  const ThreadState& state = thread_state();
  Fate fate{false, is_observed(state)};
  if (!state.recording) return fate;
  for (const Operand& input : inputs)
    if (input.requires_grad()) {
      fate.recorded = true;
      break;
    }
  return fate;
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
    if (impl.node->sequence > node->sequence) node->sequence = next_sequence();  // it comes from another thread
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

Tensors attached(Node* node, const Tensors& values) {
  Tensors result;
  for (std::uint32_t i = 0; i < values.size(); ++i) result.push_back(attach(node, i, Array(values[i].array())));
  return result;
}

Tensor finish(Node* node, Array&& value, const Operands& inputs, Fate fate) {
  Tensor y = attach(node, 0, std::move(value));
  if (can_be_observed && fate.observed) [[unlikely]]
    tell_computed(node->name, inputs, &y, 1);
  return y;
}

Tensor finish(const char* name, Array&& value, const Operands& inputs, Fate fate) {
  Tensor y(std::move(value));
  if (can_be_observed && fate.observed) [[unlikely]]
    tell_computed(name, inputs, &y, 1);
  return y;
}

void no_rule(const char* name, const Operands& inputs) {
  Complaint complaint(name, "a gradient is wanted through an op that has no rule");
  for (const Operand& input : inputs) complaint.fact(input.requires_grad() ? "wants" : "input", describe(input));
  complaint.at(inputs[0].site())
      .mend("give record() a rule, detach the inputs, or compute it under NoGrad")
      .raise<GradError>();
}

}  // namespace xg::detail
