#include "layer_norm.hpp"

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/powers.hpp"
#include "../../core/ops/reduce.hpp"

namespace xg::nn {

LayerNorm::LayerNorm(const Shape& shape, const LayerNormOptions& options, Site site)
    : shape_(shape), eps_(options.eps) {
  if (shape.empty() || checked_elements(shape) < 0)
    Complaint("LayerNorm", "cannot normalise over the shape " + to_string(shape))
        .at(site)
        .mend("the lengths of one or more last axes")
        .raise<ValueError>();
  if (!options.affine) return;
  weight = Parameter(ones(shape), site);
  if (options.bias) bias = Parameter(zeros(shape), site);
}

Tensor LayerNorm::operator()(const Operand& x) const {
  std::size_t count = shape_.size(), rank = x.shape().size();
  if (rank < count || Shape(x.shape().end() - count, x.shape().end()) != shape_)
    Complaint("LayerNorm", "x has shape " + to_string(x.shape()) + ", which does not end in " + to_string(shape_))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  CallScope scope(x.site());
  Shape axes;
  for (std::size_t i = 0; i < count; ++i) axes.push_back(static_cast<std::int64_t>(rank - count + i));
  Tensor centred = x - mean(x, axes, keepdims);
  Tensor y = centred * rsqrt(mean(square(centred), axes, keepdims) + eps_);
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

}  // namespace xg::nn
