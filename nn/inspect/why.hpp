// Why a tensor has no gradient, or one of zeros.
#pragma once

#include <string>

#include <memory>

#include "../../core/inspect/graph.hpp"
#include "recording.hpp"

namespace xg::inspect {

/// Answers in a sentence or two why `x` has no gradient of `loss`, or one that is zero: x is a constant or frozen, the
/// loss does not depend on it, an op cut the way (detach, an integer op, NoGrad; named with its line), backward has not
/// run, x is no leaf, or its gradient is zero and which op made it so. Also says so when all is well.
///
/// The graph itself knows only of ops that were recorded, and no longer of one that backward ran through. With a
/// Recording that was alive in the forward pass the answer names what cut the way. A graph that is still there is
/// looked at as by `graph_of`: no gradients are left, no hooks are called. Throws ValueError for undefined tensors.
std::string why_no_gradient(const Tensor& x, const Tensor& loss, const Recording* recording = nullptr,
                            Site site = Site::here());

namespace detail {
/// Answers about many tensors: walks the graph of a loss once, and looks at most once at what goes through it.
class Reasons {
 public:
  /// With `looked`, what `graph_of` said of the loss, from where gradients are taken instead of a backward pass.
  Reasons(const Tensor& loss, const Recording* recording, const Graph* looked = nullptr);
  ~Reasons();
  std::string why_no_gradient(const Tensor& x) const;

  struct Walk;

 private:
  std::unique_ptr<Walk> walk_;
};
}  // namespace detail

}  // namespace xg::inspect
