// A computation graph looked at: every op behind a tensor, its value, its cotangent, and what it costs.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../graph/observer.hpp"
#include "statistics.hpp"

namespace xg::inspect {

/// What was written down of a forward pass, by the sequence numbers of its nodes: see KeepValues.
struct ForwardLog {
  struct Entry {
    /// The module that it ran in.
    std::string path;
    /// Of its outputs; empty where values are not kept.
    Arrays values;
    double seconds = NAN;
    /// How many bytes more were live when it had run: its outputs, and what it saved.
    std::int64_t bytes = -1;
  };
  std::map<std::uint64_t, Entry> entries;
};

/// One op of a graph, or a leaf.
struct GraphNode {
  struct Input {
    std::size_t node;      // its place in Graph::nodes
    std::uint32_t output;  // which of that node's outputs
    /// For one element each: ∂output/∂input, and the cotangent times that; else NaN.
    double local = NAN, product = NAN;
    /// Whether all that the rule gave this input is zero; so it is too where the rule did not run.
    bool gives_zero = true;
  };
  struct Output {
    Shape shape;
    DType dtype = DType::f32;
    /// Whether the value is known: a rule read it, a ForwardLog kept it, or it is that of a leaf or of the root.
    bool has_value = false;
    /// Whether a cotangent arrived; without one it is zero.
    bool has_cotangent = false;
    Statistics value, cotangent;
    Histogram values, cotangents;  // where they were asked for
  };

  std::string op;    // "leaf" for a leaf
  std::string name;  // given by `named`, or the path of a parameter; mostly of leaves
  std::string path;  // of the module that it belongs to, as far as it is known
  Site site;
  std::uint64_t sequence = 0;
  bool is_leaf = false;
  std::vector<Input> inputs;  // those that take a gradient
  std::vector<Output> outputs;
  /// NaN where it was not measured.
  double forward_seconds = NAN, backward_seconds = NAN;
  /// Of the node itself, and of its outputs' elements.
  std::int64_t node_bytes = 0, output_bytes = 0;
  /// What a ForwardLog measured; −1 without one.
  std::int64_t live_bytes = -1;
};

/// The ops behind a tensor, newest first: the order of the backward pass. `nodes[0]` made the tensor.
struct Graph {
  std::vector<GraphNode> nodes;
};

struct GraphOptions {
  /// The cotangent of the tensor; undefined: ones.
  Tensor seed = {};
  /// Values, places and times of the forward pass.
  const ForwardLog* values = nullptr;
  /// Bins of histograms of values and cotangents; 0: none are made.
  int bins = 0;
};

/// Looks at the graph behind `y`. Runs its rules, without hooks and without touching any `.grad()` or the graph, which
/// can be run backward afterwards; a gradient that a hook replaces is seen as it was before. Throws GradError: `y`
/// depends on no variable, the graph is gone, a leaf changed since; ShapeError and DTypeError for a seed that does not
/// fit.
Graph graph_of(const Tensor& y, const GraphOptions& options = {}, Site site = Site::here());

/// Gives nodes without a path that of the module whose parameter they take, as parameters are named by their paths.
void place_by_parameters(Graph& graph);

}  // namespace xg::inspect
