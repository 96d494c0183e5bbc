#include "special.hpp"

#include <math.h>

#include <cmath>
#include <limits>
#include <vector>

namespace xg::kernels {
namespace {

constexpr long double pi = 3.14159265358979323846264338327950288L;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The Bernoulli numbers B₂, B₄, …, B₂₆.
constexpr long double bernoulli[] = {1.L / 6,       -1.L / 30,       1.L / 42,       -1.L / 30,
                                     5.L / 66,      -691.L / 2730,   7.L / 6,        -3617.L / 510,
                                     43867.L / 798, -174611.L / 330, 854513.L / 138, -236364091.L / 2730,
                                     8553103.L / 6};

// cot(πx), with x first reduced to (−1/2, 1/2].
long double cot_pi(long double x) {
  x -= std::nearbyint(x);
  return 1 / std::tan(pi * x);
}

// The nth derivative of π·cot(πx): −(1 + c²)·d/dc, applied n times to the polynomial c, times πⁿ⁺¹.
long double cot_pi_derivative(int n, long double x) {
  std::vector<long double> p{0, 1};
  for (int k = 0; k < n; ++k) {
    std::vector<long double> next(p.size() + 1, 0);
    for (std::size_t i = 1; i < p.size(); ++i) {
      next[i - 1] -= static_cast<long double>(i) * p[i];
      next[i + 1] -= static_cast<long double>(i) * p[i];
    }
    p = next;
  }
  long double c = cot_pi(x), sum = 0;
  for (std::size_t i = p.size(); i-- > 0;) sum = sum * c + p[i];
  return sum * std::pow(pi, static_cast<long double>(n + 1));
}

// ψ for x > 0: recurrence up to where the asymptotic series is exact, then the series.
long double digamma_positive(long double x) {
  // Long double, since near its root ψ is a small difference of large terms.
  long double sum = 0;
  for (; x < 16; ++x) sum -= 1 / x;
  long double inverse = 1 / (x * x), power = inverse;
  sum += std::log(x) - 1 / (2 * x);
  for (int k = 0; k < 13; ++k, power *= inverse) sum -= bernoulli[k] / (2 * (k + 1)) * power;
  return sum;
}

// Σ_k (x + k)^−s for x > 0, s ≥ 2, by Euler and Maclaurin.
long double hurwitz_zeta(int s, long double x) {
  long double sum = 0, order = s;
  for (; x < 16 + order; ++x) {
    long double term = std::pow(x, -order);
    sum += term;
    if (term < sum * 1e-22L) return sum;
  }
  long double power = std::pow(x, -order), rising = order;
  sum += power * x / (order - 1) + power / 2;
  power /= x;
  long double factorial = 2;
  for (int k = 0; k < 13; ++k) {
    sum += bernoulli[k] * rising / factorial * power;
    rising *= (order + 2 * k + 1) * (order + 2 * k + 2);
    factorial *= static_cast<long double>(2 * k + 3) * (2 * k + 4);
    power /= x * x;
  }
  return sum;
}

}  // namespace

double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}

double digamma(double x) {
  if (x == 0) return std::copysign(infinity, -x);
  if (x != x || x == -infinity) return nan;
  if (x > 0) return static_cast<double>(digamma_positive(x));
  if (x == std::floor(x)) return nan;
  return static_cast<double>(digamma_positive(1 - static_cast<long double>(x)) - pi * cot_pi(x));
}

double polygamma(int n, double x) {
  if (n == 0) return digamma(x);
  if (x != x || x == -infinity) return nan;
  if (x == infinity) return 0;
  if (x <= 0 && x == std::floor(x)) return n % 2 ? infinity : nan;
  long double sign = n % 2 ? 1 : -1, factorial = std::tgamma(static_cast<long double>(n + 1));
  if (x > 0) return static_cast<double>(sign * factorial * hurwitz_zeta(n + 1, x));
  // ψₙ(1−x) + (−1)ⁿ⁺¹ ψₙ(x) = (−1)ⁿ dⁿ/dxⁿ π·cot(πx)
  long double mirrored = sign * factorial * hurwitz_zeta(n + 1, 1 - static_cast<long double>(x));
  return static_cast<double>((n % 2 ? -1 : 1) * (mirrored + sign * cot_pi_derivative(n, x)));
}

}  // namespace xg::kernels
