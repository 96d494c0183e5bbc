// The derivative of every function a formula may call, in one table. `name_derivative` serves the built-in op of that
// name too.
#pragma once

#include <tuple>

#include "dual.hpp"

namespace xg {

#define XG_DERIVATIVE(name, ...)                                  \
  inline constexpr auto name##_derivative = __VA_ARGS__;          \
  template <class V>                                              \
  Dual<V> name(const Dual<V>& x) {                                \
    return detail::chain(V(name(x.value)), x, name##_derivative); \
  }

XG_DERIVATIVE(abs, from_input([](auto x) { return sign(x); }))
XG_DERIVATIVE(exp, from_output([](auto y) { return y; }))
XG_DERIVATIVE(log, from_input([](auto x) { return 1 / x; }))
XG_DERIVATIVE(log1p, from_input([](auto x) { return 1 / (1 + x); }))
XG_DERIVATIVE(sqrt, from_output([](auto y) { return 0.5 / y; }))
XG_DERIVATIVE(sin, from_input([](auto x) { return cos(x); }))
XG_DERIVATIVE(cos, from_input([](auto x) { return -sin(x); }))
XG_DERIVATIVE(tanh, from_output([](auto y) { return 1 - y * y; }))
XG_DERIVATIVE(erf, from_input([](auto x) { return 1.1283791670955126 * exp(-x * x); }))
#undef XG_DERIVATIVE

#define XG_DERIVATIVES(name, ...)                                                    \
  inline constexpr auto name##_derivative = __VA_ARGS__;                             \
  template <class V>                                                                 \
  Dual<V> name(const Dual<V>& a, const Dual<V>& b) {                                 \
    return detail::chain2<V>(                                                        \
        a, b, [](const V& x, const V& y) { return name(x, y); }, name##_derivative); \
  }                                                                                  \
  template <class V, class C>                                                        \
    requires ConstantBeside<C, V>                                                    \
  Dual<V> name(const Dual<V>& a, const C& b) {                                       \
    return detail::chain2<V>(                                                        \
        a, b, [](const V& x, const V& y) { return name(x, y); }, name##_derivative); \
  }                                                                                  \
  template <class V, class C>                                                        \
    requires ConstantBeside<C, V>                                                    \
  Dual<V> name(const C& a, const Dual<V>& b) {                                       \
    return detail::chain2<V>(                                                        \
        a, b, [](const V& x, const V& y) { return name(x, y); }, name##_derivative); \
  }

XG_DERIVATIVES(maximum, from_input([](auto a, auto b) {
                 auto half = 0.5 + 0 * a;
                 return std::tuple{where(a == b, half, where(a > b, 2 * half, 0 * half)),
                                   where(a == b, half, where(b > a, 2 * half, 0 * half))};
               }))
#undef XG_DERIVATIVES

}  // namespace xg
