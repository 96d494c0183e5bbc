#include "group_norm.hpp"

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/normalize.hpp"
#include "../../core/ops/shape.hpp"

namespace xg::nn {
namespace {

[[noreturn]] void misfit(const char* name, const Operand& x, const char* layouts, std::int64_t channels,
                         const Tensor& weight) {
  Complaint(name, "x has shape " + to_string(x.shape()) + ", not " + layouts + " with " + std::to_string(channels) +
                      " channels")
      .layer(weight.name())
      .fact("x", describe(x))
      .at(x.site())
      .raise<ShapeError>();
}

}  // namespace

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormOptions& options, Site site)
    : groups_(groups), channels_(channels), eps_(options.eps) {
  if (groups < 1 || channels < 1 || channels % groups)
    Complaint("GroupNorm", std::to_string(groups) + " groups do not divide " + std::to_string(channels) + " channels")
        .at(site)
        .raise<ValueError>();
  if (!options.affine) return;
  weight = Parameter(ones({channels}), site);
  bias = Parameter(zeros({channels}), site);
}

Tensor GroupNorm::operator()(const Operand& x) const {
  ModuleCall call(*this, x);
  if (x.shape().rank() < 2 || x.shape()[1] != channels_) misfit("GroupNorm", x, "(N, C, …)", channels_, weight);
  return call(group_norm(x, groups_, weight, bias, eps_));
}

detail::InstanceNormLayer::InstanceNormLayer(const char* name, std::int64_t channels,
                                             const InstanceNormOptions& options, const Site& site)
    : name_(name), channels_(channels), eps_(options.eps) {
  if (channels < 1)
    Complaint(name, "there must be at least 1 channel, not " + std::to_string(channels)).at(site).raise<ValueError>();
  if (!options.affine) return;
  weight = Parameter(ones({channels}), site);
  bias = Parameter(zeros({channels}), site);
}

Tensor detail::InstanceNormLayer::apply(const Operand& x, std::int64_t rank, const char* layouts) const {
  bool one_sample = x.shape().rank() == rank - 1;
  if ((x.shape().rank() != rank && !one_sample) || x.shape()[one_sample ? 0 : 1] != channels_)
    misfit(name_, x, layouts, channels_, weight);
  if (!one_sample) return instance_norm(x, weight, bias, eps_);
  CallScope scope(x.site());
  Tensor batch = expand_dims(x, 0);
  return squeeze(instance_norm(Operand(batch, x.site()), weight, bias, eps_), 0);
}

InstanceNorm1d::InstanceNorm1d(std::int64_t channels, const InstanceNormOptions& options, Site site)
    : InstanceNormLayer("InstanceNorm1d", channels, options, site) {}
InstanceNorm2d::InstanceNorm2d(std::int64_t channels, const InstanceNormOptions& options, Site site)
    : InstanceNormLayer("InstanceNorm2d", channels, options, site) {}

Tensor InstanceNorm1d::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(apply(x, 3, "(N, C, L) or (C, L)"));
}
Tensor InstanceNorm2d::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(apply(x, 4, "(N, C, H, W) or (C, H, W)"));
}

}  // namespace xg::nn
