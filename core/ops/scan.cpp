#include "scan.hpp"

#include "../graph/record.hpp"
#include "../kernels/reduce.hpp"
#include "../kernels/scan.hpp"
#include "arithmetic.hpp"
#include "reduce.hpp"
#include "vjp_product.hpp"

namespace xg {
namespace {

// The family below is closed under differentiation: each rule is written in its members.

Tensor running_sum(const Operand& x, std::int64_t axis, bool reverse) {
  return record("cumsum", kernels::cumsum(x.array(promote(x.dtype(), 0)), axis, reverse), {x},
                [axis, reverse](const Tensor& g) -> Tensors { return {running_sum(g, axis, !reverse)}; });
}

/// x moved one place along the axis, with a constant where none came from.
Tensor shifted(const Tensor& x, std::int64_t axis, bool reverse, const Number& fill) {
  return record("shift", kernels::shifted(x.array(), axis, reverse, fill), {x},
                [axis, reverse](const Tensor& g) -> Tensors { return {shifted(g, axis, !reverse, 0)}; });
}

/// s_k = b_k + a_k s_{k−1}.
Tensor linear_scan(const Tensor& a, const Tensor& b, std::int64_t axis, bool reverse) {
  return record("linear_scan", kernels::linear_scan(a.array(), b.array(), axis, reverse), {a, b},
                [a, axis, reverse](const Tensor& g, const Wants& wants, const Tensor& s) -> Tensors {
                  Tensor db = linear_scan(shifted(a, axis, !reverse, 0), g, axis, !reverse);
                  return {wants[0] ? detail::vjp_product(db, shifted(s, axis, reverse, 0)) : Tensor(), db};
                });
}

Tensor running_product(const Operand& x, std::int64_t axis, bool reverse) {
  return record("cumprod", kernels::cumprod(x.array(promote(x.dtype(), 0)), axis, reverse), {x},
                [x = x.tensor(), axis, reverse](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  // dx_k = (x_0 ⋯ x_{k−1}) (g_k + x_{k+1} (g_{k+1} + x_{k+2} (…)))
                  Tensor rest = linear_scan(shifted(x, axis, !reverse, 0), g, axis, !reverse);
                  return {detail::vjp_product(rest, shifted(y, axis, reverse, 1))};
                });
}

/// At each element, the product of all others along `axes`.
Tensor product_of_others(const Tensor& x, const Shape& axes) {
  Tensor result, left = x;
  for (std::int64_t axis : axes) {
    Tensor others = shifted(running_product(left, axis, false), axis, false, 1) *
                    shifted(running_product(left, axis, true), axis, true, 1);
    result = result.defined() ? result * others : others;
    left = prod(left, axis, keepdims);
  }
  return result;
}

}  // namespace

Tensor prod(const Operand& x, const Axes& axes, KeepDims keep) {
  detail::Reduction over("prod", x, axes, keep);
  return record("prod", kernels::product(x.array(), over.axes).reshaped(over.shape), {x},
                [x = x.tensor(), over](const Tensor& g) -> Tensors {
                  if (over.axes.empty()) return {g};
                  return {detail::vjp_product(detail::reshaped(g, over.spread), product_of_others(x, over.axes))};
                });
}

Tensor cumsum(const Operand& x, std::int64_t axis) {
  return running_sum(x, normal_axis("cumsum", axis, x.shape().rank(), x.site()), false);
}

Tensor cumprod(const Operand& x, std::int64_t axis) {
  return running_product(x, normal_axis("cumprod", axis, x.shape().rank(), x.site()), false);
}

}  // namespace xg
