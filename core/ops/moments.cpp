#include "moments.hpp"

#include <algorithm>
#include <cmath>

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "../kernels/reduce.hpp"
#include "arithmetic.hpp"
#include "functions.hpp"
#include "reduce.hpp"
#include "vjp_product.hpp"

namespace xg {
namespace {

/// n − ddof, 0 rather than negative.
Array freedom(const detail::Reduction& over, std::int64_t ddof, DType dtype) {
  return Array(std::max<std::int64_t>(0, over.count - ddof), dtype);
}

Array variance(const Operand& x, const detail::Reduction& over, std::int64_t ddof) {
  DType dtype = real(x.dtype());
  return kernels::arithmetic(kernels::Arithmetic::divide,
                             kernels::squared_deviations(x.array(dtype), over.axes).reshaped(over.shape),
                             freedom(over, ddof, dtype), over.shape);
}

}  // namespace

Tensor var(const Operand& x, const Axes& axes, KeepDims keep, std::int64_t ddof) {
  detail::Reduction over("var", x, axes, keep);
  return record("var", variance(x, over, ddof), {x}, [x = x.tensor(), over, ddof](const Tensor& g) -> Tensors {
    Tensor slope = (x - mean(x, over.axes, keepdims)) * (2 / Tensor(freedom(over, ddof, g.dtype())));
    return {detail::vjp_product(detail::reshaped(g, over.spread), slope)};
  });
}

Tensor std(const Operand& x, const Axes& axes, KeepDims keep, std::int64_t ddof) {
  detail::Reduction over("std", x, axes, keep);
  Array squares = variance(x, over, ddof), value(squares.shape(), squares.dtype());
  visit_real(value.dtype(), [&](auto t) {
    using T = decltype(t);
    std::transform(squares.data<T>(), squares.data<T>() + squares.size(), value.fill<T>(),
                   [](T square) { return std::sqrt(square); });
  });
  return record("std", value, {x},
                [x = x.tensor(), over, ddof](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  Tensor wide = detail::reshaped(y, over.spread), is_constant = wide == 0;
                  Tensor scale = where(is_constant, 1, wide) * Tensor(freedom(over, ddof, g.dtype()));
                  Tensor slope = where(is_constant, 0, (x - mean(x, over.axes, keepdims)) / scale);
                  return {detail::vjp_product(detail::reshaped(g, over.spread), slope)};
                });
}

Tensor norm(const Operand& x, double p, const Axes& axes, KeepDims keep) {
  if (std::isnan(p)) Complaint("norm", "p is not a number").fact("x", describe(x)).at(x.site()).raise<ValueError>();
  detail::Reduction over("norm", x, axes, keep);
  if (std::isinf(p)) over.refuse_empty("norm", x);
  CallScope scope(x.site());
  DType dtype = real(x.dtype());
  if (p == 1) return sum(abs(astype(x, dtype)), axes, keep);
  if (std::isinf(p)) return p > 0 ? amax(abs(astype(x, dtype)), axes, keep) : amin(abs(astype(x, dtype)), axes, keep);
  if (p == 0)
    return record("norm", kernels::count_nonzero(x.array(), over.axes).reshaped(over.shape).cast(dtype), {x},
                  [](const Tensor&) -> Tensors { return {Tensor()}; });
  return record("norm", kernels::norm(x.array(dtype), over.axes, p).reshaped(over.shape), {x},
                [x = x.tensor(), over, p](const Tensor& g, const Wants&, const Tensor& y) -> Tensors {
                  // Denominators are masked, not quotients, so that second derivatives stay finite at 0.
                  Tensor wide = detail::reshaped(y, over.spread), safe = where(wide == 0, 1, wide), slope = x / safe;
                  if (p != 2) {
                    Tensor is_zero = x == 0;
                    slope = where(is_zero, 0, sign(x) * pow(where(is_zero, 1, abs(x)) / safe, p - 1));
                  }
                  return {detail::vjp_product(detail::reshaped(g, over.spread), slope)};
                });
}

}  // namespace xg
