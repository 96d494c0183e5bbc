#include "compare_arrays.hpp"

#include <cmath>

#include "../array/loops.hpp"
#include "../graph/meet.hpp"

namespace xg {
namespace {

/// Whether `same(a, b)` holds for all pairs.
template <class T, class F>
bool all_pairs(const Array& a, const Array& b, const Shape& shape, const F& same) {
  if (shape.elements() == 0) return true;
  Array wide_a = a.broadcast_to(shape), wide_b = b.broadcast_to(shape);
  LoopNest nest(shape, {&wide_a.strides(), &wide_b.strides()});
  bool holds = true;
  for_each_outer(nest, 1, 0, outer_count(nest, 1), [&](const std::int64_t* at) {
    const T *x = wide_a.data<T>() + at[0], *y = wide_b.data<T>() + at[1];
    for (std::int64_t i = 0; i < nest.inner() && holds; ++i)
      holds = same(x[i * nest.inner_stride(0)], y[i * nest.inner_stride(1)]);
  });
  return holds;
}

}  // namespace

bool all_close(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan) {
  detail::Met met = detail::meet("all_close", {a, b});
  return all_pairs<double>(met.arrays[0].cast(f64), met.arrays[1].cast(f64), met.shape, [&](double x, double y) {
    if (x == y) return true;
    if (std::isnan(x) || std::isnan(y)) return equal_nan && std::isnan(x) && std::isnan(y);
    return std::isfinite(y) && std::abs(x - y) <= atol + rtol * std::abs(y);
  });
}

bool all_equal(const Operand& a, const Operand& b) {
  if (a.shape() != b.shape()) return false;
  detail::Met met = detail::meet("all_equal", {a, b});
  return visit(met.dtype, [&](auto t) {
    using T = decltype(t);
    return all_pairs<T>(met.arrays[0], met.arrays[1], met.shape, [](T x, T y) { return x == y; });
  });
}

}  // namespace xg
