#include "softmax.hpp"

#include <limits>

#include "../graph/record.hpp"
#include "../kernels/softmax.hpp"
#include "arithmetic.hpp"
#include "functions.hpp"
#include "reduce.hpp"
#include "vjp_product.hpp"

namespace xg {
namespace {

/// y (g − Σ g y)
Tensor softmax_vjp(const Tensor& y, const Tensor& g, std::int64_t axis) {
  return record("softmax_vjp", kernels::softmax_vjp(y.array(), g.array(), {axis}), {y, g},
                [y, g, axis](const Tensor& h, const Wants& wants) -> Tensors {
                  auto along = [axis](const Tensor& t) { return sum(t, axis, keepdims); };
                  return {wants[0] ? h * (g - along(g * y)) - g * along(h * y) : Tensor(),
                          wants[1] ? softmax_vjp(y, h, axis) : Tensor()};
                });
}

/// g − exp(y) Σ g, 0 in rows of −inf only
Tensor log_softmax_vjp(const Tensor& y, const Tensor& g, std::int64_t axis) {
  return record("log_softmax_vjp", kernels::log_softmax_vjp(y.array(), g.array(), {axis}), {y, g},
                [y, g, axis](const Tensor& h, const Wants& wants) -> Tensors {
                  Tensor p = exp(y);
                  if (!wants[1]) return {-h * p * sum(g, axis, keepdims), Tensor()};
                  Tensor is_live = any(p, axis, keepdims);
                  Tensor dg = where(is_live, h - sum(h * p, axis, keepdims), 0);
                  return {wants[0] ? -h * p * sum(g, axis, keepdims) : Tensor(), dg};
                });
}

}  // namespace

Tensor softmax(const Operand& x, std::int64_t axis) {
  axis = normal_axis("softmax", axis, x.shape().rank(), x.site());
  return record(
      "softmax", kernels::softmax(x.array(real(x.dtype())), {axis}), {x},
      [axis](const Tensor& g, const Wants&, const Tensor& y) -> Tensors { return {softmax_vjp(y, g, axis)}; });
}

Tensor log_softmax(const Operand& x, std::int64_t axis) {
  axis = normal_axis("log_softmax", axis, x.shape().rank(), x.site());
  return record(
      "log_softmax", kernels::log_softmax(x.array(real(x.dtype())), {axis}), {x},
      [axis](const Tensor& g, const Wants&, const Tensor& y) -> Tensors { return {log_softmax_vjp(y, g, axis)}; });
}

Tensor logsumexp(const Operand& x, const Axes& axes, KeepDims keep) {
  detail::Reduction over("logsumexp", x, axes, keep);
  return record("logsumexp", kernels::logsumexp(x.array(real(x.dtype())), over.axes).reshaped(over.shape), {x},
                [x = x.tensor(), over](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  constexpr double lowest = -std::numeric_limits<double>::infinity();
                  Tensor shift = detail::reshaped(where(y == lowest, 0, y), over.spread);
                  return {detail::vjp_product(detail::reshaped(g, over.spread), exp(x - shift))};
                });
}

}  // namespace xg
