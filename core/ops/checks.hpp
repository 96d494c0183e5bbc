// Checks of shapes and numbers that a user asks for.
#pragma once

#include "../error/error.hpp"
#include "../graph/tensor.hpp"

namespace xg::detail {

/// Throws ValueError when `shape` has a negative length or more elements than memory can hold.
inline void check_shape(const char* op, const Shape& shape, const Site& site) {
  if (checked_elements(shape) >= 0) return;
  bool negative = false;
  for (std::int64_t length : shape) negative = negative || length < 0;
  Complaint(op, (negative ? "a length is negative in " : "too many elements in ") + to_string(shape))
      .at(site)
      .raise<ValueError>();
}

/// Throws ValueError when `dtype` is i64 and `number` is no integer of 64 bits.
void check_number(const char* op, const Number& number, DType dtype, const Site& site);

}  // namespace xg::detail
