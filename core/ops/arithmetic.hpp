// + - * / and comparisons.
#pragma once

#include "../graph/engine_ops.hpp"

namespace xg {

/// a − b. d/da = 1, d/db = −1.
Tensor subtract(const Operand& a, const Operand& b);
/// a · b. d/da = b, d/db = a.
Tensor multiply(const Operand& a, const Operand& b);
/// a / b, real for integers too (NumPy true_divide). d/da = 1/b, d/db = −a/b².
Tensor divide(const Operand& a, const Operand& b);
/// −x. d/dx = −1.
Tensor negative(const Operand& x);

inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Operand& a, const Operand& b) { return subtract(a, b); }
inline Tensor operator*(const Operand& a, const Operand& b) { return multiply(a, b); }
inline Tensor operator/(const Operand& a, const Operand& b) { return divide(a, b); }
inline Tensor operator-(const Operand& x) { return negative(x); }
inline Tensor operator+(const Operand& x) { return x.tensor(); }

Tensor equal(const Operand& a, const Operand& b);
Tensor not_equal(const Operand& a, const Operand& b);
Tensor less(const Operand& a, const Operand& b);
Tensor less_equal(const Operand& a, const Operand& b);
Tensor greater(const Operand& a, const Operand& b);
Tensor greater_equal(const Operand& a, const Operand& b);

inline Tensor operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return greater(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }

}  // namespace xg
