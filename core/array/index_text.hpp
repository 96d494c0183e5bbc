// How messages and reports name an element.
#pragma once

#include <string>

#include "shape.hpp"

namespace xg::detail {

/// Where the element numbered `row_major` stands: "[1, 2]"; "[]" in a 0-d shape.
std::string index_text(std::int64_t row_major, const Shape& shape);

}  // namespace xg::detail
