// Mean and variance, stable for any offset of the values: two passes over neighbours, parts joined exactly.
#pragma once

#include <cmath>

#include "lane_rows.hpp"

namespace xg::kernels {

/// The mean of some numbers and the sum of their squared deviations from it; 0 and 0 of none.
struct Moments {
  double count = 0, mean = 0, squares = 0;

  double variance() const { return count > 0 ? squares / count : 0; }

  /// From Σ d and Σ d² of `count` deviations d from a middle near the mean. Equal numbers have that mean exactly.
  static Moments about(double middle, double count, double total, double squares) {
    if (!(count > 0)) return {};
    double offset = total / count, rest = squares - total * offset;
    return {count, middle + offset, rest < 0 ? 0 : rest};  // NaN stays
  }

  template <class T>
  static Moments of(const T* x, std::int64_t count) {
    using L = Lane<T>;
    double total = row_sum<T>(count, [&](std::int64_t i, std::int64_t n) { return load(x + i, n, T(0)); });
    T middle = count ? static_cast<T>(total / static_cast<double>(count)) : T(0);
    L centre = middle;
    auto [first, second] = row_sums<T, 2>(count, [&](std::int64_t i, std::int64_t n) {
      L d = load(x + i, n, middle) - centre;
      return std::array<L, 2>{d, d * d};
    });
    return about(static_cast<double>(middle), static_cast<double>(count), first, second);
  }

  /// As if the mean were 0.
  template <class T>
  static Moments about_zero(const T* x, std::int64_t count) {
    double squares = row_sum<T>(count, [&](std::int64_t i, std::int64_t n) {
      Lane<T> v = load(x + i, n, T(0));
      return v * v;
    });
    return {static_cast<double>(count), 0, squares};
  }

  /// Of both together. Source: Chan, Golub and LeVeque, Updating formulae for computing sample variances, 1979.
  void join(const Moments& other) {
    if (count == 0) {
      *this = other;
      return;
    }
    double all = count + other.count, distance = other.mean - mean;
    mean += distance * (other.count / all);
    squares += other.squares + distance * distance * (count * other.count / all);
    count = all;
  }
};

/// The standard form of numbers of type T: (x − mean) · scale + rest, where `rest` makes up for the mean's rounding.
template <class T>
struct Standard {
  double exact_mean, exact_scale;
  T mean, scale, rest;

  Standard(double of_mean, double variance, double eps)
      : exact_mean(of_mean), exact_scale(1 / std::sqrt(variance + eps)), mean(static_cast<T>(of_mean)),
        scale(static_cast<T>(exact_scale)), rest(static_cast<T>(-rounding() * exact_scale)) {}

  /// What the mean lost.
  double rounding() const { return exact_mean - static_cast<double>(mean); }
};

}  // namespace xg::kernels
