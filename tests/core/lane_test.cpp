// Every function of a Lane beside the C library's in long double: how many units in the last place it is off, at
// special values, ends of the range, random bit patterns and ordinary numbers, on whatever instruction set this is
// compiled for.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/kernels/activations.hpp"

using namespace xg;

namespace {

template <class T>
std::vector<T> inputs() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> v{1,
                   2,
                   0.5,
                   1.5,
                   2.5,
                   0,
                   Limits::infinity(),
                   Limits::max(),
                   Limits::min(),
                   Limits::denorm_min(),
                   Limits::min() / 8,
                   Limits::quiet_NaN()};
  std::mt19937_64 random(1);
  for (int i = 0; i < 4000; ++i) {
    std::uint64_t bits = random();
    T x;
    std::memcpy(&x, &bits, sizeof(T));
    if (x == x) v.push_back(x);
  }
  std::uniform_real_distribution<double> unit(-1, 1);
  for (double size : {1.0, 2.0, 4.0, 10.0, 100.0, 1000.0, 1e5})
    for (int i = 0; i < 2000; ++i) v.push_back(static_cast<T>(unit(random) * size));
  for (double end : {87.0, 103.0, 88.7, 708.0, 745.0, 709.7, 126.5, 149.5, 1022.5, 1074.5})
    for (int i = 0; i < 500; ++i) v.push_back(static_cast<T>(end + unit(random)));
  for (int i = 0; i < 1000; ++i) v.push_back(static_cast<T>(1 + 1e-4 * unit(random)));
  std::size_t count = v.size();
  for (std::size_t i = 0; i < count; ++i) v.push_back(-v[i]);
  while (v.size() % 64) v.push_back(0);
  return v;
}

// Units in the last place between what came out and what should have; infinite where not even the kind is right.
template <class T>
double units_off(T got, long double want) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  T rounded = static_cast<T>(want);
  if (std::isnan(want)) return std::isnan(got) ? 0 : wrong;
  if (want == 0) return got == 0 && std::signbit(got) == std::signbit(rounded) ? 0 : wrong;
  if (std::isinf(rounded) || std::isinf(got)) return got == rounded ? 0 : wrong;
  if (std::isnan(got)) return wrong;
  int exponent;
  std::frexp(rounded, &exponent);
  if (std::abs(rounded) < std::numeric_limits<T>::min()) exponent = std::numeric_limits<T>::min_exponent;
  return static_cast<double>(std::abs(got - want) / std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits));
}

template <class T, class F, class R>
void check(const std::string& name, double bound, const F& f, const R& reference) {
  static const std::vector<T> x = inputs<T>();
  using L = Lane<T>;
  double worst = 0;
  T at = 0, got = 0;
  for (std::size_t i = 0; i < x.size(); i += L::width) {
    alignas(64) T y[L::width];
    f(L::load(&x[i])).store(y);
    for (std::size_t j = 0; j < static_cast<std::size_t>(L::width); ++j)
      if (double off = units_off(y[j], reference(static_cast<long double>(x[i + j]))); off > worst) {
        worst = off;
        at = x[i + j];
        got = y[j];
      }
  }
  CAPTURE(name);
  CAPTURE(at);
  CAPTURE(got);
  CHECK(worst <= bound);
}

#define UNITS(function, single, twice, reference)                                                             \
  check<float>(                                                                                               \
      #function " f32", single, [](auto v) { return function(v); }, [](long double x) { return reference; }); \
  check<double>(                                                                                              \
      #function " f64", twice, [](auto v) { return function(v); }, [](long double x) { return reference; });

}  // namespace

TEST_CASE("exponentials and logarithms of lanes"){
    UNITS(exp, 1.5, 1.5, std::exp(x)) UNITS(exp2, 1.5, 1.5, std::exp2(x)) UNITS(expm1, 2, 2, std::expm1(x))
        UNITS(log, 1, 1, std::log(x)) UNITS(log2, 2, 1.5, std::log2(x)) UNITS(log10, 1, 1.5, std::log10(x))
            UNITS(log1p, 1, 1, std::log1p(x)) UNITS(sigmoid, 2.5, 2.5, 1 / (1 + std::exp(-x)))}

TEST_CASE("trigonometry of lanes"){
    UNITS(sin, 2, 2.5, std::sin(x)) UNITS(cos, 2, 2.5, std::cos(x)) UNITS(tan, 3, 3, std::tan(x))
        UNITS(asin, 2.5, 1.5, std::asin(x)) UNITS(acos, 1.5, 1.5, std::acos(x)) UNITS(atan, 2.5, 2.5, std::atan(x))
            UNITS(sinh, 3, 2.5, std::sinh(x)) UNITS(cosh, 3, 2.5, std::cosh(x)) UNITS(tanh, 2.5, 2.5, std::tanh(x))
                UNITS(asinh, 3.5, 2, std::asinh(x)) UNITS(acosh, 2, 2.5, std::acosh(x))
                    UNITS(atanh, 2, 2, std::atanh(x))}

TEST_CASE("special functions, roots and rounding of lanes"){
    UNITS(erf, 6, 1.5, std::erf(x)) UNITS(erfc, 3, 3, std::erfc(x)) UNITS(lgamma, 1, 5, std::lgamma(x))
        UNITS(sqrt, 0.5, 0.5, std::sqrt(x)) UNITS(rsqrt, 1.5, 1.5, 1 / std::sqrt(x)) UNITS(abs, 0, 0, std::abs(x))
            UNITS(floor, 0, 0, std::floor(x)) UNITS(ceil, 0, 0, std::ceil(x)) UNITS(trunc, 0, 0, std::trunc(x))
                UNITS(round, 0, 0, std::nearbyint(x))}

TEST_CASE("erf in f32 never leaves [-1, 1]") {
  std::vector<float> y(16);
  for (float x = -6; x < 6; x += 1e-3f) {
    Lane<float> lane = erf(Lane<float>(x));
    lane.store(y.data());
    REQUIRE(std::abs(y[0]) <= 1);
  }
}

TEST_CASE_TEMPLATE("comparisons of lanes with NaN, and choices", T, float, double) {
  using L = Lane<T>;
  T nan = std::numeric_limits<T>::quiet_NaN(), infinity = std::numeric_limits<T>::infinity();
  T y[16];
  auto only = [&](L lane) {
    lane.store(y);
    return y[0];
  };
  auto holds = [&](Mask<T> mask) { return only(where(mask, 1.0, 0.0)) == 1; };
  for (T other : {T(0), T(1), nan, infinity}) {
    CHECK(!holds(L(nan) == other));
    CHECK(holds(L(nan) != other));
    CHECK(!holds(L(nan) < other));
    CHECK(!holds(L(nan) <= other));
    CHECK(!holds(L(nan) > other));
    CHECK(!holds(L(nan) >= other));
    CHECK(std::isnan(only(maximum(L(nan), other))));
    CHECK(std::isnan(only(minimum(other, L(nan)))));
    CHECK(std::isnan(only(maximum(other, L(nan)))));
    CHECK(std::isnan(only(minimum(L(nan), other))));
  }
  CHECK(holds(isnan(L(nan))));
  CHECK(!holds(isnan(L(infinity))));
  CHECK(holds(isinf(L(-infinity))));
  CHECK(!holds(isinf(L(nan))));
  CHECK(holds(isfinite(L(3))));
  CHECK(!holds(isfinite(L(nan))));
  CHECK(!holds(isfinite(L(infinity))));
  CHECK(holds((L(1) < 2 && L(2) < 3) || false));
  CHECK(holds(!(L(1) > 2) && true));
  CHECK(holds(logical_xor(L(1) < 2, L(1) > 2)));
  CHECK(only(where(true, L(1), 2)) == 1);
  CHECK(only(where(false, L(1), 2)) == 2);
  CHECK(only(clamp(L(5), 0, 3)) == 3);
  CHECK(only(pow(L(3), 2)) == 9);
  CHECK(only(pow(2, L(3))) == 8);
}
