// Rows of a table by index, and their gradient. Indices are i64, row-major, and in range.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Row indices[b…] of `table` (rows, size) for each b; zeros where the index is `padding`.
Array pick_rows(const Array& table, const Array& indices, std::int64_t padding);
/// The transpose: a table of `rows` rows that is zero but for each row of x added at its index, save at `padding`.
Array add_rows(const Array& x, const Array& indices, std::int64_t rows, std::int64_t padding);

}  // namespace xg::kernels
