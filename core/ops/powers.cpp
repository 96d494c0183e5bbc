#include "powers.hpp"

#include <cmath>

#include "../error/error.hpp"
#include "../kernels/arithmetic.hpp"
#include "../kernels/reduce.hpp"
#include "define.hpp"
#include "select.hpp"

namespace xg {

XG_UNARY_OP(sqrt)
XG_UNARY_OP(rsqrt)
XG_UNARY_OP(reciprocal)
XG_BINARY_OP(hypot)

Tensor square(const Operand& x) {
  if (!is_differentiable(x.dtype())) return multiply(x, x);
  static constexpr auto op = elementwise(
      "square", [](auto v) { return square(v); }, square_derivative);
  return op(x);
}

namespace {

// xⁿ for a whole number n by repeated products.
template <class V>
V whole_power(V x, int n) {
  V result = 1;
  for (int k = n < 0 ? -n : n; k; k >>= 1, x = x * x)
    if (k & 1) result = result * x;
  return n < 0 ? 1 / result : result;
}

constexpr int most_products = 4;

// x to a fixed exponent.
struct FixedPower {
  double exponent;
  bool is_small() const { return exponent == std::trunc(exponent) && std::abs(exponent) <= most_products; }
  template <class V>
  V operator()(V x) const {
    if (is_small()) return whole_power(x, static_cast<int>(exponent));
    return pow(x, exponent);
  }
};
struct FixedPowerSlope {
  FixedPower power;
  template <class T, class Arch>
  Lane<T, Arch> operator()(Lane<T, Arch> x) const {
    if (power.exponent == 0) return 0;
    return power.exponent * FixedPower{power.exponent - 1}(x);
  }
  Tensor operator()(const Tensor& x) const {
    if (power.exponent == 0) return constant_like(0, x);
    return power.exponent * pow(x, power.exponent - 1);
  }
};

bool any(const Array& mask) {
  Shape axes;
  for (std::int64_t axis = 0; axis < mask.rank(); ++axis) axes.push_back(axis);
  return kernels::sum(mask, axes).first().as<std::int64_t>() > 0;
}

Tensor integer_power(const Operand& x, const Operand& y) {
  detail::Met met = detail::meet("pow", {x, y});
  Array base = met.arrays[0].cast(DType::i64), exponent = met.arrays[1].cast(DType::i64);
  Array negative = kernels::compare(kernels::Comparison::less, exponent, Array(0, DType::i64), y.shape());
  if (any(negative))
    Complaint("pow", "integers to negative integer powers are not integers")
        .fact("x", describe(x))
        .fact("y", describe(y))
        .at(x.site())
        .mend("astype(x, f64)")
        .raise<ValueError>();
  return Tensor(kernels::arithmetic(kernels::Arithmetic::power, base, exponent, met.shape));
}

}  // namespace

Tensor pow(const Operand& x, const Operand& y) {
  if (!is_differentiable(promote(x, y))) return integer_power(x, y);
  if (y.is_number() && !x.is_number()) {
    FixedPower power{y.number().as<double>()};
    return elementwise("pow", power, from_input(FixedPowerSlope{power}))(x);
  }
  static constexpr auto op = elementwise(
      "pow", [](auto v, auto w) { return pow(v, w); }, pow_derivative);
  return op(x, y);
}

}  // namespace xg
