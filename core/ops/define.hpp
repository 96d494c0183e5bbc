// How this folder makes its ops: a formula of kernels/, by name.
#pragma once

#include "../kernels/arithmetic.hpp"
#include "elementwise.hpp"

/// Tensor name(x), with the derivative that kernels/functions.hpp states.
#define XG_UNARY_OP(name)                                          \
  Tensor name(const Operand& x) {                                  \
    static constexpr auto op = elementwise(                        \
        #name, [](auto v) { return name(v); }, name##_derivative); \
    return op(x);                                                  \
  }
/// The same with the derivative derived.
#define XG_DERIVED_OP(name)                                                        \
  Tensor name(const Operand& x) {                                                  \
    static constexpr auto op = elementwise(#name, [](auto v) { return name(v); }); \
    return op(x);                                                                  \
  }
/// Tensor name(a, b), with the derivatives that kernels/functions.hpp states.
#define XG_BINARY_OP(name)                                                    \
  Tensor name(const Operand& a, const Operand& b) {                           \
    static constexpr auto op = elementwise(                                   \
        #name, [](auto v, auto w) { return name(v, w); }, name##_derivative); \
    return op(a, b);                                                          \
  }
/// The same, where integers and booleans stay what they are and have a kernel of their own.
#define XG_EXACT_BINARY_OP(name)                                                                              \
  Tensor name(const Operand& a, const Operand& b) {                                                           \
    if (!is_differentiable(promote(a, b))) {                                                                  \
      detail::Met met = detail::meet(#name, {a, b});                                                          \
      return Tensor(kernels::arithmetic(kernels::Arithmetic::name, met.arrays[0], met.arrays[1], met.shape)); \
    }                                                                                                         \
    static constexpr auto op = elementwise(                                                                   \
        #name, [](auto v, auto w) { return name(v, w); }, name##_derivative);                                 \
    return op(a, b);                                                                                          \
  }
