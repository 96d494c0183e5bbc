#include "resample.hpp"

#include <algorithm>

#include "../array/threads.hpp"

namespace xg::kernels {

AxisMap::AxisMap(std::int64_t from, const std::vector<std::vector<Term>>& terms) : from_(from) {
  std::int64_t count = 0, at = 0;
  for (const std::vector<Term>& one : terms) count += static_cast<std::int64_t>(one.size());
  starts_ = Array(Shape{static_cast<std::int64_t>(terms.size()) + 1}, DType::i64);
  places_ = Array(Shape{count}, DType::i64);
  weights_ = Array(Shape{count}, DType::f64);
  std::int64_t* start = starts_.fill<std::int64_t>();
  *start++ = 0;
  for (const std::vector<Term>& one : terms) {
    for (const Term& term : one) {
      places_.fill<std::int64_t>()[at] = term.place;
      weights_.fill<double>()[at++] = term.weight;
    }
    *start++ = at;
  }
}

AxisMap AxisMap::transposed() const {
  std::vector<std::vector<Term>> terms(static_cast<std::size_t>(from_));
  for (std::int64_t o = 0; o < to(); ++o)
    for (std::int64_t k = starts()[o]; k < starts()[o + 1]; ++k)
      terms[static_cast<std::size_t>(places()[k])].push_back({o, weights_.data<double>()[k]});
  return AxisMap(to(), terms);
}

namespace {

/// A map with weights of the array's own type.
template <class T>
struct Typed {
  const AxisMap& map;
  Array weights;
  const T* weight;
  std::int64_t each;  // neighbours that each position takes, one after another's, with one weight; 0: any terms

  explicit Typed(const AxisMap& map) : map(map), weights(map.weights().cast(dtype_of<T>())), weight(weights.data<T>()) {
    each = map.to() > 0 && map.terms() % map.to() == 0 ? map.terms() / map.to() : 0;
    for (std::int64_t k = 0; k < map.terms() && each; ++k)
      if (map.places()[k] != k || weight[k] != weight[0] || map.starts()[k / each] != k / each * each) each = 0;
  }

  /// Rows of `width` mapped as wholes.
  void down(const T* x, std::int64_t width, T* y) const {
    const std::int64_t *starts = map.starts(), *places = map.places();
    for (std::int64_t o = 0; o < map.to(); ++o, y += width) {
      std::fill_n(y, width, T(0));
      for (std::int64_t k = starts[o]; k < starts[o + 1]; ++k) {
        const T* row = x + places[k] * width;
        T w = weight[k];
        for (std::int64_t i = 0; i < width; ++i) y[i] += w * row[i];
      }
    }
  }

  /// Within each of `rows` rows.
  void along(const T* x, std::int64_t rows, T* y) const {
    const std::int64_t *starts = map.starts(), *places = map.places();
    for (std::int64_t r = 0; r < rows; ++r, x += map.from(), y += map.to()) {
      if (each == 2) {
        T w = weight[0];
        for (std::int64_t o = 0; o < map.to(); ++o) y[o] = (x[2 * o] + x[2 * o + 1]) * w;
        continue;
      }
      for (std::int64_t o = 0; o < map.to(); ++o) {
        T total = 0;
        for (std::int64_t k = starts[o]; k < starts[o + 1]; ++k) total += weight[k] * x[places[k]];
        y[o] = total;
      }
    }
  }
};

constexpr std::int64_t grain = 1 << 15;

}  // namespace

Array resample(const Array& x, const AxisMaps& maps) {
  Shape shape = x.shape();
  std::size_t first = shape.size() - maps.size();
  for (std::size_t i = 0; i < maps.size(); ++i) shape[first + i] = maps[i].to();
  Array y(shape, x.dtype()), source = x.contiguous();
  if (y.size() == 0) return y;
  const AxisMap& last = maps.back();
  bool is_plane = maps.size() == 2;
  std::int64_t rows = is_plane ? maps[0].from() : 1, result_rows = is_plane ? maps[0].to() : 1;
  std::int64_t x_size = rows * last.from(), y_size = result_rows * last.to(), planes = y.size() / y_size;
  // The axis that becomes shorter first, or that becomes longer last.
  bool down_first = result_rows * last.from() <= rows * last.to();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    Typed<T> right(last), down(maps[0]);
    std::int64_t work = std::max<std::int64_t>(1, std::max(x_size, y_size));
    parallel_for(planes, std::max<std::int64_t>(1, grain / work), [&](std::int64_t begin, std::int64_t end) {
      Array room(Shape{is_plane ? std::min(result_rows * last.from(), rows * last.to()) : 0}, dtype_of<T>());
      T* between = room.fill<T>();
      for (std::int64_t plane = begin; plane < end; ++plane) {
        const T* from = source.data<T>() + plane * x_size;
        T* to = y.fill<T>() + plane * y_size;
        if (!is_plane) {
          right.along(from, 1, to);
        } else if (down_first) {
          down.down(from, last.from(), between);
          right.along(between, result_rows, to);
        } else {
          right.along(from, rows, between);
          down.down(between, last.to(), to);
        }
      }
    });
  });
  return y;
}

}  // namespace xg::kernels
