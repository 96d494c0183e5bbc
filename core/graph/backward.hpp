// The chain rule in reverse topological order.
#pragma once

#include <array>

#include "tensor.hpp"

namespace xg {

/// How `grad` runs.
struct GradOptions {
  bool retain_graph = false;
  /// Record the backward pass, so that gradients can be differentiated again; implies retain_graph.
  bool create_graph = false;
  /// An input that the outputs do not depend on gets an undefined tensor instead of a GradError.
  bool allow_unused = false;
};
/// `grad(y, x, create_graph)`: the gradient can be differentiated again.
inline constexpr GradOptions create_graph{.create_graph = true};
inline constexpr GradOptions retain_graph{.retain_graph = true};
inline constexpr GradOptions allow_unused{.allow_unused = true};

/// Σ_k seeds[k]ᵀ ∂outputs[k]/∂inputs[i] for each i, without touching `.grad()` (PyTorch `autograd.grad`). An undefined
/// seed means ones, allowed for outputs of one element; no seeds at all means all undefined. Inputs may be leaves or
/// results of ops. Throws GradError: an output or input without gradient, an unused input, the graph is gone, a leaf
/// changed; ShapeError and DTypeError for seeds that do not fit.
Tensors grad(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds = {}, GradOptions options = {},
             Site site = Site::here());

/// ∂y/∂x of a y with one element.
Tensor grad(const Tensor& y, const Tensor& x, GradOptions options = {}, Site site = Site::here());

/// ∂y/∂x for several x, for structured bindings: `auto [dw, db] = grad(loss, w, b)`; options may come last.
template <class First, class Second, class... More>
  requires(std::is_convertible_v<const First&, const Tensor&> && std::is_convertible_v<const Second&, const Tensor&> &&
           (... && (std::is_convertible_v<const More&, const Tensor&> || std::is_same_v<More, GradOptions>)))
auto grad(const Operand& y, const First& first, const Second& second, const More&... more) {
  Tensors inputs{first, second};
  GradOptions options;
  (
      [&] {
        if constexpr (std::is_same_v<More, GradOptions>) options = more;
        else inputs.push_back(more);
      }(),
      ...);
  Tensors found = grad(Tensors{y.tensor()}, inputs, Tensors{}, options, y.site());
  std::array<Tensor, 2 + (0 + ... + (std::is_same_v<More, GradOptions> ? 0 : 1))> result;
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = std::move(found[i]);
  return result;
}

}  // namespace xg
