// Joining tensors, and taking them apart again.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Tensors one after another along an axis: (2, 3) and (4, 3) give (6, 3) along axis 0. dtypes promote. The gradient is
/// cut up. Throws ShapeError when other axes differ, ValueError for an empty list, IndexError.
Tensor concatenate(const Operands& tensors, std::int64_t axis = 0);
/// Tensors of one shape along a new axis: three of (2, 4) give (3, 2, 4) for axis 0. Throws as `concatenate`.
Tensor stack(const Operands& tensors, std::int64_t axis = 0);

/// Into how many equal parts, or into parts of which lengths, an axis is split.
class Sections {
 public:
  Sections(std::int64_t count) : count_(count) {}
  Sections(int count) : count_(count) {}
  Sections(std::initializer_list<std::int64_t> lengths) : lengths_(lengths) {}
  Sections(const Shape& lengths) : lengths_(lengths) {}
  Sections(const std::vector<std::int64_t>& lengths) : lengths_(lengths) {}

  bool is_count() const { return count_ != none; }
  std::int64_t count() const { return count_; }
  const Shape& lengths() const { return lengths_; }

 private:
  static constexpr std::int64_t none = INT64_MIN;
  std::int64_t count_ = none;
  Shape lengths_;
};

/// Views of equal parts, `split(x, 3, 1)`, or of parts of given lengths, `split(x, {2, 5})` (NumPy's list holds the
/// places of the cuts instead). The gradients are put together. Throws ShapeError when the parts do not make up the
/// axis, ValueError for a count below 1, IndexError.
Tensors split(const Operand& x, const Sections& sections, std::int64_t axis = 0);
/// Views of at most `count` parts of ⌈length / count⌉, the last one shorter (PyTorch `chunk`). Throws ValueError for a
/// count below 1, IndexError.
Tensors chunk(const Operand& x, std::int64_t count, std::int64_t axis = 0);

}  // namespace xg
