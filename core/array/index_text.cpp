#include "index_text.hpp"

#include <algorithm>

namespace xg::detail {

std::string index_text(std::int64_t row_major, const Shape& shape) {
  std::string text;
  for (std::int64_t axis = shape.rank() - 1; axis >= 0; --axis) {
    std::int64_t length = std::max<std::int64_t>(shape[static_cast<std::size_t>(axis)], 1);
    text = std::to_string(row_major % length) + (text.empty() ? "" : ", ") + text;
    row_major /= length;
  }
  return "[" + text + "]";
}

}  // namespace xg::detail
