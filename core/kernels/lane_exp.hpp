// The exponential and what is made of it, and erf in f32: branch-free vector code, within two units in the last place
// up to the ends of the range, subnormal results and infinities included.
#pragma once

#include "lane.hpp"

namespace xg {
namespace kernels {

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float magic = 12582912.0f;            // 1.5·2²³: adding it rounds to a whole number
  static constexpr float ln2_high = 0.693145751953125f;  // few bits, so that n·ln2_high is exact
  static constexpr float ln2_low = 1.42860682030941723e-6f;
  static constexpr float lowest = -152, highest = 130;  // in powers of two: there, all is 0 or infinite
  static constexpr int mantissa = 23, bias = 127, terms = 7;
  using Integer = std::int32_t;
};
template <>
struct ExpConstants<double> {
  static constexpr double magic = 6755399441055744.0;  // 1.5·2⁵²
  static constexpr double ln2_high = 6.93147180369123816490e-01;
  static constexpr double ln2_low = 1.90821492927058770002e-10;
  static constexpr double lowest = -1080, highest = 1030;
  static constexpr int mantissa = 52, bias = 1023, terms = 13;
  using Integer = std::int64_t;
};

/// c₀ + x (c₁ + x (c₂ + …))
template <class T, class Arch>
Lane<T, Arch> polynomial(Lane<T, Arch>, std::type_identity_t<Lane<T, Arch>> last) {
  return last;
}
template <class T, class Arch, class... More>
Lane<T, Arch> polynomial(Lane<T, Arch> x, std::type_identity_t<Lane<T, Arch>> first, More... more) {
  return xsimd::fma(polynomial(x, more...).batch, x.batch, first.batch);
}

/// The whole number nearest to x, for |x| < 2²².
template <class T, class Arch>
Lane<T, Arch> nearest(Lane<T, Arch> x) {
  Lane<T, Arch> magic(ExpConstants<T>::magic);
  return (x + magic) - magic;
}

/// 2ⁿ for a whole number n that is the exponent of a normal number.
template <class T, class Arch>
Lane<T, Arch> power_of_two(Lane<T, Arch> n) {
  using Constants = ExpConstants<T>;
  using Integers = xsimd::batch<typename Constants::Integer, Arch>;
  // After adding 2²³ + bias the exponent stands in the low bits; the shift drops the rest.
  Lane<T, Arch> biased = n + (T(std::int64_t(1) << Constants::mantissa) + T(Constants::bias));
  return xsimd::bitwise_cast<xsimd::batch<T, Arch>>(xsimd::bitwise_cast<Integers>(biased.batch) << Constants::mantissa);
}

/// eʳ − 1 for |r| ≤ log(2)/2, by its Taylor series.
template <class T, class Arch>
Lane<T, Arch> expm1_reduced(Lane<T, Arch> r) {
  Lane<T, Arch> tail;
  if constexpr (std::is_same_v<T, float>) tail = polynomial(r, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040);
  else
    tail = polynomial(r, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800,
                      1. / 39916800, 1. / 479001600, 1. / 6227020800);
  return xsimd::fma((r * r).batch, tail.batch, r.batch);
}

/// x·2ⁿ for a whole number n, where 2ⁿ may not be a normal number.
template <class T, class Arch>
[[gnu::always_inline]] inline Lane<T, Arch> scaled(Lane<T, Arch> x, Lane<T, Arch> n) {
#ifdef __AVX512F__
  if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
    if constexpr (std::is_same_v<T, float>) return xsimd::batch<T, Arch>(_mm512_scalef_ps(x.batch, n.batch));
    else return xsimd::batch<T, Arch>(_mm512_scalef_pd(x.batch, n.batch));
  }
#endif
  Lane<T, Arch> half = nearest(T(0.5) * n);
  return x * power_of_two(half) * power_of_two(n - half);
}

/// x between two bounds, in one instruction each; a NaN stays one, for min and max return their second argument then.
template <class T, class Arch>
Lane<T, Arch> between(double least, double most, Lane<T, Arch> x) {
  return xsimd::min(Lane<T, Arch>(most).batch, xsimd::max(Lane<T, Arch>(least).batch, x.batch));
}

/// x = n·log 2 + r.
template <class T, class Arch>
struct ExpParts {
  Lane<T, Arch> r, n;

  explicit ExpParts(Lane<T, Arch> x) {
    using Constants = ExpConstants<T>;
    constexpr double log2 = 0.69314718055994530942;
    x = between(Constants::lowest * log2, Constants::highest * log2, x);
    n = nearest(x * T(1 / log2));
    r = xsimd::fnma(n.batch, Lane<T, Arch>(Constants::ln2_high).batch, x.batch);
    r = xsimd::fnma(n.batch, Lane<T, Arch>(Constants::ln2_low).batch, r.batch);
  }
};

}  // namespace kernels

// Made part of their loops, which the compiler would refuse for their size: a call would spill every register.
template <class T, class Arch>
[[gnu::always_inline]] inline Lane<T, Arch> exp(Lane<T, Arch> x) {
  kernels::ExpParts parts(x);
  return kernels::scaled(1 + kernels::expm1_reduced(parts.r), parts.n);
}

template <class T, class Arch>
Lane<T, Arch> exp2(Lane<T, Arch> x) {
  using Constants = kernels::ExpConstants<T>;
  Lane<T, Arch> bounded = kernels::between(Constants::lowest, Constants::highest, x), n = kernels::nearest(bounded);
  return kernels::scaled(1 + kernels::expm1_reduced((bounded - n) * T(0.69314718055994530942)), n);
}

template <class T, class Arch>
[[gnu::always_inline]] inline Lane<T, Arch> expm1(Lane<T, Arch> x) {
  kernels::ExpParts parts(x);
  // 2ⁿ(eʳ − 1) + 2ⁿ − 1, a factor of 2ⁿ taken out, which alone may be too large.
  Lane<T, Arch> half = kernels::nearest(T(0.5) * parts.n), rest = parts.n - half;
  Lane<T, Arch> factor = kernels::power_of_two(half), small = kernels::expm1_reduced(parts.r);
  Lane<T, Arch> y = (small * factor + (factor - kernels::power_of_two(-rest))) * kernels::power_of_two(rest);
  return where(x == 0, x, y);
}

template <class T, class Arch>
[[gnu::always_inline]] inline Lane<T, Arch> tanh(Lane<T, Arch> x) {
  // Beyond 22 all is 1, in f64 too.
  Lane<T, Arch> grown = expm1(2 * minimum(abs(x), 22));
  Lane<T, Arch> y = grown / (grown + 2);
  return where(x < 0, -y, where(x == 0, x, y));
}

template <class T, class Arch>
Lane<T, Arch> sigmoid(Lane<T, Arch> x) {
  // e = exp(−|x|) cannot overflow.
  Lane<T, Arch> e = exp(-abs(x));
  return where(x < 0, e, 1) / (1 + e);
}

template <class T, class Arch>
Lane<T, Arch> erf(Lane<T, Arch> x) {
  if constexpr (std::is_same_v<T, double>) {
    return x.each([](T v) { return std::erf(v); }, x);
  } else {
    // x·P(x²)/Q(x²), fitted for the least relative error (2e-8) up to 3.92, where erf rounds to 1.
    Lane<T, Arch> t = minimum(x * x, 3.92f * 3.92f);
    Lane<T, Arch> p = kernels::polynomial(t, 1.12837914636f, 0.190389408763f, 0.0527465039946f, 0.00376490319879f,
                                          0.00028486960218f, 2.05024985881e-6f);
    Lane<T, Arch> q = kernels::polynomial(t, 1.0f, 0.502060964144f, 0.114102095979f, 0.0149677751349f,
                                          0.00116236857837f, 3.8092731123e-5f);
    Lane<T, Arch> size = abs(x);
    Lane<T, Arch> y = minimum(size * p / q, 1);
    return where(x < 0, -y, where(x == 0, x, where(size >= 3.92f, 1, y)));
  }
}

}  // namespace xg
