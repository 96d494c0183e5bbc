#include "layer_norm.hpp"

#include "../../core/error/error.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/normalize.hpp"

namespace xg::nn {
namespace {

const Shape& checked(const char* name, const Shape& shape, const Site& site) {
  if (shape.empty() || checked_elements(shape) < 0)
    Complaint(name, "cannot normalise over the shape " + to_string(shape))
        .at(site)
        .mend("the lengths of one or more last axes")
        .raise<ValueError>();
  return shape;
}

}  // namespace

LayerNorm::LayerNorm(const Shape& shape, const LayerNormOptions& options, Site site)
    : shape_(checked("LayerNorm", shape, site)), eps_(options.eps) {
  if (!options.affine) return;
  weight = Parameter(ones(shape), site);
  if (options.bias) bias = Parameter(zeros(shape), site);
}

Tensor LayerNorm::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(layer_norm(x, shape_, weight, bias, eps_));
}

RMSNorm::RMSNorm(const Shape& shape, const RMSNormOptions& options, Site site)
    : shape_(checked("RMSNorm", shape, site)), eps_(options.eps) {
  if (options.affine) weight = Parameter(ones(shape), site);
}

Tensor RMSNorm::operator()(const Operand& x) const { return ModuleCall(*this, x)(rms_norm(x, shape_, weight, eps_)); }

}  // namespace xg::nn
