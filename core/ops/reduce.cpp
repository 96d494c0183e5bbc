#include "reduce.hpp"

#include "../error/error.hpp"
#include "../graph/engine_ops.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "../kernels/reduce.hpp"
#include "arithmetic.hpp"
#include "shape.hpp"

namespace xg {

using detail::Reduction;

namespace detail {

Reduction::Reduction(const char* op, const Operand& x, const Axes& chosen, KeepDims keep)
    : axes(normal_axes(op, chosen, x.shape().rank(), x.site())), shape(reduced_shape(x.shape(), axes, keep)),
      spread(reduced_shape(x.shape(), axes, KeepDims::yes)), count(1) {
  for (std::int64_t axis : axes) count *= x.shape()[axis];
}

void Reduction::refuse_empty(const char* op, const Operand& x) const {
  if (count == 0 && shape.elements() != 0)
    Complaint(op, "nothing to choose from: " + to_string(x.shape()) + " is empty along the reduced axes")
        .fact("x", describe(x))
        .at(x.site())
        .mend("sum, prod, all and any are defined for empty tensors")
        .raise<ValueError>();
}

Tensor reshaped(const Tensor& x, const Shape& shape) { return x.shape() == shape ? x : reshape(x, shape); }

}  // namespace detail

Tensor sum(const Operand& x, const Axes& axes, KeepDims keep) {
  Reduction over("sum", x, axes, keep);
  return record("sum", kernels::sum(x.array(), over.axes).reshaped(over.shape), {x},
                [from = x.shape(), spread = over.spread](const Tensor& g) -> Tensors {
                  return {broadcast_to(detail::reshaped(g, spread), from)};
                });
}

Tensor mean(const Operand& x, const Axes& axes, KeepDims keep) {
  Reduction over("mean", x, axes, keep);
  DType dtype = real(x.dtype());
  Array total = kernels::sum(x.array(dtype), over.axes).reshaped(over.shape);
  return record("mean", kernels::arithmetic(kernels::Arithmetic::divide, total, Array(over.count, dtype), over.shape),
                {x}, [from = x.shape(), spread = over.spread, n = over.count](const Tensor& g) -> Tensors {
                  return {broadcast_to(detail::reshaped(g / n, spread), from)};
                });
}

namespace {

Tensor extreme(const char* op, const Operand& x, const Axes& axes, KeepDims keep, bool largest) {
  Reduction over(op, x, axes, keep);
  over.refuse_empty(op, x);
  return record(op, kernels::extreme(x.array(), over.axes, largest).reshaped(over.shape), {x},
                [x = x.tensor(), over](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  Tensor weights(kernels::extreme_weights(x.array(), y.array(), over.axes));
                  return {detail::reshaped(g, over.spread) * weights};
                });
}

Tensor arg_extreme(const char* op, const Operand& x, const Axes& axes, KeepDims keep, bool largest) {
  Reduction over(op, x, axes, keep);
  over.refuse_empty(op, x);
  return record(op, kernels::arg_extreme(x.array(), over.axes, largest).reshaped(over.shape), {x});
}

Tensor truth(const char* op, const Operand& x, const Axes& axes, KeepDims keep, bool every) {
  Reduction over(op, x, axes, keep);
  return record(op, kernels::truth(x.array(), over.axes, every).reshaped(over.shape), {x});
}

}  // namespace

Tensor amax(const Operand& x, const Axes& axes, KeepDims keep) { return extreme("amax", x, axes, keep, true); }
Tensor amin(const Operand& x, const Axes& axes, KeepDims keep) { return extreme("amin", x, axes, keep, false); }

Tensor argmax(const Operand& x) { return arg_extreme("argmax", x, {}, KeepDims::no, true); }
Tensor argmax(const Operand& x, std::int64_t axis, KeepDims keep) { return arg_extreme("argmax", x, axis, keep, true); }
Tensor argmin(const Operand& x) { return arg_extreme("argmin", x, {}, KeepDims::no, false); }
Tensor argmin(const Operand& x, std::int64_t axis, KeepDims keep) {
  return arg_extreme("argmin", x, axis, keep, false);
}

Tensor any(const Operand& x, const Axes& axes, KeepDims keep) { return truth("any", x, axes, keep, false); }
Tensor All::operator()(const Operand& x, const Axes& axes, KeepDims keep) const {
  return truth("all", x, axes, keep, true);
}

Tensor count_nonzero(const Operand& x, const Axes& axes, KeepDims keep) {
  Reduction over("count_nonzero", x, axes, keep);
  return record("count_nonzero", kernels::count_nonzero(x.array(), over.axes).reshaped(over.shape), {x});
}

}  // namespace xg
