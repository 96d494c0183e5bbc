// Elements in order along an axis, and where they were.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// Elements and their i64 indices along the axis they were taken from: `auto [values, indices] = topk(x, 5);`.
struct ValuesIndices {
  Tensor values, indices;
};

/// The largest element along `axis` and the index of the first such. The gradient goes to that element alone (amax
/// shares it among ties). NaN is the largest. Throws IndexError; ValueError when the axis has length 0.
ValuesIndices max(const Operand& x, std::int64_t axis, KeepDims keep = KeepDims::no);
/// The smallest element along `axis` and the index of the first such. The gradient goes to that element alone (amin
/// shares it among ties). NaN is the smallest. Throws IndexError; ValueError when the axis has length 0.
ValuesIndices min(const Operand& x, std::int64_t axis, KeepDims keep = KeepDims::no);

/// How elements are ordered.
struct SortOptions {
  bool descending = false;
};
/// Elements in ascending order along `axis`, and where they came from. Stable; NaN counts as the largest. The gradient
/// goes back to where the elements came from. Throws IndexError.
ValuesIndices sort(const Operand& x, std::int64_t axis = -1, SortOptions options = {});
/// The i64 indices that sort x along `axis`; stable, NaN counts as the largest. Throws IndexError.
Tensor argsort(const Operand& x, std::int64_t axis = -1, SortOptions options = {});

/// Which elements `topk` takes.
struct TopkOptions {
  std::int64_t axis = -1;
  bool largest = true;
};
/// The k largest (or smallest) elements along an axis, sorted from the most extreme on, and their indices; of equals
/// the first. NaN counts as the largest. The gradient goes to the elements taken. Throws IndexError; ValueError unless
/// 0 <= k <= the axis' length.
ValuesIndices topk(const Operand& x, std::int64_t k, TopkOptions options = {});

}  // namespace xg
