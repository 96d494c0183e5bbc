// Picking elements by index arrays, and adding them back. Indices are i64, row-major, and in range.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// Index arrays of one shape, one for each of some neighbouring axes of an array.
using Picks = SmallVector<Array, 2>;

/// result[i…, b…, j…] = x[i…, picks[0][b…], picks[1][b…], …, j…], where the picked axes start at `axis`.
Array gather(const Array& x, const Picks& picks, std::int64_t axis);
/// target[i…, picks[0][b…], …, j…] += x[i…, b…, j…]; equal dtypes, repeated indices add up.
void scatter_add(const Array& x, const Picks& picks, std::int64_t axis, Array& target);

/// result[i, j, k] = x[i, indices[i, j, k], k] for axis 1; `indices` is no longer than x along the other axes.
Array gather_along(const Array& x, const Array& indices, std::int64_t axis);
/// target[i, indices[i, j, k], k] += x[i, j, k] for axis 1; `indices` is no longer than x along any axis.
void scatter_add_along(const Array& x, const Array& indices, std::int64_t axis, Array& target);

/// The indices of the true elements of a boolean array, row-major: one 1-d array an axis.
Picks nonzero(const Array& mask);

}  // namespace xg::kernels
