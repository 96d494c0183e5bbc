// Recomputing instead of keeping: memory for time.
#pragma once

#include "function.hpp"

namespace xg {
namespace detail {
Tensors checkpoint(Ref<Function> f, const Tensors& x, const Site& site);
}

/// Whether this thread computes the inside of a checkpoint again: layers that learn from what they are shown, such as
/// batch normalisation's running statistics, have learnt from it already.
bool is_replaying();

/// f(x...) whose inside is not kept for the backward pass but computed again there: of a long chain cut into pieces,
/// only the borders and one piece at a time are in memory. Gradients reach the inputs and every variable that f
/// captures, to any order. `f` is copied and must still work when backward runs: what it captures by reference lives as
/// long as the graph. It must do the same both times, save that the default random generator is replayed on this thread
/// (threads that draw at the same time need a DefaultRngScope each). Backward throws GradError where it sees that f
/// did not: in a sample of its outputs, the variables that it uses, or what it draws from a generator of its own.
/// Returns a tensor, or Tensors when f returns several (PyTorch `utils.checkpoint.checkpoint`, not reentrant).
template <class F, class... More>
  requires(... && std::is_convertible_v<const More&, const Tensor&>)
auto checkpoint(F f, const Operand& x, const More&... more) {
  constexpr bool is_one = std::is_convertible_v<decltype(f(x.tensor(), more...)), Tensor>;
  Tensors y =
      detail::checkpoint(detail::keep<1 + sizeof...(More)>(std::move(f)), Tensors{x.tensor(), more...}, x.site());
  if constexpr (is_one) return y[0];
  else return y;
}

}  // namespace xg
