#include "reduce.hpp"

#include <cmath>
#include <limits>

#include "lane.hpp"
#include "rows.hpp"
#include "total.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t chunk = 1 << 15;  // of a long row; the split does not depend on the number of threads

// Folds each row with `fold(pointer, count)`, long rows in chunks whose results `fold_chunks(pointer, count)` folds.
template <class R, class T, class F, class G>
void fold_rows(const Rows& rows, const T* from, R* to, const F& fold, const G& fold_chunks) {
  if (rows.length <= 2 * chunk) {
    rows.each([&](std::int64_t row) { to[row] = fold(from + row * rows.length, rows.length); });
    return;
  }
  std::int64_t chunks = (rows.length + chunk - 1) / chunk;
  SmallVector<R, 64> results(static_cast<std::size_t>(rows.count * chunks));
  parallel_for(rows.count * chunks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t unit = first; unit < last; ++unit) {
      std::int64_t start = unit % chunks * chunk;
      results[unit] = fold(from + unit / chunks * rows.length + start, std::min(chunk, rows.length - start));
    }
  });
  for (std::int64_t row = 0; row < rows.count; ++row) to[row] = fold_chunks(results.data() + row * chunks, chunks);
}

constexpr std::int64_t lanes = 32;

// Folds neighbours in independent lanes, which compilers turn into SIMD.
template <class R, class T, class Combine>
R fold_lanes(const T* x, std::int64_t count, R start, const Combine& combine) {
  R result[lanes];
  std::fill_n(result, lanes, start);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::int64_t k = 0; k < lanes; ++k) result[k] = combine(result[k], static_cast<R>(x[i + k]));
  for (std::int64_t k = 0; i < count; ++i, ++k) result[k] = combine(result[k], static_cast<R>(x[i]));
  for (std::int64_t width = lanes / 2; width > 0; width /= 2)
    for (std::int64_t k = 0; k < width; ++k) result[k] = combine(result[k], result[k + width]);
  return result[0];
}

// Integers wrap around; f32 keeps its own range, as PyTorch's does.
template <class T>
using Factor = std::conditional_t<std::is_floating_point_v<T>, T, std::uint64_t>;

template <class T>
bool precedes(T a, T b, bool largest) {
  if constexpr (std::is_floating_point_v<T>)
    if (a != a || b != b) return a != a && b == b;
  return largest ? a > b : a < b;
}

template <bool largest, class T>
T lane_extreme(const T* x, std::int64_t count) {
  using L = Lane<T>;
  constexpr std::int64_t width = L::width;
  if (count < width)
    return fold_lanes<T>(x, count, x[0], [](T a, T b) { return ((largest ? b > a : b < a) | (b != b)) ? b : a; });
  // Lanes pass over NaN, so NaNs are looked for beside them. The last step overlaps the one before.
  L first = L::load(x), tops[4] = {first, first, first, first};
  auto missing = first != first;
  auto step = [&](L& top, std::int64_t at) {
    L v = L::load(x + at);
    if constexpr (largest) top = xsimd::max(v.batch, top.batch);
    else top = xsimd::min(v.batch, top.batch);
    missing = missing || v != v;
  };
  std::int64_t i = 0;
  for (; i + 4 * width <= count; i += 4 * width)
    for (int k = 0; k < 4; ++k) step(tops[k], i + k * width);
  for (; i + width <= count; i += width) step(tops[0], i);
  step(tops[0], count - width);
  if (xsimd::any(missing.batch)) return std::numeric_limits<T>::quiet_NaN();
  T result = x[0];
  for (const L& top : tops) {
    alignas(64) T lanes[width];
    top.store(lanes);
    for (T lane : lanes) result = (largest ? lane > result : lane < result) ? lane : result;
  }
  return result;
}

template <class T>
T row_extreme(const T* x, std::int64_t count, bool largest) {
  if constexpr (std::is_floating_point_v<T>) {
    return largest ? lane_extreme<true>(x, count) : lane_extreme<false>(x, count);
  } else {
    if (largest) return fold_lanes<T>(x, count, x[0], [](T a, T b) { return b > a ? b : a; });
    return fold_lanes<T>(x, count, x[0], [](T a, T b) { return b < a ? b : a; });
  }
}

}  // namespace

Array product(const Array& x, const Shape& axes) {
  Rows rows(x, axes);
  return visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    auto multiply = [](Factor<T> a, Factor<T> b) { return a * b; };
    Array result(rows.kept, dtype_of<Result<T>>());
    auto fold = [&](const auto* p, std::int64_t count) { return fold_lanes<Factor<T>>(p, count, 1, multiply); };
    fold_rows(rows, rows.values.template data<T>(), reinterpret_cast<Factor<T>*>(result.fill_bytes()), fold, fold);
    return result;
  });
}

Array count_nonzero(const Array& x, const Shape& axes) {
  Rows rows(x, axes);
  Array result(rows.kept, DType::i64);
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    fold_rows(
        rows, rows.values.template data<T>(), result.fill<std::int64_t>(),
        [](const T* p, std::int64_t count) {
          std::int64_t total = 0;
          for (std::int64_t i = 0; i < count; ++i) total += p[i] != T(0);
          return total;
        },
        [](const std::int64_t* p, std::int64_t count) {
          return fold_lanes<std::int64_t>(p, count, 0, [](std::int64_t a, std::int64_t b) { return a + b; });
        });
  });
  return result;
}

Array truth(const Array& x, const Shape& axes, bool every) {
  Rows rows(x, axes);
  Array result(rows.kept, DType::boolean);
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    auto fold = [&](const auto* p, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i)
        if ((p[i] != 0) != every) return !every;
      return every;
    };
    fold_rows(rows, rows.values.template data<T>(), result.fill<bool>(), fold, fold);
  });
  return result;
}

Array extreme(const Array& x, const Shape& axes, bool largest) {
  Rows rows(x, axes);
  Array result(rows.kept, x.dtype());
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    auto fold = [&](const T* p, std::int64_t count) { return row_extreme(p, count, largest); };
    fold_rows(rows, rows.values.template data<T>(), result.fill<T>(), fold, fold);
  });
  return result;
}

Array extreme_weights(const Array& x, const Array& y, const Shape& axes) {
  Rows rows(x, axes);
  Array best = y.contiguous(), weights(rows.values.shape(), x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    rows.each([&](std::int64_t row) {
      const T* p = rows.values.template data<T>() + row * rows.length;
      T* to = weights.fill<T>() + row * rows.length;
      T top = best.data<T>()[row];
      std::int64_t ties = 0;
      auto ties_with = [top](T value) { return (value == top) | ((value != value) & (top != top)); };
      for (std::int64_t i = 0; i < rows.length; ++i) ties += ties_with(p[i]);
      T share = T(1) / static_cast<T>(ties);
      for (std::int64_t i = 0; i < rows.length; ++i) to[i] = ties_with(p[i]) ? share : T(0);
    });
  });
  return rows.restored(std::move(weights));
}

Array arg_extreme(const Array& x, const Shape& axes, bool largest) {
  Rows rows(x, axes);
  Array result(rows.kept, DType::i64);
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    rows.each([&](std::int64_t row) {
      const T* p = rows.values.template data<T>() + row * rows.length;
      std::int64_t best = 0;
      if (rows.length < lanes) {
        for (std::int64_t i = 1; i < rows.length; ++i)
          if (precedes(p[i], p[best], largest)) best = i;
      } else {  // the extreme in SIMD, then where it first is
        T top = row_extreme(p, rows.length, largest);
        if (top == top)
          while (!(p[best] == top)) ++best;
        else
          while (p[best] == p[best]) ++best;
      }
      result.fill<std::int64_t>()[row] = best;
    });
  });
  return result;
}

Array squared_deviations(const Array& x, const Shape& axes) {
  Rows rows(x, axes);
  Array result(rows.kept, x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    rows.each([&](std::int64_t row) {
      const T* p = rows.values.template data<T>() + row * rows.length;
      auto plain = [](auto v) { return v; };
      double n = static_cast<double>(rows.length);
      T mean = static_cast<T>(mapped_total(p, rows.length, plain) / n);
      // What rounding left over; with it the mean of equal numbers is that number, and their variance 0.
      double error = mapped_total(p, rows.length, [mean](auto v) { return v - mean; }) / n;
      mean = static_cast<T>(static_cast<double>(mean) + error);
      double squares = mapped_total(p, rows.length, [mean](auto v) { return (v - mean) * (v - mean); });
      result.fill<T>()[row] = static_cast<T>(squares);
    });
  });
  return result;
}

Array norm(const Array& x, const Shape& axes, double p) {
  Rows rows(x, axes);
  Array result(rows.kept, x.dtype());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    auto power_sum = [p](const T* v, std::int64_t count) {
      if (p == 2) return mapped_total(v, count, [](auto a) { return a * a; });
      if (p == 1) return mapped_total(v, count, [](auto a) { return abs(a); });
      if (p == 3) return mapped_total(v, count, [](auto a) { return a * a * abs(a); });
      double total = 0;
      for (std::int64_t i = 0; i < count; ++i) total += std::pow(std::abs(static_cast<double>(v[i])), p);
      return total;
    };
    Array sums(rows.kept, DType::f64);
    fold_rows(rows, rows.values.template data<T>(), sums.fill<double>(), power_sum,
              [](const double* v, std::int64_t count) { return total_of(v, 1, count); });
    const double* from = sums.data<double>();
    T* to = result.fill<T>();
    for (std::int64_t row = 0; row < rows.count; ++row)
      to[row] = static_cast<T>(p == 1 ? from[row] : p == 2 ? std::sqrt(from[row]) : std::pow(from[row], 1 / p));
  });
  return result;
}

}  // namespace xg::kernels
