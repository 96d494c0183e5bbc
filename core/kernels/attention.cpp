#include "attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../array/threads.hpp"
#include "lane_functions.hpp"
#include "lane_rows.hpp"
#include "matmul.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t query_block = 128, key_block = 256;

/// Where part n of the leading axes starts.
std::int64_t offset_of(const Array& x, std::int64_t n) {
  std::int64_t offset = 0;
  for (std::size_t axis = x.shape().size() - 2; axis-- > 0; n /= x.shape()[axis])
    offset += n % x.shape()[axis] * x.strides()[axis];
  return offset;
}

/// The matrix of part n.
template <class T>
MatrixView<T> part(const Array& x, std::int64_t n) {
  std::size_t rank = x.shape().size();
  return {x.data<T>() + offset_of(x, n), x.shape()[rank - 2], x.shape()[rank - 1], x.strides()[rank - 2],
          x.strides()[rank - 1]};
}

template <class T>
MatrixView<T> rows_of(MatrixView<T> m, std::int64_t first, std::int64_t count) {
  m.data += first * m.row;
  m.rows = count;
  return m;
}

template <class T>
MatrixView<T> packed(const T* data, std::int64_t rows, std::int64_t columns) {
  return {data, rows, columns, columns, 1};
}

/// Writes rows without gaps to rows `first`… of part n of x.
template <class T>
void put(const T* from, Array& x, std::int64_t n, std::int64_t first, std::int64_t count) {
  MatrixView<T> to = part<T>(x, n);
  T* data = x.fill<T>() + (to.data - x.data<T>()) + first * to.row;
  for (std::int64_t i = 0; i < count; ++i, data += to.row, from += to.columns)
    if (to.column == 1) std::copy_n(from, to.columns, data);
    else
      for (std::int64_t j = 0; j < to.columns; ++j) data[j * to.column] = from[j];
}

/// An array for results that are rows of part after part, in the order in memory that `like` has: heads that lie
/// inside the positions stay there, so that they are put together again without a copy.
Array rows_like(const Array& like, std::int64_t rows, std::int64_t columns) {
  Shape shape = like.shape();
  std::size_t rank = shape.size();
  shape[rank - 2] = rows;
  shape[rank - 1] = columns;
  if (rank < 3 || like.strides()[rank - 3] >= like.strides()[rank - 2] || like.strides()[rank - 3] == 0)
    return Array(shape, like.dtype());
  std::swap(shape[rank - 3], shape[rank - 2]);
  Array array(shape, like.dtype());
  Shape order(rank, 0);
  for (std::size_t axis = 0; axis < rank; ++axis) order[axis] = static_cast<std::int64_t>(axis);
  std::swap(order[rank - 3], order[rank - 2]);
  return array.permuted(order);
}

template <class T>
T highest(const T* x, std::int64_t count) {
  using L = Lane<T>;
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  L top = lowest;
  for_row<T>(count, [&](std::int64_t i, std::int64_t n) { top = xsimd::max(load(x + i, n, lowest).batch, top.batch); });
  alignas(64) T lanes[L::width];
  top.store(lanes);
  return *std::max_element(lanes, lanes + L::width);
}

/// The scores of a block of queries against a block of keys.
template <class T>
class Scores {
 public:
  Scores(const Attention& a, std::int64_t n) : a_(a), n_(n), q_(part<T>(a.q, n)), k_(part<T>(a.k, n)) {
    if (a.added) added_ = part<T>(a.added, n);
    for (std::size_t i = 0; i < a.barred.size(); ++i) barred_[i] = part<bool>(a.barred[i], n);
  }

  /// How many keys the queries before `last` see between them: the keys behind are never looked at.
  std::int64_t seen(std::int64_t last) const {
    if (!a_.causal) return k_.rows;
    return std::clamp<std::int64_t>(last + k_.rows - q_.rows, 0, k_.rows);
  }

  /// q kᵀ for queries [i, i + rows) and keys [j, j + columns), before scale and masks.
  void multiply_into(T* s, std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns) const {
    multiply(rows_of(q_, i, rows), rows_of(k_, j, columns).transposed(), s, false);
  }

  /// Scales and masks one row of them. Returns how many of its scores count; those behind are in the future.
  std::int64_t finish_row(T* s, std::int64_t i, std::int64_t j, std::int64_t columns) const {
    std::int64_t count = a_.causal ? std::clamp<std::int64_t>(seen(i + 1) - j, 0, columns) : columns;
    T scale = static_cast<T>(a_.scale);
    for (std::int64_t c = 0; c < count; ++c) s[c] *= scale;
    if (a_.added) {
      const T* from = added_.data + i * added_.row + j * added_.column;
      std::int64_t step = added_.column;
      if (step == 1)
        for (std::int64_t c = 0; c < count; ++c) s[c] += from[c];
      else
        for (std::int64_t c = 0; c < count; ++c) s[c] += from[c * step];
    }
    for (std::size_t b = 0; b < a_.barred.size(); ++b) {
      const bool* from = barred_[b].data + i * barred_[b].row + j * barred_[b].column;
      for (std::int64_t c = 0; c < count; ++c)
        if (from[c * barred_[b].column]) s[c] = -std::numeric_limits<T>::infinity();
    }
    return count;
  }

  /// Dropout's factors for `count` keys from j on, a multiple of 4.
  void draw_row(T* to, std::int64_t i, std::int64_t j, std::int64_t count) const {
    std::int64_t blocks = (k_.rows + 3) / 4;
    draw::dropout_part(a_.random, (n_ * q_.rows + i) * blocks + j / 4, a_.dropout, to, count);
  }

 private:
  const Attention& a_;
  std::int64_t n_;
  MatrixView<T> q_, k_, added_ = {};
  MatrixView<bool> barred_[2] = {};
};

template <class T>
T shift_of(T top) {
  return top == -std::numeric_limits<T>::infinity() ? T(0) : top;  // −∞ − −∞ is not wanted
}

/// exp(s − shift) in place; returns the sum.
template <class T>
double exponentiate(T* s, std::int64_t count, T shift) {
  Lane<T> by = shift;
  return row_sum<T>(count, [&](std::int64_t c, std::int64_t n) {
    Lane<T> e = exp(load(s + c, n, -std::numeric_limits<T>::infinity()) - by);
    store(e, s + c, n);
    return e;
  });
}

/// A block that one thread works in, from the pool.
template <class T>
class Room {
 public:
  T* of(std::int64_t size) {
    if (!block_ || block_.size() < size) block_ = Array(Shape{size}, dtype_of<T>());
    return block_.template fill<T>();
  }
  T* zeros(std::int64_t size) { return std::fill_n(of(size), size, T(0)) - size; }

 private:
  Array block_;
};
template <class T>
struct Rooms {
  Room<T> scores, other, drawn, rows, keys, values;
};

template <class T>
void attend_block(const Attention& a, std::int64_t n, std::int64_t i, Attended& result, Rooms<T>& rooms) {
  Scores<T> scores(a, n);
  MatrixView<T> v = part<T>(a.v, n);
  std::int64_t queries = a.queries(), count = std::min(query_block, queries - i), keys = scores.seen(i + count);
  std::int64_t values = v.columns;
  T *s = rooms.scores.of(count * std::min(key_block, keys)), *y = rooms.rows.zeros(count * values);
  T* top = result.top.fill<T>() + n * queries + i;
  double totals[query_block] = {};
  std::fill_n(top, count, -std::numeric_limits<T>::infinity());
  for (std::int64_t j = 0; j < keys; j += key_block) {
    std::int64_t columns = std::min(key_block, keys - j);
    scores.multiply_into(s, i, count, j, columns);
    for (std::int64_t r = 0; r < count; ++r) {
      T* row = s + r * columns;
      std::int64_t live = scores.finish_row(row, i + r, j, columns);
      T before = top[r], now = std::max(before, highest(row, live)), shift = shift_of(now);
      double sum = exponentiate(row, live, shift);
      std::fill(row + live, row + columns, T(0));
      if (now > before && j > 0) {
        T fade = std::exp(before - shift);
        totals[r] *= static_cast<double>(fade);
        for (std::int64_t c = 0; c < values; ++c) y[r * values + c] *= fade;
      }
      totals[r] += sum;
      top[r] = now;
      if (a.dropout > 0) {
        T drawn[key_block];
        scores.draw_row(drawn, i + r, j, live);
        for (std::int64_t c = 0; c < live; ++c) row[c] *= drawn[c];
      }
    }
    multiply(packed(s, count, columns), rows_of(v, j, columns), y, j > 0);
  }
  for (std::int64_t r = 0; r < count; ++r) {
    result.total.fill<T>()[n * queries + i + r] = static_cast<T>(totals[r]);
    T scale = totals[r] == 0 ? T(0) : static_cast<T>(1 / totals[r]);
    for (std::int64_t c = 0; c < values; ++c) y[r * values + c] *= scale;
  }
  put(y, result.y, n, i, count);
}

template <class T>
void attend_part_vjp(const Attention& a, const Attended& forward, const Array& cotangent, std::int64_t n,
                     AttentionGradients& result, Rooms<T>& rooms) {
  Scores<T> scores(a, n);
  MatrixView<T> q = part<T>(a.q, n), k = part<T>(a.k, n), v = part<T>(a.v, n), g = part<T>(cotangent, n);
  MatrixView<T> y = part<T>(forward.y, n);
  std::int64_t queries = q.rows, width = q.columns;
  T scale = static_cast<T>(a.scale);
  T *dk = rooms.keys.zeros(k.rows * width), *dv = rooms.values.zeros(k.rows * v.columns);
  for (std::int64_t i = 0; i < queries; i += query_block) {
    std::int64_t count = std::min(query_block, queries - i), keys = scores.seen(i + count);
    const T *top = forward.top.data<T>() + n * queries + i, *total = forward.total.data<T>() + n * queries + i;
    T along[query_block];  // Σ g y, what softmax takes off
    for (std::int64_t r = 0; r < count; ++r) {
      double sum = 0;
      for (std::int64_t c = 0; c < v.columns; ++c)
        sum += static_cast<double>(g.data[(i + r) * g.row + c * g.column]) *
               static_cast<double>(y.data[(i + r) * y.row + c * y.column]);
      along[r] = static_cast<T>(sum);
    }
    std::int64_t size = count * std::min(key_block, keys);
    T *p = rooms.scores.of(size), *dp = rooms.other.of(size), *dq = rooms.rows.zeros(count * width);
    T* drawn = a.dropout > 0 ? rooms.drawn.of(size) : nullptr;
    for (std::int64_t j = 0; j < keys; j += key_block) {
      std::int64_t columns = std::min(key_block, keys - j);
      scores.multiply_into(p, i, count, j, columns);
      multiply(rows_of(g, i, count), rows_of(v, j, columns).transposed(), dp, false);
      for (std::int64_t r = 0; r < count; ++r) {
        T *row = p + r * columns, *drow = dp + r * columns;
        std::int64_t live = scores.finish_row(row, i + r, j, columns);
        Lane<T> shift = shift_of(top[r]), inverse = total[r] == 0 ? T(0) : 1 / total[r], off = along[r];
        if (a.dropout > 0) {
          T* factors = drawn + r * columns;
          scores.draw_row(factors, i + r, j, live);
          for (std::int64_t c = 0; c < live; ++c) drow[c] *= factors[c];
        }
        for_row<T>(live, [&](std::int64_t c, std::int64_t n) {
          Lane<T> e = exp(load(row + c, n, -std::numeric_limits<T>::infinity()) - shift) * inverse;
          store(e, row + c, n);
          store(e * (load(drow + c, n, T(0)) - off), drow + c, n);
        });
        std::fill(row + live, row + columns, T(0));
        std::fill(drow + live, drow + columns, T(0));
        if (a.dropout > 0) {
          T* factors = drawn + r * columns;
          for (std::int64_t c = 0; c < live; ++c) row[c] *= factors[c];
        }
        if (result.added) std::copy_n(drow, columns, result.added.fill<T>() + (n * queries + i + r) * k.rows + j);
        for (std::int64_t c = 0; c < live; ++c) drow[c] *= scale;
      }
      multiply(packed(p, count, columns).transposed(), rows_of(g, i, count), dv + j * v.columns, true);
      multiply(packed(dp, count, columns), rows_of(k, j, columns), dq, j > 0);
      multiply(packed(dp, count, columns).transposed(), rows_of(q, i, count), dk + j * width, true);
    }
    put(dq, result.q, n, i, count);
  }
  put(dk, result.k, n, 0, k.rows);
  put(dv, result.v, n, 0, k.rows);
}

std::int64_t parts_of(const Attention& a) { return Shape(a.q.shape().begin(), a.q.shape().end() - 2).elements(); }

}  // namespace

Attended attend(const Attention& a) {
  Shape queries(a.q.shape().begin(), a.q.shape().end() - 1);
  Attended result{rows_like(a.q, a.queries(), a.v.shape().back()), Array(queries, a.q.dtype()),
                  Array(queries, a.q.dtype())};
  std::int64_t blocks = (a.queries() + query_block - 1) / query_block, parts = parts_of(a);
  visit_real(a.q.dtype(), [&](auto t) {
    parallel_for(parts * blocks, 1, [&](std::int64_t first, std::int64_t last) {
      Rooms<decltype(t)> rooms;
      for (std::int64_t at = first; at < last; ++at)
        attend_block(a, at / blocks, at % blocks * query_block, result, rooms);
    });
  });
  return result;
}

AttentionGradients attend_vjp(const Attention& a, const Attended& forward, const Array& g, bool wants_added) {
  AttentionGradients result{rows_like(a.q, a.queries(), a.q.shape().back()),
                            rows_like(a.k, a.keys(), a.k.shape().back()), rows_like(a.v, a.keys(), a.v.shape().back()),
                            Array()};
  if (wants_added) result.added = Array::zeros(a.added.shape(), a.q.dtype());
  visit_real(a.q.dtype(), [&](auto t) {
    using T = decltype(t);
    parallel_for(parts_of(a), 1, [&](std::int64_t first, std::int64_t last) {
      Rooms<T> rooms;
      for (std::int64_t n = first; n < last; ++n) attend_part_vjp(a, forward, g, n, result, rooms);
    });
  });
  return result;
}

}  // namespace xg::kernels
