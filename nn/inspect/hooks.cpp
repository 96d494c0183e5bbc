#include "hooks.hpp"

#include "../../core/error/error.hpp"

namespace xg::nn::detail {

void ModuleHook::module_entered(const CalledModule& module, const Tensors& inputs) {
  if (!module_.is(module)) return;
  ++calls_;
  before(inputs);
}

void ModuleHook::module_left(const CalledModule& module, Tensors& outputs) {
  if (outputs.empty() || !module_.is(module)) return;
  Tensors offered = outputs;
  after(offered);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor &given = offered[i], &own = outputs[i];
    if (given.shape() != own.shape())
      Complaint("after_forward", "the hook returned a tensor of shape " + to_string(given.shape()) +
                                     " in place of one of shape " + to_string(own.shape()))
          .fact("module", std::string(module.type))
          .at(own.site())
          .raise<ShapeError>();
    if (given.dtype() != own.dtype())
      Complaint("after_forward",
                std::string("the hook returned ") + name_of(given.dtype()) + " in place of " + name_of(own.dtype()))
          .fact("module", std::string(module.type))
          .at(own.site())
          .raise<DTypeError>();
  }
  outputs = offered;
}

}  // namespace xg::nn::detail
