// Arithmetic, comparisons and selection on arrays of equal dtype, broadcast to `shape`.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

enum class Arithmetic { add, subtract, multiply, divide, maximum, minimum, fmod, remainder, floor_divide, power };
/// divide takes real dtypes only; integer fmod, remainder, floor_divide by zero give 0.
Array arithmetic(Arithmetic op, const Array& a, const Array& b, const Shape& shape);

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };
/// Boolean result.
Array compare(Comparison op, const Array& a, const Array& b, const Shape& shape);

/// condition ? a : b; condition is boolean.
Array select(const Array& condition, const Array& a, const Array& b, const Shape& shape);

}  // namespace xg::kernels
