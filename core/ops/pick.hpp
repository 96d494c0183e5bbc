// Picking by index arrays, and its transpose: what advanced indexing and take are made of.
#pragma once

#include "../graph/tensor.hpp"
#include "../kernels/gather.hpp"

namespace xg::detail {

/// `indices` as row-major i64 from 0 to length − 1: negative ones count from the end. Throws IndexError naming the
/// first that is out of range, DTypeError unless they are i64.
Array normal_indices(const char* op, const Array& indices, std::int64_t axis, std::int64_t length, const Site& site);

/// y[i…, b…, j…] = x[i…, picks[0][b…], …, j…], where the picked axes start at `axis`; d/dx: unpick of the cotangent.
Tensor pick(const char* op, const Operand& x, const kernels::Picks& picks, std::int64_t axis);
/// A tensor of shape `whole`, zero but for x added at the picks. d/dx: pick of the cotangent.
Tensor unpick(const char* op, const Operand& x, const kernels::Picks& picks, std::int64_t axis, const Shape& whole);

}  // namespace xg::detail
