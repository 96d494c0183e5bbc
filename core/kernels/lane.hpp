// Lane: the numbers a formula sees in a kernel, one SIMD register at a time. Its functions are found by
// argument-dependent lookup, so a formula writes `exp(x)` and gets the vector one.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <xsimd/xsimd.hpp>

namespace xg {
namespace kernels {

/// a − b·⌊a/b⌋ with the sign of b, as Python's %.
template <class T>
T python_remainder(T a, T b) {
  T r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
/// ⌊a/b⌋ as Python's //: not the floor of a rounded quotient, which can be one too many.
template <class T>
T python_floor_divide(T a, T b) {
  if (b == 0) return a / b;
  T quotient = (a - std::fmod(a, b)) / b;
  if (python_remainder(a, b) != std::fmod(a, b)) quotient -= 1;
  T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}

}  // namespace kernels

template <class T, class Arch = xsimd::default_arch>
struct Mask {
  using Batch = xsimd::batch_bool<T, Arch>;
  Batch batch;
  Mask(Batch batch) : batch(batch) {}
  Mask(bool value) : batch(value) {}
  /// Not one truth but one for each element.
  template <class Bool>
    requires std::is_same_v<Bool, bool>
  explicit operator Bool() const {
    static_assert(!std::is_same_v<Bool, bool>, "a formula chooses by where(condition, a, b), not by if or ?:");
    return false;
  }
  friend Mask operator&&(Mask a, Mask b) { return a.batch & b.batch; }
  friend Mask operator&&(Mask a, bool b) { return a && Mask(b); }
  friend Mask operator&&(bool a, Mask b) { return Mask(a) && b; }
  friend Mask operator||(Mask a, Mask b) { return a.batch | b.batch; }
  friend Mask operator||(Mask a, bool b) { return a || Mask(b); }
  friend Mask operator||(bool a, Mask b) { return Mask(a) || b; }
  friend Mask operator!(Mask a) { return ~a.batch; }
  friend Mask operator==(Mask a, Mask b) { return ~(a.batch ^ b.batch); }
  friend Mask operator!=(Mask a, Mask b) { return a.batch ^ b.batch; }
  friend Mask logical_and(Mask a, Mask b) { return a && b; }
  friend Mask logical_or(Mask a, Mask b) { return a || b; }
  friend Mask logical_xor(Mask a, Mask b) { return a != b; }
  friend Mask logical_not(Mask a) { return !a; }
};

template <class T, class Arch = xsimd::default_arch>
struct Lane {
  using Batch = xsimd::batch<T, Arch>;
  using Mask = xg::Mask<T, Arch>;
  static constexpr std::int64_t width = static_cast<std::int64_t>(Batch::size);
  Batch batch;

  Lane() = default;
  Lane(Batch batch) : batch(batch) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Lane(Number value) : batch(static_cast<T>(value)) {}

  static Lane load(const T* from) { return Batch::load_unaligned(from); }
  void store(T* to) const { batch.store_unaligned(to); }

  friend Lane operator+(Lane a, Lane b) { return a.batch + b.batch; }
  friend Lane operator-(Lane a, Lane b) { return a.batch - b.batch; }
  friend Lane operator*(Lane a, Lane b) { return a.batch * b.batch; }
  friend Lane operator/(Lane a, Lane b) { return a.batch / b.batch; }
  friend Lane operator-(Lane a) { return -a.batch; }
  friend Lane mish(Lane x) { return mish_of(x); }  // not in the namespace: see ops/activations.hpp
  friend Lane operator+(Lane a) { return a; }
  Lane& operator+=(Lane b) { return *this = *this + b; }
  Lane& operator-=(Lane b) { return *this = *this - b; }
  Lane& operator*=(Lane b) { return *this = *this * b; }
  Lane& operator/=(Lane b) { return *this = *this / b; }
  friend Mask operator<(Lane a, Lane b) { return a.batch < b.batch; }
  friend Mask operator<=(Lane a, Lane b) { return a.batch <= b.batch; }
  friend Mask operator>(Lane a, Lane b) { return a.batch > b.batch; }
  friend Mask operator>=(Lane a, Lane b) { return a.batch >= b.batch; }
  friend Mask operator==(Lane a, Lane b) { return a.batch == b.batch; }
  // Not the `!=` of xsimd 8.1, which on AVX-512 says that NaN equals NaN.
  friend Mask operator!=(Lane a, Lane b) { return ~(a.batch == b.batch); }
  friend Lane where(Mask mask, Lane a, Lane b) { return xsimd::select(mask.batch, a.batch, b.batch); }

  /// One element after another through a scalar function: for functions that have no exact vector form.
  template <class F>
  static Lane each(F f, Lane a) {
    alignas(64) T x[width];
    a.batch.store_aligned(x);
    for (std::int64_t i = 0; i < width; ++i) x[i] = f(x[i]);
    return Batch::load_aligned(x);
  }
  template <class F>
  static Lane each(F f, Lane a, Lane b) {
    alignas(64) T x[width], y[width];
    a.batch.store_aligned(x);
    b.batch.store_aligned(y);
    for (std::int64_t i = 0; i < width; ++i) x[i] = f(x[i], y[i]);
    return Batch::load_aligned(x);
  }

  // Parts and rounding. A NaN stays one. Without SSE4.1 xsimd loses the sign of a rounded zero.
  friend Lane abs(Lane a) { return xsimd::abs(a.batch); }
  friend Lane sign(Lane a) { return where(a > 0, 1, where(a < 0, -1, where(a == 0, 0, a))); }
  friend Lane sqrt(Lane a) { return xsimd::sqrt(a.batch); }
  friend Lane square(Lane a) { return a * a; }
  friend Lane reciprocal(Lane a) { return 1 / a; }
  friend Lane rsqrt(Lane a) { return 1 / sqrt(a); }
  friend Lane floor(Lane a) { return xsimd::copysign(xsimd::floor(a.batch), a.batch); }
  friend Lane ceil(Lane a) { return xsimd::copysign(xsimd::ceil(a.batch), a.batch); }
  friend Lane trunc(Lane a) { return xsimd::copysign(xsimd::trunc(a.batch), a.batch); }
  friend Lane round(Lane a) { return xsimd::nearbyint(a.batch); }
  friend Lane fmod(Lane a, Lane b) {
    return each([](T x, T y) { return std::fmod(x, y); }, a, b);
  }
  friend Lane remainder(Lane a, Lane b) { return each(kernels::python_remainder<T>, a, b); }
  friend Lane floor_divide(Lane a, Lane b) { return each(kernels::python_floor_divide<T>, a, b); }

  // Selection. A NaN wins.
  friend Lane maximum(Lane a, Lane b) { return where(a > b || a != a, a, b); }
  friend Lane minimum(Lane a, Lane b) { return where(a < b || a != a, a, b); }
  friend Lane clamp(Lane a, Lane least, Lane most) { return minimum(maximum(a, least), most); }

  friend Mask isnan(Lane a) { return a != a; }
  friend Mask isinf(Lane a) { return abs(a) == std::numeric_limits<T>::infinity(); }
  friend Mask isfinite(Lane a) { return abs(a) < std::numeric_limits<T>::infinity(); }
};

template <class T, class Arch>
Lane<T, Arch> where(Mask<T, Arch> mask, double a, double b) {
  return where(mask, Lane<T, Arch>(a), Lane<T, Arch>(b));
}

}  // namespace xg
