// Activation functions as formulas, on lanes and on duals.
#pragma once

#include "functions.hpp"

namespace xg {

template <class V>
inline constexpr bool is_lane = false;
template <class T, class Arch>
inline constexpr bool is_lane<Lane<T, Arch>> = true;
template <class V>
inline constexpr bool is_single = false;
template <class Arch>
inline constexpr bool is_single<Lane<float, Arch>> = true;
/// What a formula computes with, save tensors, for which the ops themselves stand.
template <class V>
concept FormulaNumber = is_lane<V> || is_dual<V>;

// Made of branches: at a kink the branch that `where` takes has the derivative.

template <class V, class Least, class Most>
  requires is_dual<V>
V clamp(const V& x, const Least& least, const Most& most) {
  return where(x > most, most, where(x < least, least, x));
}
template <FormulaNumber V>
V relu(const V& x) {
  return where(x <= 0, 0.0, x);
}
template <FormulaNumber V>
V hardtanh(const V& x, double least = -1, double most = 1) {
  return where(x <= least, least, where(x >= most, most, x));
}
template <FormulaNumber V>
V relu6(const V& x) {
  return hardtanh(x, 0, 6);
}
template <FormulaNumber V>
V hardsigmoid(const V& x) {
  return hardtanh(x + 3, 0, 6) / 6;
}
template <FormulaNumber V>
V hardswish(const V& x) {
  return where(x < -3, 0.0, where(x <= 3, x * (x + 3) / 6, x));
}
template <FormulaNumber V>
V leaky_relu(const V& x, double slope = 0.01) {
  return where(x > 0, x, slope * x);
}
template <class V, class W>
  requires(FormulaNumber<V> || FormulaNumber<W>)
auto prelu(const V& x, const W& weight) {
  return where(x > 0, x, weight * x);
}

// With a derivative that is better stated than derived.

// scale·x for x > 0, else scale·alpha·(exp(x / width) − 1). The exponential never sees a positive number.
template <class T, class Arch>
Lane<T, Arch> exponential_unit(Lane<T, Arch> x, double scale, double alpha, double width) {
  return where(x > 0, scale * x, scale * alpha * expm1(where(x > 0, 0.0, x) / width));
}
constexpr auto exponential_unit_derivative(double scale, double alpha, double width) {
  return from_input(
      [=](auto x) { return where(x > 0, scale, scale * alpha / width * exp(where(x > 0, 0.0, x) / width)); });
}
constexpr auto elu_derivative(double alpha) { return exponential_unit_derivative(1, alpha, 1); }
constexpr auto celu_derivative(double alpha) { return exponential_unit_derivative(1, alpha, alpha); }
constexpr double selu_scale = 1.0507009873554804934193349852946, selu_alpha = 1.6732632423543772848170429916717;
inline constexpr auto selu_derivative = exponential_unit_derivative(selu_scale, selu_alpha, 1);

template <class T, class Arch>
Lane<T, Arch> elu(Lane<T, Arch> x, double alpha = 1) {
  return exponential_unit(x, 1, alpha, 1);
}
template <class V>
Dual<V> elu(const Dual<V>& x, double alpha = 1) {
  return detail::chain(V(elu(x.value, alpha)), x, elu_derivative(alpha));
}
template <class T, class Arch>
Lane<T, Arch> celu(Lane<T, Arch> x, double alpha = 1) {
  return exponential_unit(x, 1, alpha, alpha);
}
template <class V>
Dual<V> celu(const Dual<V>& x, double alpha = 1) {
  return detail::chain(V(celu(x.value, alpha)), x, celu_derivative(alpha));
}
template <class T, class Arch>
Lane<T, Arch> selu(Lane<T, Arch> x) {
  return exponential_unit(x, selu_scale, selu_alpha, 1);
}
template <class V>
Dual<V> selu(const Dual<V>& x) {
  return detail::chain(V(selu(x.value)), x, selu_derivative);
}

// log(1 + exp(βx)) / β, and x itself where βx is above the threshold.
template <class T, class Arch>
Lane<T, Arch> softplus(Lane<T, Arch> x, double beta = 1, double threshold = 20) {
  Lane<T, Arch> bx = beta * x;
  return where(bx > threshold, x, (maximum(bx, 0) + log1p(exp(-abs(bx)))) / beta);
}
constexpr auto softplus_derivative(double beta, double threshold) {
  return from_input([=](auto x) { return where(beta * x > threshold, 1.0, sigmoid(beta * x)); });
}
template <class V>
Dual<V> softplus(const Dual<V>& x, double beta = 1, double threshold = 20) {
  return detail::chain(V(softplus(x.value, beta, threshold)), x, softplus_derivative(beta, threshold));
}

template <class T, class Arch>
Lane<T, Arch> silu(Lane<T, Arch> x) {
  return x * sigmoid(x);
}
inline constexpr auto silu_derivative = from_input([](auto x) { return sigmoid(x) * (1 + x * sigmoid(-x)); });
template <class V>
Dual<V> silu(const Dual<V>& x) {
  return detail::chain(V(silu(x.value)), x, silu_derivative);
}

// With e = exp(−|x|), tanh(log(1 + exp x)) is a ratio of polynomials in e: one exponential, no cancellation. |x| is
// written as a branch, so that at 0 it has a one-sided derivative and not the 0 of abs.
inline constexpr auto mish_ratio = [](const auto& x) {
  auto e = exp(where(x < 0, x, -x));
  auto top = where(x < 0, e * (e + 2), 1 + 2 * e);
  auto bottom = top + where(x < 0, 2.0, 2 * e * e);
  return std::tuple{e, top, bottom};
};
template <class T, class Arch>
Lane<T, Arch> mish_of(Lane<T, Arch> x) {
  auto [e, top, bottom] = mish_ratio(x);
  return x * (top / bottom);
}
inline constexpr auto mish_derivative = from_input([](auto x) {
  auto [e, top, bottom] = mish_ratio(x);
  return top / bottom + x * (4 * (1 + e) * where(x < 0, e, e * e) / (bottom * bottom));
});
template <class V>
Dual<V> mish_of(const Dual<V>& x) {
  return detail::chain(V(mish(x.value)), x, mish_derivative);
}

template <class T, class Arch>
Lane<T, Arch> softsign(Lane<T, Arch> x) {
  return x / (1 + abs(x));
}
inline constexpr auto softsign_derivative = from_input([](auto x) { return 1 / square(1 + abs(x)); });
template <class V>
Dual<V> softsign(const Dual<V>& x) {
  return detail::chain(V(softsign(x.value)), x, softsign_derivative);
}

/// Which formula `gelu` uses.
enum class Approximate;

// Φ(x). By way of erfc the far left keeps its digits; in f32 the quick erf is as good as PyTorch's.
inline constexpr auto normal_cdf = [](const auto& x) {
  constexpr double half_root = 0.70710678118654752440;
  if constexpr (is_single<std::decay_t<decltype(x)>>) return 0.5 + 0.5 * erf(half_root * x);
  else return 0.5 * erfc(-half_root * x);
};
// (1 + tanh u) / 2 = sigmoid(2u)
inline constexpr auto gelu_tanh_argument = [](const auto& x) {
  constexpr double root = 1.59576912160573071176;  // 2 √(2/π)
  return root * (x + 0.044715 * x * x * x);
};
template <class T, class Arch>
Lane<T, Arch> gelu(Lane<T, Arch> x, Approximate approximate = Approximate()) {
  if (approximate != Approximate()) return x * sigmoid(gelu_tanh_argument(x));
  return x * normal_cdf(x);
}
inline constexpr auto gelu_erf_derivative =
    from_input([](auto x) { return normal_cdf(x) + x * (0.39894228040143267794 * exp(-0.5 * x * x)); });
inline constexpr auto gelu_tanh_derivative = from_input([](auto x) {
  auto u = gelu_tanh_argument(x);
  auto slope = 1.59576912160573071176 * (1 + 0.134145 * x * x);
  return sigmoid(u) * (1 + x * slope * sigmoid(-u));
});
template <class V>
Dual<V> gelu(const Dual<V>& x, Approximate approximate = Approximate()) {
  if (approximate != Approximate()) return detail::chain(V(gelu(x.value, approximate)), x, gelu_tanh_derivative);
  return detail::chain(V(gelu(x.value)), x, gelu_erf_derivative);
}

}  // namespace xg
