// The derivative of every function a formula may call, in one table. `name_derivative` serves the built-in op of that
// name too. What stands here holds for lanes and tensors alike; numbers in `where` are real, so that they adopt the
// dtype of the tensors they meet.
#pragma once

#include <tuple>

#include "dual.hpp"
#include "lane_functions.hpp"

namespace xg {

#define XG_DERIVATIVE(name, ...)                                  \
  inline constexpr auto name##_derivative = __VA_ARGS__;          \
  template <class V>                                              \
  Dual<V> name(const Dual<V>& x) {                                \
    return detail::chain(V(name(x.value)), x, name##_derivative); \
  }

// Piecewise constant.
inline constexpr auto constant_derivative = from_input([](auto) { return 0.0; });
#define XG_PIECEWISE_CONSTANT(name) XG_DERIVATIVE(name, constant_derivative)
XG_PIECEWISE_CONSTANT(sign)
XG_PIECEWISE_CONSTANT(floor)
XG_PIECEWISE_CONSTANT(ceil)
XG_PIECEWISE_CONSTANT(round)
XG_PIECEWISE_CONSTANT(trunc)
#undef XG_PIECEWISE_CONSTANT

// Powers.
XG_DERIVATIVE(abs, from_input([](auto x) { return sign(x); }))
XG_DERIVATIVE(square, from_input([](auto x) { return 2 * x; }))
XG_DERIVATIVE(reciprocal, from_output([](auto y) { return -y * y; }))
XG_DERIVATIVE(sqrt, from_output([](auto y) { return 0.5 / y; }))
XG_DERIVATIVE(rsqrt, from_output([](auto y) { return -0.5 * y * y * y; }))

// Exponentials and logarithms.
XG_DERIVATIVE(exp, from_output([](auto y) { return y; }))
XG_DERIVATIVE(exp2, from_output([](auto y) { return 0.69314718055994530942 * y; }))
XG_DERIVATIVE(expm1, from_input([](auto x) { return exp(x); }))
XG_DERIVATIVE(log, from_input([](auto x) { return 1 / x; }))
XG_DERIVATIVE(log2, from_input([](auto x) { return 1.44269504088896340736 / x; }))
XG_DERIVATIVE(log10, from_input([](auto x) { return 0.43429448190325182765 / x; }))
XG_DERIVATIVE(log1p, from_input([](auto x) { return 1 / (1 + x); }))

// Trigonometry. (1 − x)(1 + x) keeps near ±1 what 1 − x² loses.
XG_DERIVATIVE(sin, from_input([](auto x) { return cos(x); }))
XG_DERIVATIVE(cos, from_input([](auto x) { return -sin(x); }))
XG_DERIVATIVE(tan, from_output([](auto y) { return 1 + y * y; }))
XG_DERIVATIVE(asin, from_input([](auto x) { return 1 / sqrt((1 - x) * (1 + x)); }))
XG_DERIVATIVE(acos, from_input([](auto x) { return -1 / sqrt((1 - x) * (1 + x)); }))
XG_DERIVATIVE(atan, from_input([](auto x) { return 1 / (1 + x * x); }))
XG_DERIVATIVE(sinh, from_input([](auto x) { return cosh(x); }))
XG_DERIVATIVE(cosh, from_input([](auto x) { return sinh(x); }))
XG_DERIVATIVE(tanh, from_output([](auto y) { return 1 - y * y; }))
XG_DERIVATIVE(asinh, from_input([](auto x) { return 1 / sqrt(1 + x * x); }))
XG_DERIVATIVE(acosh, from_input([](auto x) { return 1 / (sqrt(x - 1) * sqrt(x + 1)); }))
XG_DERIVATIVE(atanh, from_input([](auto x) { return 1 / ((1 - x) * (1 + x)); }))

// Special functions.
XG_DERIVATIVE(erf, from_input([](auto x) { return 1.12837916709551257390 * exp(-x * x); }))
XG_DERIVATIVE(erfc, from_input([](auto x) { return -1.12837916709551257390 * exp(-x * x); }))
XG_DERIVATIVE(lgamma, from_input([](auto x) { return digamma(x); }))
XG_DERIVATIVE(digamma, from_input([](auto x) { return polygamma(1, x); }))
constexpr auto polygamma_derivative(int n) {
  return from_input([n](auto x) { return polygamma(n + 1, x); });
}
template <class V>
Dual<V> polygamma(int n, const Dual<V>& x) {
  return detail::chain(V(polygamma(n, x.value)), x, polygamma_derivative(n));
}

// Sigmoids.
XG_DERIVATIVE(sigmoid, from_output([](auto y) { return y * (1 - y); }))
XG_DERIVATIVE(logsigmoid, from_input([](auto x) { return sigmoid(-x); }))
#undef XG_DERIVATIVE

// Functions of two inputs; either may be a number or another constant.
#define XG_DERIVATIVES(name, ...)                                                          \
  inline constexpr auto name##_derivative = from_input(__VA_ARGS__);                       \
  template <class A, class B>                                                              \
    requires DualPair<A, B>                                                                \
  auto name(const A& a, const B& b) {                                                      \
    return detail::chain2(                                                                 \
        a, b, [](const auto& x, const auto& y) { return name(x, y); }, name##_derivative); \
  }

// Equals share; a NaN passes the cotangent to both.
XG_DERIVATIVES(maximum, [](auto a, auto b) {
  return std::tuple{where(a < b, 0.0, where(a == b, 0.5, 1.0)), where(b < a, 0.0, where(a == b, 0.5, 1.0))};
})
XG_DERIVATIVES(minimum, [](auto a, auto b) {
  return std::tuple{where(a > b, 0.0, where(a == b, 0.5, 1.0)), where(b > a, 0.0, where(a == b, 0.5, 1.0))};
})
XG_DERIVATIVES(fmod, [](auto a, auto b) { return std::tuple{1.0, -trunc(a / b)}; })
XG_DERIVATIVES(remainder, [](auto a, auto b) { return std::tuple{1.0, -floor(a / b)}; })
XG_DERIVATIVES(floor_divide, [](auto, auto) { return std::tuple{0.0, 0.0}; })
// x⁰ is 1 whatever x is, and 0^y is 0 whatever y ≥ 0 is.
XG_DERIVATIVES(pow, [](auto a, auto b) {
  return std::tuple{where(b == 0, 0.0, b * pow(a, b - 1)), where((a == 0) && (b >= 0), 0.0, pow(a, b) * log(a))};
})
// At the origin every direction is as good as any other: 0.
XG_DERIVATIVES(atan2, [](auto a, auto b) {
  auto squares = a * a + b * b;
  auto mended = where(squares == 0, 1.0, squares);
  return std::tuple{b / mended, -a / mended};
})
XG_DERIVATIVES(hypot, [](auto a, auto b) {
  auto y = hypot(a, b);
  auto mended = where(y == 0, 1.0, y);
  return std::tuple{a / mended, b / mended};
})
XG_DERIVATIVES(xlogy, [](auto a, auto b) {
  return std::tuple{where((a == 0) && (b <= 0), 0.0, log(b)), where((a == 0) && (b == 0), 0.0, a / b)};
})
// Equal infinities are as quiet as a fully masked softmax.
XG_DERIVATIVES(logaddexp, [](auto a, auto b) {
  auto lost = (a == b) && isinf(a);
  return std::tuple{where(lost, 0.0, sigmoid(a - b)), where(lost, 0.0, sigmoid(b - a))};
})
#undef XG_DERIVATIVES

}  // namespace xg
