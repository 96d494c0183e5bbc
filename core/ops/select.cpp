#include "select.hpp"

#include "../error/error.hpp"
#include "../kernels/arithmetic.hpp"
#include "compare.hpp"
#include "define.hpp"

namespace xg {

XG_EXACT_BINARY_OP(maximum)
XG_EXACT_BINARY_OP(minimum)

namespace {

constexpr auto limit_below = [](auto x, auto least) { return where(x < least, least, x); };
constexpr auto limit_above = [](auto x, auto most) { return where(x > most, most, x); };
constexpr auto limit_both = [](auto x, auto least, auto most) {
  return where((x > most) || (least > most), most, where(x < least, least, x));
};

}  // namespace

Tensor clamp(const Operand& x, const Bound& least, const Bound& most) {
  if (!least && !most) Complaint("clamp", "there is no bound").fact("x", describe(x)).at(x.site()).raise<ValueError>();
  DType dtype =
      (least && most ? detail::meet("clamp", {x, *least, *most}) : detail::meet("clamp", {x, least ? *least : *most}))
          .dtype;
  if (!is_differentiable(dtype)) {
    CallScope scope(x.site());
    if (!most) return maximum(x, *least);
    return minimum(least ? maximum(x, *least) : x.tensor(), *most);
  }
  static constexpr auto below = elementwise("clamp", limit_below);
  static constexpr auto above = elementwise("clamp", limit_above);
  static constexpr auto both = elementwise("clamp", limit_both);
  if (!most) return below(x, *least);
  if (!least) return above(x, *most);
  return both(x, *least, *most);
}

Tensor where(const Operand& condition, const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("where", {a, b});
  Array mask = condition.array(DType::boolean);
  Shape shape;
  if (!broadcast_shapes(mask.shape(), met.shape, shape))
    Complaint("where", "the condition does not broadcast: " + to_string(mask.shape()) + " and " + to_string(met.shape))
        .fact("condition", describe(condition))
        .fact("a", describe(a))
        .fact("b", describe(b))
        .at(a.site())
        .raise<ShapeError>();
  return record("where", kernels::select(mask, met.arrays[0], met.arrays[1], shape), {a, b},
                [mask = Tensor(mask)](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? where(mask, g, 0) : Tensor(), wants[1] ? where(mask, 0, g) : Tensor()};
                });
}

}  // namespace xg
