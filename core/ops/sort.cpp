#include "sort.hpp"

#include "../error/error.hpp"
#include "../graph/node.hpp"
#include "../graph/record.hpp"
#include "../kernels/reduce.hpp"
#include "../kernels/sort.hpp"
#include "gather.hpp"
#include "reduce.hpp"

namespace xg {
namespace {

ValuesIndices extreme(const char* op, const Operand& x, std::int64_t axis, KeepDims keep, bool largest) {
  detail::Reduction over(op, x, axis, keep);
  over.refuse_empty(op, x);
  CallScope scope(x.site());
  Tensor indices(kernels::arg_extreme(x.array(), over.axes, largest).reshaped(over.spread));
  Tensor values = gather(x, indices, over.axes[0]);
  return {detail::reshaped(values, over.shape), detail::reshaped(indices, over.shape)};
}

}  // namespace

ValuesIndices max(const Operand& x, std::int64_t axis, KeepDims keep) { return extreme("max", x, axis, keep, true); }
ValuesIndices min(const Operand& x, std::int64_t axis, KeepDims keep) { return extreme("min", x, axis, keep, false); }

ValuesIndices sort(const Operand& x, std::int64_t axis, SortOptions options) {
  axis = normal_axis("sort", axis, x.shape().rank(), x.site());
  CallScope scope(x.site());
  Tensor indices = argsort(x, axis, options);
  return {gather(x, indices, axis), indices};
}

Tensor argsort(const Operand& x, std::int64_t axis, SortOptions options) {
  axis = normal_axis("argsort", axis, x.shape().rank(), x.site());
  return record("argsort", kernels::ranking(x.array(), axis, x.shape()[axis], options.descending), {x});
}

ValuesIndices topk(const Operand& x, std::int64_t k, TopkOptions options) {
  std::int64_t axis = normal_axis("topk", options.axis, x.shape().rank(), x.site()), length = x.shape()[axis];
  if (k < 0 || k > length)
    Complaint("topk", "cannot take " + std::to_string(k) + " of " + std::to_string(length) + " elements")
        .fact("x", describe(x))
        .at(x.site())
        .raise<ValueError>();
  CallScope scope(x.site());
  Tensor indices(kernels::ranking(x.array(), axis, k, options.largest));
  return {gather(x, indices, axis), indices};
}

}  // namespace xg
