// The driver of all elementwise kernels: shapes, strides, broadcasting and threads on one side, and on the other a
// block function that sees nothing but contiguous numbers.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Works on `count` neighbours; `pointers` holds the outputs, then the inputs.
using Block = void (*)(const void* context, std::byte* const* pointers, std::int64_t count);

/// Operands of one call, by reference.
using ArrayRefs = SmallVector<const Array*, 8>;

/// Fills `outputs` (row-major, all of one shape) from `inputs`, each of which broadcasts to that shape.
void elementwise(Block block, const void* context, Array* outputs, std::size_t output_count, const Array* inputs,
                 std::size_t input_count);
void elementwise(Block block, const void* context, const ArrayRefs& outputs, const ArrayRefs& inputs);

/// a + b in `shape`, to which both broadcast; equal dtypes.
Array add(const Array& a, const Array& b, const Shape& shape);
/// target += x; equal shapes and dtypes, target row-major.
void add_into(Array& target, const Array& x);

}  // namespace xg::kernels
