#include "scan.hpp"

#include <algorithm>

#include "../array/threads.hpp"
#include "total.hpp"

namespace xg::kernels {
namespace {

// Walks the axis with one running value a column: body(value, offset). Threads share columns, never the axis.
template <class Running, class F>
void scan(const Shape& shape, std::int64_t axis, bool reverse, Running start, const F& body) {
  constexpr std::int64_t panel = 256, grain = 1 << 14;
  std::int64_t outer = 1, inner = 1, length = shape[axis];
  for (std::int64_t i = 0; i < shape.rank(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  if (outer * inner * length == 0) return;
  std::int64_t panels = (inner + panel - 1) / panel;
  parallel_for(outer * panels, std::max<std::int64_t>(1, grain / (length * std::min(inner, panel))),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t unit = first; unit < last; ++unit) {
                   std::int64_t column = unit % panels * panel, width = std::min(panel, inner - column);
                   Running running[panel];
                   std::fill_n(running, width, start);
                   for (std::int64_t step = 0; step < length; ++step) {
                     std::int64_t k = reverse ? length - 1 - step : step;
                     std::int64_t at = (unit / panels * length + k) * inner + column;
                     for (std::int64_t j = 0; j < width; ++j) body(running[j], at + j);
                   }
                 }
               });
}

}  // namespace

Array cumsum(const Array& x, std::int64_t axis, bool reverse) {
  Array from = x.contiguous(), result(x.shape(), x.dtype());
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* in = from.data<T>();
    T* out = result.fill<T>();
    scan(x.shape(), axis, reverse, Total<T>(0),
         [=](Total<T>& sum, std::int64_t i) { out[i] = static_cast<T>(sum += static_cast<Total<T>>(in[i])); });
  });
  return result;
}

Array cumprod(const Array& x, std::int64_t axis, bool reverse) {
  Array from = x.contiguous(), result(x.shape(), x.dtype());
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* in = from.data<T>();
    T* out = result.fill<T>();
    scan(x.shape(), axis, reverse, Total<T>(1),
         [=](Total<T>& product, std::int64_t i) { out[i] = static_cast<T>(product *= static_cast<Total<T>>(in[i])); });
  });
  return result;
}

Array linear_scan(const Array& a, const Array& b, std::int64_t axis, bool reverse) {
  Array factors = a.contiguous(), terms = b.contiguous(), result(a.shape(), a.dtype());
  visit_real(a.dtype(), [&](auto t) {
    using T = decltype(t);
    const T *factor = factors.data<T>(), *term = terms.data<T>();
    T* out = result.fill<T>();
    scan(a.shape(), axis, reverse, 0.0, [=](double& s, std::int64_t i) {
      s = static_cast<double>(term[i]) + static_cast<double>(factor[i]) * s;
      out[i] = static_cast<T>(s);
    });
  });
  return result;
}

Array shifted(const Array& x, std::int64_t axis, bool reverse, const Number& fill) {
  Array from = x.contiguous(), result(x.shape(), x.dtype());
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* in = from.data<T>();
    T* out = result.fill<T>();
    scan(x.shape(), axis, reverse, fill.as<T>(), [=](T& before, std::int64_t i) {
      out[i] = before;
      before = in[i];
    });
  });
  return result;
}

}  // namespace xg::kernels
