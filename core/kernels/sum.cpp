// sum: the reduction that every backward pass runs, so it walks any strides without a copy. Additions happen in blocks
// whose size does not depend on the number of threads.
#include <algorithm>
#include <cstdlib>

#include "../array/loops.hpp"
#include "../array/threads.hpp"
#include "reduce.hpp"
#include "total.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t chunk_elements = 1 << 15;    // of a long row
constexpr std::int64_t panel = 1024;                // columns that are added up at once
constexpr std::int64_t chunk_of_columns = 1 << 17;  // elements, where rows of columns are split

// x split in kept and reduced axes, each from the widest stride to the narrowest.
struct Plan {
  LoopNest kept;     // operands: x, result
  LoopNest reduced;  // operand: x
  std::int64_t repeats;

  static Plan make(const Array& x, const Shape& axes, const Strides& result) {
    SmallVector<std::size_t, 6> order;
    for (std::size_t axis = 0; axis < x.shape().size(); ++axis) order.push_back(axis);
    auto step = [&](std::size_t axis) {  // broadcast axes outermost
      return x.strides()[axis] == 0 ? std::int64_t(1) << 62 : std::abs(x.strides()[axis]);
    };
    for (std::size_t i = 1; i < order.size(); ++i)
      for (std::size_t j = i; j > 0 && step(order[j - 1]) < step(order[j]); --j) std::swap(order[j - 1], order[j]);
    Shape kept_shape, reduced_shape;
    Strides kept_x, kept_result, reduced_x;
    std::int64_t repeats = 1;
    for (std::size_t axis : order) {
      std::int64_t length = x.shape()[axis], stride = x.strides()[axis];
      if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) == axes.end()) {
        kept_shape.push_back(length);
        kept_x.push_back(stride);
        kept_result.push_back(result[axis]);
      } else if (stride == 0) {
        repeats *= length;
      } else {
        reduced_shape.push_back(length);
        reduced_x.push_back(stride);
      }
    }
    return {LoopNest(kept_shape, {&kept_x, &kept_result}), LoopNest(reduced_shape, {&reduced_x}), repeats};
  }
};

// Rows [first, last) of the reduced axes as runs along the innermost one: body(pointer, stride, count).
template <class T, class F>
void for_runs(const LoopNest& reduced, const T* from, std::int64_t first, std::int64_t last, const F& body) {
  if (reduced.rank() <= 1) return body(from + first * reduced.inner_stride(0), reduced.inner_stride(0), last - first);
  std::int64_t inner = reduced.inner(), stride = reduced.inner_stride(0);
  for (std::int64_t at = first; at < last;) {
    std::int64_t start = at % inner, count = std::min(inner - start, last - at);
    for_each_outer(reduced, 1, at / inner, at / inner + 1,
                   [&](const std::int64_t* offset) { body(from + *offset + start * stride, stride, count); });
    at += count;
  }
}

template <class T>
void sum_rows(const Plan& plan, const T* from, Result<T>* to) {
  std::int64_t outputs = plan.kept.elements(), inner = plan.reduced.inner(), step = plan.reduced.inner_stride(0);
  std::int64_t rows = outer_count(plan.reduced, 1);
  std::int64_t piece = rows == 1 ? chunk_elements : inner;  // one long row is cut up
  std::int64_t pieces = rows == 1 ? std::max<std::int64_t>(1, (inner + piece - 1) / piece) : rows;
  std::int64_t per_chunk = std::max<std::int64_t>(1, chunk_elements / piece);
  std::int64_t chunks = (pieces + per_chunk - 1) / per_chunk;
  auto chunk_total = [&](const T* start, std::int64_t chunk) {
    std::int64_t first = chunk * per_chunk, last = std::min(pieces, first + per_chunk);
    if (rows == 1) return total_of(start + first * piece * step, step, std::min(inner, last * piece) - first * piece);
    Total<T> total = 0;
    for_each_outer(plan.reduced, 1, first, last,
                   [&](const std::int64_t* at) { total += total_of(start + *at, step, inner); });
    return total;
  };
  Total<T> repeats = static_cast<Total<T>>(plan.repeats);
  std::int64_t work = std::max<std::int64_t>(1, chunk_elements / std::max<std::int64_t>(1, inner * rows));
  if (chunks == 1 && rows == 1 && plan.kept.rank() == 1) {  // a matrix: no need to walk a nest
    std::int64_t row_step = plan.kept.strides[0][0], to_step = plan.kept.strides[1][0];
    parallel_for(outputs, work, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row)
        to[row * to_step] = static_cast<Result<T>>(repeats * total_of(from + row * row_step, step, inner));
    });
    return;
  }
  if (chunks == 1) {
    parallel_for(outputs, work, [&](std::int64_t first, std::int64_t last) {
      for_each_outer(plan.kept, 0, first, last, [&](const std::int64_t* at) {
        to[at[1]] = static_cast<Result<T>>(repeats * chunk_total(from + at[0], 0));
      });
    });
    return;
  }
  Array partial(Shape{outputs * chunks}, DType::f64);  // room for Totals
  Total<T>* totals = partial.fill<Total<T>>();
  parallel_for(outputs * chunks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t unit = first; unit < last; ++unit)
      for_each_outer(plan.kept, 0, unit / chunks, unit / chunks + 1,
                     [&](const std::int64_t* at) { totals[unit] = chunk_total(from + at[0], unit % chunks); });
  });
  std::int64_t output = 0;
  for_each_outer(plan.kept, 0, 0, outputs, [&](const std::int64_t* at) {
    to[at[1]] = static_cast<Result<T>>(repeats * total_of(totals + chunks * output++, 1, chunks));
  });
}

// total[j] += the elements of `count` rows at column j, eight rows as a tree.
template <class T>
void add_rows(const T* x, std::int64_t step, std::int64_t row, std::int64_t count, std::int64_t columns,
              Total<T>* __restrict total) {
  using P = std::conditional_t<std::is_floating_point_v<T>, T, std::uint64_t>;
  std::int64_t r = 0;
  if (step == 1)
    for (; r + 8 <= count; r += 8) {
      const T *a = x + r * row, *b = a + row, *c = b + row, *d = c + row;
      const T *e = d + row, *f = e + row, *g = f + row, *h = g + row;
      for (std::int64_t j = 0; j < columns; ++j)
        total[j] += static_cast<Total<T>>(((P(a[j]) + P(b[j])) + (P(c[j]) + P(d[j]))) +
                                          ((P(e[j]) + P(f[j])) + (P(g[j]) + P(h[j]))));
    }
  for (; r < count; ++r)
    for (std::int64_t j = 0; j < columns; ++j) total[j] += static_cast<Total<T>>(x[r * row + j * step]);
}

// The same; where columns are few, several rows are seen as one wide row first.
template <class T>
void add_columns(const T* x, std::int64_t step, std::int64_t row, std::int64_t count, std::int64_t columns,
                 Total<T>* total) {
  constexpr std::int64_t widest = 128;
  std::int64_t fold = widest / columns, wide = fold * columns;
  if (fold >= 4 && step == 1 && row == columns && count >= 4 * fold) {
    Total<T> sums[widest] = {};
    add_rows(x, 1, wide, count / fold, wide, sums);
    for (std::int64_t i = 0; i < wide; i += columns)
      for (std::int64_t j = 0; j < columns; ++j) total[j] += sums[i + j];
    x += count / fold * wide;
    count %= fold;
  }
  add_rows(x, step, row, count, columns, total);
}

template <class T>
void sum_columns(const Plan& plan, const T* from, Result<T>* to) {
  std::int64_t columns = plan.kept.inner(), step = plan.kept.inner_stride(0), to_step = plan.kept.inner_stride(1);
  std::int64_t rows = plan.reduced.elements(), outer = outer_count(plan.kept, 1);
  std::int64_t panels = (columns + panel - 1) / panel;
  std::int64_t per_chunk = rows;
  if (outer * panels < 8) per_chunk = std::max<std::int64_t>(1, chunk_of_columns / std::min(columns, panel));
  std::int64_t chunks = std::max<std::int64_t>(1, (rows + per_chunk - 1) / per_chunk);
  Total<T> repeats = static_cast<Total<T>>(plan.repeats);
  Array partial;
  if (chunks > 1) partial = Array(Shape{chunks, outer, columns}, DType::f64);
  Total<T>* totals = chunks > 1 ? partial.fill<Total<T>>() : nullptr;
  auto run = [&](std::int64_t unit) {
    std::int64_t chunk = unit % chunks, first_column = unit / chunks % panels * panel, row = unit / chunks / panels;
    std::int64_t width = std::min(panel, columns - first_column);
    alignas(64) Total<T> total[panel];
    std::fill_n(total, width, Total<T>(0));
    for_each_outer(plan.kept, 1, row, row + 1, [&](const std::int64_t* at) {
      for_runs(plan.reduced, from + at[0] + first_column * step, chunk * per_chunk,
               std::min(rows, (chunk + 1) * per_chunk), [&](const T* x, std::int64_t stride, std::int64_t count) {
                 add_columns(x, step, stride, count, width, total);
               });
      if (chunks > 1) {
        std::copy_n(total, width, totals + (chunk * outer + row) * columns + first_column);
        return;
      }
      Result<T>* target = to + at[1] + first_column * to_step;
      for (std::int64_t j = 0; j < width; ++j) target[j * to_step] = static_cast<Result<T>>(repeats * total[j]);
    });
  };
  std::int64_t work = std::min(rows, per_chunk) * std::min(columns, panel);
  parallel_for(outer * panels * chunks, std::max<std::int64_t>(1, chunk_elements / std::max<std::int64_t>(1, work)),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t unit = first; unit < last; ++unit) run(unit);
               });
  if (chunks == 1) return;
  for (std::int64_t chunk = 1; chunk < chunks; ++chunk)
    for (std::int64_t i = 0; i < outer * columns; ++i) totals[i] += totals[chunk * outer * columns + i];
  std::int64_t row = 0;
  for_each_outer(plan.kept, 1, 0, outer, [&](const std::int64_t* at) {
    for (std::int64_t j = 0; j < columns; ++j)
      to[at[1] + j * to_step] = static_cast<Result<T>>(repeats * totals[row * columns + j]);
    ++row;
  });
}

}  // namespace

Array sum(const Array& x, const Shape& axes) {
  DType dtype = x.dtype() == DType::boolean ? DType::i64 : x.dtype();
  Array result(reduced_shape(x.shape(), axes, KeepDims::no), dtype);
  if (x.size() == 0) return Array::zeros(result.shape(), dtype);
  Strides kept = contiguous_strides(reduced_shape(x.shape(), axes, KeepDims::yes));
  Plan plan = Plan::make(x, axes, kept);
  bool by_rows =
      plan.reduced.rank() > 0 && (plan.kept.rank() == 0 || plan.kept.inner_stride(0) == 0 ||
                                  std::abs(plan.reduced.inner_stride(0)) <= std::abs(plan.kept.inner_stride(0)));
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    if (by_rows) sum_rows(plan, x.data<T>(), result.fill<Result<T>>());
    else sum_columns(plan, x.data<T>(), result.fill<Result<T>>());
  });
  return result;
}

}  // namespace xg::kernels
