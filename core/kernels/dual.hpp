// Dual: a value and its derivative along one direction. A formula run on duals yields its own derivative, whatever V
// is: a Lane in the fused kernel, a Tensor when the derivative must itself be recorded.
#pragma once

#include <type_traits>
#include <utility>

namespace xg {

/// A derivative stated in terms of the function's input: `from_input([](auto x) { return cos(x); })`; of a function of
/// several inputs, a std::tuple of one derivative each.
template <class F>
struct FromInput {
  F derivative;
};
template <class F>
constexpr FromInput<F> from_input(F derivative) {
  return {derivative};
}

/// A derivative stated in terms of the function's output: `from_output([](auto y) { return 1 - y * y; })`. The input
/// need not be kept.
template <class F>
struct FromOutput {
  F derivative;
};
template <class F>
constexpr FromOutput<F> from_output(F derivative) {
  return {derivative};
}

/// No derivative stated: it is derived.
struct Derived {};

template <class V>
struct Dual {
  V value;
  V tangent;

  friend Dual operator+(const Dual& a, const Dual& b) { return {a.value + b.value, a.tangent + b.tangent}; }
  friend Dual operator-(const Dual& a, const Dual& b) { return {a.value - b.value, a.tangent - b.tangent}; }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.tangent * b.value + a.value * b.tangent};
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    V quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  friend Dual operator-(const Dual& a) { return {-a.value, -a.tangent}; }
  friend Dual operator+(const Dual& a) { return a; }
  friend Dual mish(const Dual& x) { return mish_of(x); }  // not in the namespace: see ops/activations.hpp
  template <class B>
  Dual& operator+=(const B& b) {
    return *this = *this + b;
  }
  template <class B>
  Dual& operator-=(const B& b) {
    return *this = *this - b;
  }
  template <class B>
  Dual& operator*=(const B& b) {
    return *this = *this * b;
  }
  template <class B>
  Dual& operator/=(const B& b) {
    return *this = *this / b;
  }
};

template <class T>
inline constexpr bool is_dual = false;
template <class V>
inline constexpr bool is_dual<Dual<V>> = true;

/// What may stand beside a Dual<V> in a formula and is constant along the direction.
template <class C, class V>
concept ConstantBeside = std::is_arithmetic_v<C> || std::is_same_v<C, V>;

/// A Dual with another of its kind or with a constant, in either order.
template <class A, class B>
inline constexpr bool dual_pair = false;
template <class V>
inline constexpr bool dual_pair<Dual<V>, Dual<V>> = true;
template <class V, class C>
  requires ConstantBeside<C, V>
inline constexpr bool dual_pair<Dual<V>, C> = true;
template <class V, class C>
  requires ConstantBeside<C, V>
inline constexpr bool dual_pair<C, Dual<V>> = true;
template <class A, class B>
concept DualPair = dual_pair<A, B>;

/// `c` as a V of the same kind (and dtype) as `like`.
template <class V, class C>
V constant(const C& c, const V& like) {
  if constexpr (std::is_same_v<C, V>) return c;
  else if constexpr (requires { V(c); }) return V(c);
  else return constant_like(c, like);
}

template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator+(const Dual<V>& a, const C& c) {
  return {a.value + c, a.tangent};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator+(const C& c, const Dual<V>& a) {
  return {c + a.value, a.tangent};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator-(const Dual<V>& a, const C& c) {
  return {a.value - c, a.tangent};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator-(const C& c, const Dual<V>& a) {
  return {c - a.value, -a.tangent};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator*(const Dual<V>& a, const C& c) {
  return {a.value * c, a.tangent * c};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator*(const C& c, const Dual<V>& a) {
  return {c * a.value, c * a.tangent};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator/(const Dual<V>& a, const C& c) {
  return {a.value / c, a.tangent / c};
}
template <class V, class C>
  requires ConstantBeside<C, V>
Dual<V> operator/(const C& c, const Dual<V>& a) {
  V quotient = c / a.value;
  return {quotient, -quotient / a.value * a.tangent};
}

template <class V>
const V& value_of(const Dual<V>& x) {
  return x.value;
}
template <class C>
  requires(!is_dual<C>)
const C& value_of(const C& x) {
  return x;
}

#define XG_COMPARE_DUALS(op)                 \
  template <class A, class B>                \
    requires(is_dual<A> || is_dual<B>)       \
  auto operator op(const A& a, const B& b) { \
    return value_of(a) op value_of(b);       \
  }
XG_COMPARE_DUALS(<)
XG_COMPARE_DUALS(<=)
XG_COMPARE_DUALS(>)
XG_COMPARE_DUALS(>=)
XG_COMPARE_DUALS(==)
XG_COMPARE_DUALS(!=)
#undef XG_COMPARE_DUALS

/// where on duals: the branch not taken contributes nothing, not even an inf or NaN.
template <class M, class V>
Dual<V> where(const M& mask, const Dual<V>& a, const Dual<V>& b) {
  return {where(mask, a.value, b.value), where(mask, a.tangent, b.tangent)};
}
template <class M, class V, class C>
  requires ConstantBeside<C, V>
Dual<V> where(const M& mask, const Dual<V>& a, const C& c) {
  return {where(mask, a.value, c), where(mask, a.tangent, 0)};
}
template <class M, class V, class C>
  requires ConstantBeside<C, V>
Dual<V> where(const M& mask, const C& c, const Dual<V>& a) {
  return {where(mask, c, a.value), where(mask, 0, a.tangent)};
}

// Questions are asked of the value.
template <class V>
auto isnan(const Dual<V>& x) {
  return isnan(x.value);
}
template <class V>
auto isinf(const Dual<V>& x) {
  return isinf(x.value);
}
template <class V>
auto isfinite(const Dual<V>& x) {
  return isfinite(x.value);
}

namespace detail {

template <class V, class F>
Dual<V> chain(V y, const Dual<V>& x, const FromInput<F>& rule) {
  return {y, constant<V>(rule.derivative(x.value), y) * x.tangent};
}
template <class V, class F>
Dual<V> chain(V y, const Dual<V>& x, const FromOutput<F>& rule) {
  V tangent = constant<V>(rule.derivative(y), y) * x.tangent;
  return {std::move(y), std::move(tangent)};
}

template <class A>
struct ValueOf {
  using type = A;
};
template <class V>
struct ValueOf<Dual<V>> {
  using type = V;
};

// f of two arguments, at least one of them a Dual. A derivative may be a number.
template <class A, class B, class Y, class F>
auto chain2(const A& a, const B& b, const Y& f, const FromInput<F>& rule) {
  using V = typename ValueOf<std::conditional_t<is_dual<A>, A, B>>::type;
  const V& like = [&]() -> const V& {
    if constexpr (is_dual<A>) return a.value;
    else return b.value;
  }();
  V av = constant<V>(value_of(a), like), bv = constant<V>(value_of(b), like);
  V y = f(av, bv);
  auto [da, db] = rule.derivative(av, bv);
  if constexpr (is_dual<A> && is_dual<B>) return Dual<V>{y, da * a.tangent + db * b.tangent};
  else if constexpr (is_dual<A>) return Dual<V>{y, da * a.tangent};
  else return Dual<V>{y, db * b.tangent};
}
}  // namespace detail

}  // namespace xg
