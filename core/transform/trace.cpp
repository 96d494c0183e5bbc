#include "trace.hpp"

#include <unordered_set>

#include "../graph/backward.hpp"
#include "../graph/record.hpp"

namespace xg::detail {

Tensor alias(const Tensor& x) {
  return record("alias", x.impl()->array, {x}, [](const Tensor& g) -> Tensors { return {g}; });
}

Tensor stand_in(const Edge& edge) {
  const Output& output = edge.node->outputs[edge.output];
  Array nothing = Array(Number(0), output.dtype).broadcast_to(output.shape);
  return Tensor(Ref(TensorImpl::make(std::move(nothing), Ref(edge.node), edge.output)));
}

std::vector<Edge*> edges_out(const Tensors& outputs, std::uint64_t start) {
  std::vector<Edge*> found;
  std::vector<Node*> stack;
  std::unordered_set<Node*> seen;
  for (const Tensor& y : outputs)
    if (y.requires_grad() && y.impl()->node->sequence >= start) stack.push_back(y.impl()->node.get());
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (!seen.insert(node).second) continue;
    for (std::uint32_t i = 0; i < node->input_count; ++i) {
      Edge& edge = node->edges[i];
      if (!edge.node) continue;
      if (edge.node->sequence < start) found.push_back(&edge);
      else stack.push_back(edge.node.get());
    }
  }
  return found;
}

Trace trace(FunctionRef f, const Tensors& x) {
  bool was_recording = is_recording();
  NoGrad recording(false);
  Trace result;
  std::uint64_t start = next_sequence();
  for (const Tensor& one : x) {
    if (!is_differentiable(one.dtype())) result.inputs.push_back(one);
    else if (was_recording && one.requires_grad()) result.inputs.push_back(alias(one));
    else result.inputs.push_back(variable(one));
  }
  result.outputs = f(result.inputs);
  result.is_open = was_recording && !edges_out(result.outputs, start).empty();
  for (const Tensor& y : result.outputs)  // the function may return what it captured
    if (was_recording && y.requires_grad() && y.impl()->node->sequence < start) result.is_open = true;
  return result;
}

Tensors pull_back(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds, bool create_graph,
                  const Site& site) {
  Tensors y, g, x;
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (seeds[k].defined() && outputs[k].requires_grad()) {
      y.push_back(outputs[k]);
      g.push_back(seeds[k]);
    }
  for (const Tensor& input : inputs)
    if (input.requires_grad()) x.push_back(input);
  Tensors found;
  if (!y.empty() && !x.empty())
    found = grad(y, x, g, {.retain_graph = true, .create_graph = create_graph, .allow_unused = true}, site);
  found.resize(x.size());
  Tensors gradients;
  std::size_t next = 0;
  for (const Tensor& input : inputs) {
    Tensor gradient = input.requires_grad() ? found[next++] : Tensor();
    if (!gradient.defined() && is_differentiable(input.dtype()))
      gradient = Tensor(Array::zeros(input.shape(), input.dtype()));
    gradients.push_back(gradient);
  }
  return gradients;
}

}  // namespace xg::detail
