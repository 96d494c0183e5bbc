#include "graph.hpp"

#include <algorithm>
#include <unordered_map>

#include "../error/error.hpp"
#include "../graph/engine_ops.hpp"
#include "../graph/unobserved.hpp"
#include "clock.hpp"
#include "module_path.hpp"

namespace xg::inspect {
namespace {

using xg::detail::Node;

/// The nodes behind one, newest first. Does not recurse.
std::vector<Ref<Node>> nodes_behind(const Ref<Node>& root) {
  std::vector<Ref<Node>> found{root};
  std::unordered_map<const Node*, bool> seen{{root.get(), true}};
  for (std::size_t i = 0; i < found.size(); ++i) {
    Node& node = *found[i];
    for (std::uint32_t k = 0; k < node.input_count; ++k)
      if (const Ref<Node>& input = node.edges[k].node; input && seen.emplace(input.get(), true).second)
        found.push_back(input);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a->sequence > b->sequence; });
  return found;
}

/// Looks at the nodes of one graph, and runs their rules.
class Look {
 public:
  Look(const Tensor& y, const GraphOptions& options, const Site& site)
      : y_(y), options_(options), site_(site), nodes_(nodes_behind(y.impl()->node)) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) place_.emplace(nodes_[i].get(), i);
  }

  Graph take() {
    for (const Ref<Node>& node : nodes_) {
      if (!node->is_leaf && !node->rule)
        Complaint("inspect", std::string("the graph is gone: a backward pass ran through `") + node->name + "`")
            .fact("op", std::string(node->name) + ", " + describe(node->site))
            .at(site_)
            .mend("inspect before backward, or call it with {.retain_graph = true}")
            .raise<GradError>();
      graph_.nodes.push_back(described(*node));
    }
    saw(*y_.impl());
    if (options_.values) fill_from(*options_.values);
    run();
    place_by_parameters(graph_);
    return std::move(graph_);
  }

  /// A tensor of the graph shows its value.
  void saw(const xg::detail::TensorImpl& impl) {
    auto found = place_.find(impl.node.get());
    if (found == place_.end()) return;
    GraphNode& node = graph_.nodes[found->second];
    if (impl.label && node.name.empty()) node.name = impl.label->name;
    if (impl.output >= node.outputs.size()) return;
    GraphNode::Output& output = node.outputs[impl.output];
    if (output.has_value || impl.array.shape() != output.shape) return;
    set_value(output, impl.array);
  }

 private:
  GraphNode described(const Node& node) {
    GraphNode result;
    result.op = node.name;
    result.site = node.site;
    result.sequence = node.sequence;
    result.is_leaf = node.is_leaf;
    result.node_bytes = node.block_bytes;
    for (std::uint32_t i = 0; i < node.output_count; ++i) {
      const Shape& shape = node.outputs[i].shape;
      GraphNode::Output& output = result.outputs.emplace_back();
      output.shape = shape;
      output.dtype = node.outputs[i].dtype;
      result.output_bytes += shape.elements() * static_cast<std::int64_t>(size_of(node.outputs[i].dtype));
    }
    for (std::uint32_t i = 0; i < node.input_count; ++i)
      if (node.edges[i].node)
        result.inputs.push_back({.node = place_.at(node.edges[i].node.get()), .output = node.edges[i].output});
    if (const xg::detail::TensorImpl* tensor = node.leaf_tensor()) {
      result.name = tensor->label->name;
      set_value(result.outputs[0], tensor->array);
    }
    return result;
  }

  void set_value(GraphNode::Output& output, const Array& values) {
    output.has_value = true;
    output.value = statistics(values);
    if (options_.bins > 0) output.values = histogram(values, output.value, options_.bins);
  }

  void fill_from(const ForwardLog& log) {
    for (GraphNode& node : graph_.nodes) {
      auto found = log.entries.find(node.sequence);
      if (found == log.entries.end()) continue;
      const ForwardLog::Entry& entry = found->second;
      node.path = entry.path;
      node.forward_seconds = entry.seconds;
      node.live_bytes = entry.bytes;
      for (std::size_t i = 0; i < entry.values.size() && i < node.outputs.size(); ++i)
        if (!node.outputs[i].has_value) set_value(node.outputs[i], entry.values[i]);
    }
  }

  void run() {
    NoGrad off;
    std::vector<Tensors> cotangents(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) cotangents[i].resize(nodes_[i]->output_count);
    cotangents[0][y_.impl()->output] = options_.seed;
    if (!options_.seed.defined()) cotangents[0][y_.impl()->output] = Tensor(Array::full(y_.shape(), 1, y_.dtype()));
    struct Eyes : Observer {
      explicit Eyes(Look& look) : look(look) {}
      void op_computed(const ComputedOp& op) override {
        for (const Operand& input : op.inputs)
          if (input.requires_grad()) look.saw(input.impl());
      }
      Look& look;
    } eyes(*this);
    // Nodes are newest first: when one has its turn, all that use it have run.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Tensors g = std::exchange(cotangents[i], Tensors());
      for (std::uint32_t k = 0; k < g.size(); ++k) {
        if (!g[k].defined()) continue;
        GraphNode::Output& output = graph_.nodes[i].outputs[k];
        output.has_cotangent = true;
        output.cotangent = statistics(g[k].array());
        if (options_.bins > 0) output.cotangents = histogram(g[k].array(), output.cotangent, options_.bins);
      }
      Node& node = *nodes_[i];
      if (node.is_leaf) continue;
      bool reached = std::any_of(g.begin(), g.end(), [](const Tensor& t) { return t.defined(); });
      if (!reached) continue;
      Tensors gradients;
      {
        xg::detail::Unobserved unobserved;  // a recording, say, is not to take this for the program's own pass
        Observing scope(eyes);
        double start = xg::detail::now();
        gradients = run_rule(node, g);
        graph_.nodes[i].backward_seconds = xg::detail::now() - start;
      }
      if (node.output_count == 1 && node.outputs[0].shape.elements() == 1) find_local(i, g, gradients);
      std::size_t input = 0;
      for (std::uint32_t k = 0; k < node.input_count; ++k) {
        const xg::detail::Edge& edge = node.edges[k];
        if (!edge.node) continue;
        GraphNode::Input& seen = graph_.nodes[i].inputs[input++];
        if (!gradients[k].defined()) continue;
        seen.gives_zero = is_zero(gradients[k].array());
        Tensor& total = cotangents[seen.node][edge.output];
        total = total.defined() ? add(total, gradients[k]) : gradients[k];
      }
    }
  }

  Tensors run_rule(Node& node, const Tensors& g) {
    struct Running {  // as a backward pass has it
      explicit Running(const Node& node)
          : running(std::exchange(xg::detail::thread_state().running, node.sequence)),
            scope(std::exchange(xg::detail::call_scope(), node.site)) {}
      ~Running() {
        xg::detail::thread_state().running = running;
        xg::detail::call_scope() = scope;
      }
      std::uint64_t running;
      Site scope;
    } as(node);
    Wants wants;
    for (std::uint32_t i = 0; i < node.input_count; ++i) wants.add(static_cast<bool>(node.edges[i].node));
    Tensors gradients = node.rule->run(node, node.closure, g, wants);
    gradients.resize(node.input_count);
    for (std::uint32_t i = 0; i < node.input_count; ++i) {
      if (!wants[i]) gradients[i] = Tensor();
      if (!gradients[i].defined()) continue;
      const xg::detail::Output& target = node.edges[i].node->outputs[node.edges[i].output];
      if (gradients[i].shape() != target.shape) gradients[i] = sum_to(gradients[i], target.shape);
      if (gradients[i].dtype() != target.dtype) gradients[i] = astype(gradients[i], target.dtype);
    }
    return gradients;
  }

  /// The factors of the chain rule, where they are numbers.
  void find_local(std::size_t i, const Tensors& g, const Tensors& gradients) {
    Node& node = *nodes_[i];
    for (const GraphNode::Input& input : graph_.nodes[i].inputs)
      if (graph_.nodes[input.node].outputs[input.output].shape.elements() != 1) return;
    Tensors local = gradients;
    if (g[0].item() != 1) local = run_rule(node, {Tensor(Array::full(g[0].shape(), 1, g[0].dtype()))});
    std::size_t input = 0;
    for (std::uint32_t k = 0; k < node.input_count; ++k) {
      if (!node.edges[k].node) continue;
      GraphNode::Input& seen = graph_.nodes[i].inputs[input++];
      seen.local = local[k].defined() ? local[k].item() : 0;
      seen.product = gradients[k].defined() ? gradients[k].item() : 0;
    }
  }

  const Tensor& y_;
  const GraphOptions& options_;
  Site site_;
  std::vector<Ref<Node>> nodes_;
  std::unordered_map<const Node*, std::size_t> place_;
  Graph graph_;
};

}  // namespace

Graph graph_of(const Tensor& y, const GraphOptions& options, Site site) {
  y.shape(site);  // defined?
  if (!y.requires_grad())
    Complaint("inspect", "there is no graph: the tensor depends on no variable")
        .fact("y", describe(y))
        .at(site)
        .mend(is_recording() ? "make an input a variable(...)" : "compute it outside NoGrad and outside evaluation")
        .raise<GradError>();
  if (options.seed.defined() && options.seed.shape() != y.shape())
    Complaint("inspect",
              "the seed has shape " + to_string(options.seed.shape()) + ", the tensor " + to_string(y.shape()))
        .at(site)
        .raise<ShapeError>();
  if (options.seed.defined() && options.seed.dtype() != y.dtype())
    Complaint("inspect",
              std::string("the seed is ") + name_of(options.seed.dtype()) + ", the tensor " + name_of(y.dtype()))
        .at(site)
        .raise<DTypeError>();
  return Look(y, options, site).take();
}

void place_by_parameters(Graph& graph) {
  for (GraphNode& node : graph.nodes) {
    if (node.is_leaf && node.path.empty()) node.path = detail::parent_path(node.name);
  }
  for (GraphNode& node : graph.nodes) {
    if (node.is_leaf || !node.path.empty()) continue;
    for (const GraphNode::Input& input : node.inputs)
      if (graph.nodes[input.node].is_leaf && !graph.nodes[input.node].path.empty()) {
        node.path = graph.nodes[input.node].path;
        break;
      }
  }
}

}  // namespace xg::inspect
