#include "index_text.hpp"

#include <algorithm>

namespace xg::detail {

std::string index_text(std::int64_t row_major, const Shape& shape) {
  Shape index = shape;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    std::int64_t length = std::max<std::int64_t>(shape[axis], 1);
    index[axis] = row_major % length;
    row_major /= length;
  }
  std::string text = "[";
  for (std::int64_t place : index) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(place);
  }
  return text + "]";
}

}  // namespace xg::detail
