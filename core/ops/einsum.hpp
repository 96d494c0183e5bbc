// Einstein summation.
#pragma once

#include <string_view>

#include "../graph/tensor.hpp"

namespace xg {

/// Products of operands summed over indices, in NumPy's notation: `einsum("bij,bjk->bik", a, b)`.
///
/// Each letter names an axis; a letter within several operands multiplies along it, a letter missing in the output is
/// summed over, and a letter that stands twice in one operand takes its diagonal. "..." stands for the remaining axes,
/// which broadcast. Without "->" the output is "..." and the letters that occur once, in alphabetical order. Axes of
/// length 1 broadcast. Two operands are contracted at a time, by matrix products, the pair with the smallest result
/// first; the gradient of each operand is an einsum of the cotangent and the other one. Throws ValueError for a
/// malformed text, ShapeError for operands that do not fit it.
Tensor einsum(std::string_view subscripts, const Operands& operands);
Tensor einsum(std::string_view subscripts, const Tensor& x, Site site = Site::here());
Tensor einsum(std::string_view subscripts, const Operand& a, const Operand& b);
Tensor einsum(std::string_view subscripts, const Operand& a, const Operand& b, const Operand& c);

}  // namespace xg
