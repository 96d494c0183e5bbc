// + − · / and their whole-number relatives.
#pragma once

#include "../graph/engine_ops.hpp"

namespace xg {

/// a − b. d/da = 1, d/db = −1.
Tensor subtract(const Operand& a, const Operand& b);
/// a · b. d/da = b, d/db = a.
Tensor multiply(const Operand& a, const Operand& b);
/// a / b, real for integers too (NumPy `true_divide`). d/da = 1/b, d/db = −a/b².
Tensor divide(const Operand& a, const Operand& b);
/// −x. d/dx = −1. Throws DTypeError on booleans.
Tensor negative(const Operand& x);
/// ⌊a / b⌋, Python's `//`. The derivatives are 0. Integers stay integers, and an integer by 0 gives 0.
Tensor floor_divide(const Operand& a, const Operand& b);
/// a − b·⌊a / b⌋ with the sign of b, Python's `%`. d/da = 1, d/db = −⌊a / b⌋. Integers stay integers, by 0 give 0.
Tensor remainder(const Operand& a, const Operand& b);
/// a − b·trunc(a / b) with the sign of a, C's `fmod`. d/da = 1, d/db = −trunc(a / b). Integers stay integers, by 0
/// give 0.
Tensor fmod(const Operand& a, const Operand& b);

inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Operand& a, const Operand& b) { return subtract(a, b); }
inline Tensor operator*(const Operand& a, const Operand& b) { return multiply(a, b); }
inline Tensor operator/(const Operand& a, const Operand& b) { return divide(a, b); }
/// remainder(a, b): the sign of b, as in Python.
inline Tensor operator%(const Operand& a, const Operand& b) { return remainder(a, b); }
inline Tensor operator-(const Operand& x) { return negative(x); }
inline Tensor operator+(const Operand& x) { return x.tensor(); }

/// a = a + b: `a` becomes a new tensor; others that share its old value keep it, and a leaf so changed is a leaf no
/// more.
inline Tensor& operator+=(Tensor& a, const Operand& b) { return a = add({a, b.site()}, b); }
inline Tensor& operator-=(Tensor& a, const Operand& b) { return a = subtract({a, b.site()}, b); }
inline Tensor& operator*=(Tensor& a, const Operand& b) { return a = multiply({a, b.site()}, b); }
inline Tensor& operator/=(Tensor& a, const Operand& b) { return a = divide({a, b.site()}, b); }

}  // namespace xg
