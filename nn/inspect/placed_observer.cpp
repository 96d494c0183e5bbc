#include "placed_observer.hpp"

#include "../../core/inspect/module_path.hpp"

namespace xg::inspect::detail {

void PlacedObserver::module_entered(const CalledModule& module, const Tensors&) { path_.enter(module); }
void PlacedObserver::module_left(const CalledModule& module, Tensors&) { path_.leave(module); }
void PlacedObserver::backward_started(const Tensors&) { ++passes_; }
void PlacedObserver::backward_ended() { --passes_; }

std::string PlacedObserver::path_of(const Operands& inputs) const {
  if (has_model_ && !path_.path().empty()) return path_.path();
  for (const Operand& input : inputs)
    if (!input.is_number() && input.tensor().is_leaf())
      if (std::string layer = parent_path(input.tensor().name()); !layer.empty()) return layer;
  return path_.path();
}

}  // namespace xg::inspect::detail
