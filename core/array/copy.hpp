// Strided copies between arrays, converting dtypes.
#pragma once

#include "array.hpp"

namespace xg {

/// Copies `from` into the elements that `to` views; same shapes, any strides and dtypes, buffers apart.
void copy_into(const Array& from, const Array& to);

}  // namespace xg
