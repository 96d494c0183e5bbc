// Comparisons, logic and questions about values. The results are boolean; nothing here has a gradient.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// a == b, elementwise. NaN equals nothing.
Tensor equal(const Operand& a, const Operand& b);
/// a != b, elementwise.
Tensor not_equal(const Operand& a, const Operand& b);
/// a < b, elementwise.
Tensor less(const Operand& a, const Operand& b);
/// a <= b, elementwise.
Tensor less_equal(const Operand& a, const Operand& b);
/// a > b, elementwise.
Tensor greater(const Operand& a, const Operand& b);
/// a >= b, elementwise.
Tensor greater_equal(const Operand& a, const Operand& b);

/// Whether both are nonzero. NaN is nonzero.
Tensor logical_and(const Operand& a, const Operand& b);
/// Whether at least one is nonzero.
Tensor logical_or(const Operand& a, const Operand& b);
/// Whether exactly one is nonzero.
Tensor logical_xor(const Operand& a, const Operand& b);
/// Whether x is zero.
Tensor logical_not(const Operand& x);

/// Whether x is NaN.
Tensor isnan(const Operand& x);
/// Whether x is +inf or −inf.
Tensor isinf(const Operand& x);
/// Whether x is neither infinite nor NaN.
Tensor isfinite(const Operand& x);

inline Tensor operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return greater(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }

// Both sides are always computed.
inline Tensor operator&&(const Operand& a, const Operand& b) { return logical_and(a, b); }
inline Tensor operator||(const Operand& a, const Operand& b) { return logical_or(a, b); }
inline Tensor operator!(const Operand& x) { return logical_not(x); }

}  // namespace xg
