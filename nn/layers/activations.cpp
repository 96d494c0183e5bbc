#include "activations.hpp"

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"

namespace xg::nn {

PReLU::PReLU(std::int64_t channels, const PReLUOptions& options, Site site) {
  if (channels < 1)
    Complaint("PReLU", "there must be at least 1 channel, not " + std::to_string(channels))
        .at(site)
        .raise<ValueError>();
  weight = Parameter(Tensor(Array::full({channels}, options.initial, f32)), site);
}

Tensor PReLU::operator()(const Operand& x) const {
  ModuleCall call(*this, x);
  std::int64_t channels = weight.size(), rank = x.shape().rank();
  if (channels == 1) return call(prelu(x, weight));
  if (rank < 2 || x.shape()[1] != channels)
    Complaint("PReLU", "x has shape " + to_string(x.shape()) + ", whose axis 1 is not one of " +
                           std::to_string(channels) + " channels")
        .layer(weight.name())
        .fact("x", describe(x))
        .fact("weight", describe(weight))
        .at(x.site())
        .raise<ShapeError>();
  CallScope scope(x.site());
  Shape wide(static_cast<std::size_t>(rank) - 1, 1);
  wide[0] = channels;
  return call(prelu(x, reshape(weight, wide)));
}

}  // namespace xg::nn
