#include "../array/threads.hpp"
#include "moments.hpp"
#include "normalize.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t panel = 64;       // columns worked on at once
constexpr std::int64_t few_rows = 16;    // added up in the dtype of x before they go to f64 totals
constexpr std::int64_t grain = 1 << 14;  // elements

/// Calls `body(first, width)` for panels of columns.
template <class F>
void each_panel(std::int64_t rows, std::int64_t columns, const F& body) {
  std::int64_t panels = (columns + panel - 1) / panel;
  parallel_for(panels, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, rows * panel)),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t p = first; p < last; ++p) body(p * panel, std::min(panel, columns - p * panel));
               });
}

/// Sums over the rows of a panel: `add(row, a, b)` adds a row's terms to a[j] and b[j].
template <class T, class F>
void column_sums(std::int64_t rows, std::int64_t width, double* total_a, double* total_b, const F& add) {
  std::fill_n(total_a, width, 0.0);
  std::fill_n(total_b, width, 0.0);
  for (std::int64_t start = 0; start < rows; start += few_rows) {
    alignas(64) T a[panel] = {}, b[panel] = {};
    for (std::int64_t row = start; row < std::min(rows, start + few_rows); ++row) add(row, a, b);
    for (std::int64_t j = 0; j < width; ++j) total_a[j] += static_cast<double>(a[j]);
    for (std::int64_t j = 0; j < width; ++j) total_b[j] += static_cast<double>(b[j]);
  }
}

}  // namespace

Normalized normalize_columns(const Array& x, const Array& weight, const Array& bias, double eps) {
  std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  Normalized result{Array(x.shape(), x.dtype()), Array(Shape{columns}, DType::f64), Array(Shape{columns}, DType::f64)};
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T *w = weight ? weight.data<T>() : nullptr, *b = bias ? bias.data<T>() : nullptr;
    each_panel(rows, columns, [&](std::int64_t first, std::int64_t width) {
      const T* from = x.data<T>() + first;
      alignas(64) T middle[panel], slope[panel], shift[panel];
      double total[panel], squares[panel];
      column_sums<T>(rows, width, total, squares, [&](std::int64_t row, T* a, T*) {
        const T* values = from + row * columns;
        for (std::int64_t j = 0; j < width; ++j) a[j] += values[j];
      });
      auto count = static_cast<double>(rows);
      for (std::int64_t j = 0; j < width; ++j) middle[j] = static_cast<T>(total[j] / count);
      column_sums<T>(rows, width, total, squares, [&](std::int64_t row, T* a, T* b) {
        const T* values = from + row * columns;
        for (std::int64_t j = 0; j < width; ++j) {
          T d = values[j] - middle[j];
          a[j] += d;
          b[j] += d * d;
        }
      });
      for (std::int64_t j = 0; j < width; ++j) {
        Moments m = Moments::about(static_cast<double>(middle[j]), count, total[j], squares[j]);
        result.mean.fill<double>()[first + j] = m.mean;
        result.variance.fill<double>()[first + j] = m.variance();
        Standard<T> standard(m.mean, m.variance(), eps);
        double by = standard.exact_scale * (w ? static_cast<double>(w[first + j]) : 1);
        middle[j] = standard.mean;
        slope[j] = static_cast<T>(by);
        shift[j] = static_cast<T>((b ? static_cast<double>(b[first + j]) : 0) - standard.rounding() * by);
      }
      T* to = result.y.fill<T>() + first;
      for (std::int64_t row = 0; row < rows; ++row) {
        const T* values = from + row * columns;
        T* y = to + row * columns;
        for (std::int64_t j = 0; j < width; ++j) y[j] = (values[j] - middle[j]) * slope[j] + shift[j];
      }
    });
  });
  return result;
}

NormalizedGradients normalize_columns_vjp(const Array& g, const Array& x, const Normalized& forward,
                                          const Array& weight, double eps) {
  std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  NormalizedGradients result{Array(x.shape(), x.dtype()), Array(Shape{columns}, x.dtype()),
                             Array(Shape{columns}, x.dtype())};
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* w = weight ? weight.data<T>() : nullptr;
    each_panel(rows, columns, [&](std::int64_t first, std::int64_t width) {
      const T *cotangent = g.data<T>() + first, *from = x.data<T>() + first;
      alignas(64) T middle[panel], factor[panel], slope[panel], shift[panel];
      double total[panel], product[panel];
      for (std::int64_t j = 0; j < width; ++j) middle[j] = static_cast<T>(forward.mean.data<double>()[first + j]);
      column_sums<T>(rows, width, total, product, [&](std::int64_t row, T* a, T* b) {
        const T *c = cotangent + row * columns, *values = from + row * columns;
        for (std::int64_t j = 0; j < width; ++j) {
          a[j] += c[j];
          b[j] += c[j] * (values[j] - middle[j]);
        }
      });
      for (std::int64_t j = 0; j < width; ++j) {
        Standard<T> standard(forward.mean.data<double>()[first + j], forward.variance.data<double>()[first + j], eps);
        double scale = standard.exact_scale, by = (w ? static_cast<double>(w[first + j]) : 1) * scale;
        double count = static_cast<double>(rows), along = product[j] - standard.rounding() * total[j];
        double lean = by * along / count * scale * scale;
        result.weight.fill<T>()[first + j] = static_cast<T>(along * scale);
        result.bias.fill<T>()[first + j] = static_cast<T>(total[j]);
        factor[j] = static_cast<T>(by);
        shift[j] = static_cast<T>(by * total[j] / count - standard.rounding() * lean);
        slope[j] = static_cast<T>(lean);
      }
      T* to = result.x.fill<T>() + first;
      for (std::int64_t row = 0; row < rows; ++row) {
        const T *c = cotangent + row * columns, *values = from + row * columns;
        T* dx = to + row * columns;
        for (std::int64_t j = 0; j < width; ++j)
          dx[j] = factor[j] * c[j] - shift[j] - (values[j] - middle[j]) * slope[j];
      }
    });
  });
  return result;
}

}  // namespace xg::kernels
