// Running a function on inputs of its own, apart from the graph around it.
#pragma once

#include "../graph/node.hpp"
#include "function.hpp"

namespace xg::detail {

/// x again, behind a node of its own: ∂/∂alias counts only what comes after it, and the chain goes on to x.
Tensor alias(const Tensor& x);

/// A tensor without values that stands for the output `edge` points to.
Tensor stand_in(const Edge& edge);

/// The edges that lead from nodes recorded since `start` behind `outputs` to older nodes.
std::vector<Edge*> edges_out(const Tensors& outputs, std::uint64_t start);

/// One recorded call of a function.
struct Trace {
  Tensors inputs;   // what the function was given: fresh variables, or aliases of the caller's; integers as they are
  Tensors outputs;  // attached to the graph
  /// Someone outside may differentiate the results: recording was on, and they depend on a variable that is not ours.
  bool is_open;
};
Trace trace(FunctionRef f, const Tensors& x);

/// Σ_k seeds[k]ᵀ ∂outputs[k]/∂inputs[i], zeros for an input that plays no part, undefined for one without gradients.
/// Outputs without gradients and undefined seeds contribute nothing. The graph is kept.
Tensors pull_back(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds, bool create_graph,
                  const Site& site);

}  // namespace xg::detail
