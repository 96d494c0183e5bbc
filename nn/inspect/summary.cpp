#include "summary.hpp"

#include <algorithm>
#include <ostream>
#include <string_view>

#include <fmt/format.h>

#include "../../core/array/memory.hpp"
#include "../../core/array/random.hpp"
#include "../../core/error/error.hpp"
#include "../../core/inspect/clock.hpp"
#include "../../core/inspect/explain.hpp"
#include "../../core/inspect/module_path.hpp"
#include "../../core/inspect/table.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/reduce.hpp"
#include "keep_values.hpp"
#include "kept_leaves.hpp"

namespace xg::inspect {
namespace {

/// The modules of a model as a tree, in the order of members and calls.
class Tree {
 public:
  struct Node {
    ModuleSummary summary;
    std::vector<std::size_t> children;
  };

  std::size_t at(const std::string& path, std::string_view type) {
    auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.summary.path == path; });
    std::size_t i = static_cast<std::size_t>(found - nodes.begin());
    if (found == nodes.end()) {
      nodes.emplace_back().summary.path = path;
      if (i > 0) {
        std::size_t above = at(detail::parent_path(path), "");
        nodes[i].summary.depth = nodes[above].summary.depth + 1;
        insert(nodes[above].children, i);
      }
    }
    // What an nn::Layer holds counts for the Layer.
    if (!type.empty()) nodes[i].summary.type = short_type(type);
    return i;
  }

  /// Outer modules first.
  std::vector<ModuleSummary> list() const {
    std::vector<ModuleSummary> result;
    std::vector<std::size_t> left{0};
    while (!left.empty()) {
      const Node& node = nodes[left.back()];
      left.pop_back();
      result.push_back(node.summary);
      left.insert(left.end(), node.children.rbegin(), node.children.rend());
    }
    return result;
  }

  std::vector<Node> nodes;

 private:
  /// Numbers in their order, all else behind.
  void insert(std::vector<std::size_t>& children, std::size_t i) {
    auto number = [&](std::size_t k) {
      std::string part = detail::last_part(nodes[k].summary.path);
      bool is_number = !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == part.npos;
      return is_number ? std::stol(part) : -1;
    };
    long own = number(i);
    auto after = std::find_if(children.begin(), children.end(), [&](auto k) { return own >= 0 && number(k) > own; });
    children.insert(after, i);
  }
};

/// How many multiply-adds an op takes.
std::int64_t multiply_adds(const ComputedOp& op) {
  std::string_view name = op.name;
  auto in = [&](std::size_t i) -> const Shape& { return op.inputs[i].shape(); };
  const Shape& y = op.outputs[0].shape();
  std::int64_t size = y.elements();
  auto weights_of_one_output = [](const Shape& weight) {
    return weight.empty() || weight[0] == 0 ? 0 : weight.elements() / weight[0];
  };
  if (name == "linear") return size * in(0).back();
  if (name == "matmul") return in(0).empty() ? size : size * in(0).back();
  if (name.starts_with("conv_transpose")) return in(0).elements() * weights_of_one_output(in(1));
  if (name.starts_with("conv")) return size * weights_of_one_output(in(1));
  if (name.find("attention") != name.npos && op.inputs.size() >= 3)
    return size / std::max<std::int64_t>(1, y.back()) * in(1)[in(1).size() - 2] * (in(0).back() + y.back());
  // x (B, T, in), and the weights of all gates for the inputs and for the state.
  if ((name == "lstm" || name == "gru" || name == "rnn") && op.inputs.size() >= 3)
    return in(0)[0] * in(0)[1] * (in(1).elements() + in(2).elements());
  return 0;
}

/// Measures modules while the model runs.
class Meter : public Observer {
 public:
  Meter(Tree& tree, const ModelMap& map) : tree_(tree), path_(map) {}

  void module_entered(const CalledModule& module, const Tensors&) override {
    const std::string& path = path_.enter(module);
    bool inner = !open_.empty() && tree_.nodes[open_.back().node].summary.path == path;  // of an nn::Layer
    std::size_t node = tree_.at(path, module.type);
    open_.push_back({node, inner, xg::detail::now(), memory_stats().live_bytes, module});
  }
  void module_left(const CalledModule& module, Tensors& outputs) override {
    path_.leave(module);
    while (!open_.empty()) {
      Open done = open_.back();
      open_.pop_back();
      if (!done.module.is(module)) continue;
      ModuleSummary& summary = tree_.nodes[done.node].summary;
      if (!done.inner) {
        ++summary.calls;
        summary.forward += xg::detail::now() - done.started;
        summary.activation_bytes += memory_stats().live_bytes - done.bytes;
        summary.outputs.clear();
        for (const Tensor& y : outputs) summary.outputs.push_back(y.shape());
      }
      return;
    }
  }
  void op_computed(const ComputedOp& op) override {
    std::int64_t count = multiply_adds(op);
    for (const Open& open : open_)
      if (!open.inner) tree_.nodes[open.node].summary.multiply_adds += count;
  }

 private:
  struct Open {
    std::size_t node;
    bool inner;
    double started;
    std::int64_t bytes;
    CalledModule module;
  };
  Tree& tree_;
  ModulePath path_;
  std::vector<Open> open_;
};

/// A plain struct that does not tell of its calls has what its modules have.
void add_up(Tree& tree) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return tree.nodes[a].summary.depth > tree.nodes[b].summary.depth; });
  for (std::size_t i : order) {
    ModuleSummary& summary = tree.nodes[i].summary;
    if (summary.calls > 0) continue;
    for (std::size_t child : tree.nodes[i].children) {
      const ModuleSummary& part = tree.nodes[child].summary;
      summary.multiply_adds += part.multiply_adds;
      summary.forward += part.forward;
      summary.activation_bytes += part.activation_bytes;
    }
  }
}

/// Keeps what calling a model may change.
class Restore {
 public:
  explicit Restore(const nn::AnyModel& model) : buffers_(nn::buffers(model)), random_(default_rng().state()) {}
  ~Restore() {
    buffers_.restore();
    default_rng().set_state(random_);
  }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  KeptLeaves buffers_;
  RngState random_;
};

void measure_backward(Tree& tree, const Tensors& outputs, const ForwardLog& log) {
  Tensor total;
  for (const Tensor& y : outputs)
    if (y.requires_grad()) total = total.defined() ? total + sum(y) : sum(y);
  for (Tree::Node& node : tree.nodes) node.summary.backward = total.defined() ? 0 : NAN;
  if (!total.defined()) return;
  GraphOptions options;
  options.values = &log;
  for (const GraphNode& op : graph_of(total, options).nodes) {
    if (std::isnan(op.backward_seconds)) continue;
    for (Tree::Node& node : tree.nodes)
      if (detail::is_within(op.path, node.summary.path)) node.summary.backward += op.backward_seconds;
  }
}

}  // namespace

Summary detail::summarize(const nn::AnyModel& model, const CalledModule& root, Forward forward) {
  Restore restore(model);
  ModelMap map(model);
  {
    NoGrad off;
    forward.run(forward.context);
  }
  Tree tree;
  for (const auto& module : map.modules()) tree.at(module.path, module.type);
  if (tree.nodes.empty()) tree.at("", root.type);
  {
    Meter meter(tree, map);
    KeepOptions places;
    places.values = false;
    KeepValues keep(model, places);
    Tensors outputs;
    {
      Observing scope(meter);
      outputs = forward.run(forward.context);
    }
    measure_backward(tree, outputs, keep);
  }
  add_up(tree);
  for (const auto& parameter : map.parameters())
    for (Tree::Node& node : tree.nodes)
      if (detail::is_within(parameter.path, node.summary.path)) {
        node.summary.parameters += parameter.tensor.size();
        if (parameter.tensor.requires_grad()) node.summary.trained += parameter.tensor.size();
      }
  return {tree.list()};
}

const ModuleSummary& Summary::operator[](const std::string& path) const {
  std::string known;
  for (const ModuleSummary& module : modules) {
    if (module.path == path) return module;
    known += (known.empty() ? "`" : ", `") + module.path + "`";
  }
  Complaint("summary", "there is no module `" + path + "`").fact("modules", known).raise<ValueError>();
}

std::string to_string(const Summary& summary) {
  auto grouped = [](std::int64_t n) {
    std::string text = std::to_string(n);
    for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
  };
  Table table({"module", "type", "output", ">parameters", ">multiply-adds", ">forward", ">backward", ">activations"});
  const auto& modules = summary.modules;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const ModuleSummary& m = modules[i];
    // A branch goes on below where a later module of the same depth has no shallower one before it.
    auto goes_on = [&](int depth) {
      for (std::size_t k = i + 1; k < modules.size() && modules[k].depth >= depth; ++k)
        if (modules[k].depth == depth) return true;
      return false;
    };
    std::string name;
    for (int depth = 1; depth < m.depth; ++depth) name += goes_on(depth) ? "│  " : "   ";
    if (m.depth > 0) name += goes_on(m.depth) ? "├─ " : "└─ ";
    name += m.depth > 0 ? detail::last_part(m.path) : "model";
    std::string outputs;
    for (const Shape& shape : m.outputs) outputs += (outputs.empty() ? "" : ", ") + to_string(shape);
    std::string parameters = m.parameters ? grouped(m.parameters) : "";
    if (m.trained < m.parameters) parameters += m.trained ? " (" + grouped(m.trained) + " trained)" : " (frozen)";
    if (m.calls > 1) outputs += " × " + std::to_string(m.calls) + " calls";
    bool ran = m.calls > 0 || m.forward > 0;
    table.add({name, m.type, outputs, parameters, m.multiply_adds ? grouped(m.multiply_adds) : "",
               ran ? short_seconds(m.forward) : "not called", ran && m.backward > 0 ? short_seconds(m.backward) : "",
               ran ? short_bytes(m.activation_bytes) : ""});
  }
  const ModuleSummary& all = summary.total();
  return table.text() + fmt::format("{} parameters, {} of them trained; {} multiply-adds a call; forward {}{}\n",
                                    grouped(all.parameters), grouped(all.trained), grouped(all.multiply_adds),
                                    short_seconds(all.forward),
                                    std::isnan(all.backward) ? "" : ", backward " + short_seconds(all.backward));
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << to_string(summary); }

}  // namespace xg::inspect
