// Lane: the numbers a formula sees in a kernel, one SIMD register at a time. Its functions are found by
// argument-dependent lookup, so a formula writes `exp(x)` and gets the vector one.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <xsimd/xsimd.hpp>

namespace xg {

template <class T, class Arch = xsimd::default_arch>
struct Mask {
  using Batch = xsimd::batch_bool<T, Arch>;
  Batch batch;
  Mask(Batch batch) : batch(batch) {}
  friend Mask operator&&(Mask a, Mask b) { return a.batch & b.batch; }
  friend Mask operator||(Mask a, Mask b) { return a.batch | b.batch; }
  friend Mask operator!(Mask a) { return ~a.batch; }
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
  friend Lane operator+(Lane a) { return a; }
  friend Mask operator<(Lane a, Lane b) { return a.batch < b.batch; }
  friend Mask operator<=(Lane a, Lane b) { return a.batch <= b.batch; }
  friend Mask operator>(Lane a, Lane b) { return a.batch > b.batch; }
  friend Mask operator>=(Lane a, Lane b) { return a.batch >= b.batch; }
  friend Mask operator==(Lane a, Lane b) { return a.batch == b.batch; }
  friend Mask operator!=(Lane a, Lane b) { return a.batch != b.batch; }
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

  friend Lane sign(Lane a) { return where(a > 0, 1, where(a < 0, -1, where(a == a, 0, a))); }
  friend Lane abs(Lane a) { return xsimd::abs(a.batch); }
  friend Lane sqrt(Lane a) { return xsimd::sqrt(a.batch); }
  friend Lane exp(Lane a) { return xsimd::exp(a.batch); }
  friend Lane exp2(Lane a) { return xsimd::exp2(a.batch); }
  friend Lane expm1(Lane a) { return xsimd::expm1(a.batch); }
  friend Lane log(Lane a) { return xsimd::log(a.batch); }
  friend Lane log2(Lane a) { return xsimd::log2(a.batch); }
  friend Lane log10(Lane a) { return xsimd::log10(a.batch); }
  friend Lane log1p(Lane a) { return xsimd::log1p(a.batch); }
  friend Lane sin(Lane a) { return xsimd::sin(a.batch); }
  friend Lane cos(Lane a) { return xsimd::cos(a.batch); }
  friend Lane tan(Lane a) { return xsimd::tan(a.batch); }
  friend Lane tanh(Lane a) { return xsimd::tanh(a.batch); }
  friend Lane erf(Lane a) { return xsimd::erf(a.batch); }
  friend Lane floor(Lane a) { return xsimd::floor(a.batch); }
  friend Lane ceil(Lane a) { return xsimd::ceil(a.batch); }
  friend Lane trunc(Lane a) { return xsimd::trunc(a.batch); }
  friend Lane maximum(Lane a, Lane b) { return where(a.batch > b.batch, a, where(a == a, b, a)); }
  friend Lane minimum(Lane a, Lane b) { return where(a.batch < b.batch, a, where(a == a, b, a)); }
};

}  // namespace xg
