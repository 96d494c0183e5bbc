// Reductions as loops over rows: the reduced axes moved to the end and laid out without gaps.
#pragma once

#include <algorithm>

#include "../array/array.hpp"
#include "../array/threads.hpp"

namespace xg::kernels {

/// Calls `body(row)` for every row, in parallel where they hold much.
template <class F>
void for_each_row(std::int64_t count, std::int64_t length, const F& body) {
  constexpr std::int64_t grain = 1 << 14;
  parallel_for(count, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, length)),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t row = first; row < last; ++row) body(row);
               });
}

/// `count` rows of `length` neighbours; a copy of x unless it lies so already.
struct Rows {
  Array values;
  std::int64_t count, length;
  Shape kept;     // x's shape without the reduced axes
  Shape order;    // axes of x, the reduced ones last
  bool in_order;  // they are last in x already

  Rows(const Array& x, const Shape& axes) : count(1), length(1) {
    Shape reduced;
    std::size_t next = 0;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
      if (next < axes.size() && axes[next] == axis) {
        ++next;
        reduced.push_back(axis);
        length *= x.shape()[axis];
      } else {
        order.push_back(axis);
        kept.push_back(x.shape()[axis]);
        count *= x.shape()[axis];
      }
    }
    for (std::int64_t axis : reduced) order.push_back(axis);
    in_order = reduced.empty() || reduced[0] == static_cast<std::int64_t>(kept.size());
    values = in_order ? x.contiguous() : x.permuted(order).contiguous();
  }

  /// An array laid out in rows like `values`, seen in the shape of x.
  Array restored(Array&& rows) const {
    if (in_order) return std::move(rows);
    Shape inverse(order.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<std::int64_t>(i);
    return rows.permuted(inverse);
  }

  /// Calls `body(row)` for every row, in parallel.
  template <class F>
  void each(const F& body) const {
    for_each_row(count, length, body);
  }
};

}  // namespace xg::kernels
