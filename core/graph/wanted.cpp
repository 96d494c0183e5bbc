#include "wanted.hpp"

#include <algorithm>
#include <unordered_set>

namespace xg::detail {

Wanted::Wanted(const Tensors& outputs, const Tensors& inputs) : inputs_(inputs), mark_(next_sequence()) {
  captured.resize(inputs.size());
  std::uint64_t oldest = ~std::uint64_t(0);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Node* node = inputs[k].impl()->node.get();
    input_places_.emplace_back(node, k);
    oldest = std::min(oldest, node->sequence);
  }
  std::sort(input_places_.begin(), input_places_.end());
  // Interior nodes newer than the oldest input, each once; then from old to new, a node is needed when one of its
  // edges leads to an input or to a needed node.
  std::vector<Node*> found, stack;
  std::unordered_set<const Node*> seen;
  for (const Tensor& y : outputs) stack.push_back(y.impl()->node.get());
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (node->sequence < oldest || !seen.insert(node).second) continue;
    found.push_back(node);
    if (!node->is_leaf && !node->rule) freed_ = node;
    for (std::uint32_t i = 0; i < node->input_count; ++i)
      if (node->edges[i].node) stack.push_back(node->edges[i].node.get());
  }
  std::sort(found.begin(), found.end(), [](Node* a, Node* b) { return a->sequence < b->sequence; });
  for (Node* node : found) {
    if (node->is_leaf) continue;
    for (std::uint32_t i = 0; i < node->input_count && node->needed != mark_; ++i)
      if (node->edges[i].node && wants(*node->edges[i].node)) node->needed = mark_;
  }
  for (const Tensor& input : inputs) reached_.push_back(seen.count(input.impl()->node.get()) > 0);
}

std::vector<Wanted::Place>::const_iterator Wanted::first_input_at(const Node* node) const {
  auto place = std::lower_bound(input_places_.begin(), input_places_.end(), Place(node, 0));
  return place != input_places_.end() && place->first == node ? place : input_places_.end();
}

void Wanted::capture(const Node& node, std::uint32_t output, const Tensor& g) {
  for (auto place = first_input_at(&node); place != input_places_.end() && place->first == &node; ++place)
    if (inputs_[place->second].impl()->output == output) captured[place->second] = g;
}

}  // namespace xg::detail
