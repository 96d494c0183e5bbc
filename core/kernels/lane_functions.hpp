// The elementwise functions of a Lane that are more than an instruction or two.
#pragma once

#include "lane_exp.hpp"
#include "special.hpp"

namespace xg {

// A function of two lanes, either of which may be a number.
#define XG_LANE_PAIR(name)                        \
  template <class Number, class T, class Arch>    \
    requires std::is_arithmetic_v<Number>         \
  Lane<T, Arch> name(Number a, Lane<T, Arch> b) { \
    return name(Lane<T, Arch>(a), b);             \
  }                                               \
  template <class T, class Arch>                  \
  Lane<T, Arch> name(Lane<T, Arch> a, std::type_identity_t<Lane<T, Arch>> b)

#define XG_LANE_ONE(name, ...)          \
  template <class T, class Arch>        \
  Lane<T, Arch> name(Lane<T, Arch> x) { \
    __VA_ARGS__;                        \
  }
#define XG_LANE_XSIMD(name) XG_LANE_ONE(name, return xsimd::name(x.batch))
#define XG_LANE_LIBM(name) XG_LANE_ONE(name, return x.each([](T v) { return std::name(v); }, x))

// xsimd's logarithms of subnormal doubles are wrong: those are scaled by 2⁵⁴ first.
#define XG_LANE_LOG(name, log_of_scale)                                   \
  XG_LANE_ONE(name, {                                                     \
    if constexpr (std::is_same_v<T, float>) return xsimd::name(x.batch);  \
    auto is_tiny = x < std::numeric_limits<T>::min();                     \
    Lane<T, Arch> scaled = x * where(is_tiny, 18014398509481984.0, 1.0);  \
    return xsimd::name(scaled.batch) - where(is_tiny, log_of_scale, 0.0); \
  })
XG_LANE_LOG(log, 37.4299477502370498)
XG_LANE_LOG(log2, 54.0)
XG_LANE_LOG(log10, 16.255619765854984)
#undef XG_LANE_LOG
XG_LANE_ONE(log1p, return where(x == 0, x, Lane<T, Arch>(xsimd::log1p(x.batch))))
XG_LANE_XSIMD(sin)
XG_LANE_XSIMD(cos)
XG_LANE_XSIMD(tan)
XG_LANE_XSIMD(asin)
XG_LANE_XSIMD(acos)
XG_LANE_XSIMD(atan)
XG_LANE_XSIMD(sinh)
XG_LANE_XSIMD(cosh)
XG_LANE_XSIMD(asinh)
XG_LANE_ONE(acosh, return where(x < 1, std::numeric_limits<T>::quiet_NaN(), Lane<T, Arch>(xsimd::acosh(x.batch))))
XG_LANE_XSIMD(atanh)
XG_LANE_LIBM(erfc)

XG_LANE_PAIR(pow) {
  return a.each([](T x, T y) { return std::pow(x, y); }, a, b);
}
XG_LANE_PAIR(atan2) {
  return a.each([](T x, T y) { return std::atan2(x, y); }, a, b);
}
XG_LANE_PAIR(hypot) {
  return a.each([](T x, T y) { return std::hypot(x, y); }, a, b);
}
XG_LANE_PAIR(xlogy) { return where(b != b, b, where(a == 0, 0, a * log(b))); }
XG_LANE_PAIR(logaddexp) {
  // Equal infinities have no difference.
  Lane<T, Arch> apart = where(a == b, 0, abs(a - b));
  return maximum(a, b) + log1p(exp(-apart));
}

XG_LANE_ONE(lgamma, return x.each([](T v) { return static_cast<T>(kernels::lgamma(v)); }, x))
XG_LANE_ONE(digamma, return x.each([](T v) { return static_cast<T>(kernels::digamma(v)); }, x))
template <class T, class Arch>
Lane<T, Arch> polygamma(int n, Lane<T, Arch> x) {
  return x.each([n](T v) { return static_cast<T>(kernels::polygamma(n, v)); }, x);
}

XG_LANE_ONE(logsigmoid, return minimum(x, 0) - log1p(exp(-abs(x))))

#undef XG_LANE_PAIR
#undef XG_LANE_ONE
#undef XG_LANE_XSIMD
#undef XG_LANE_LIBM

}  // namespace xg
