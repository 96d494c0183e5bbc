#include "pool.hpp"

#include <algorithm>

#include "../graph/record.hpp"
#include "../kernels/pool.hpp"
#include "resample.hpp"
#include "windows.hpp"

namespace xg {
namespace {

using kernels::ConvolutionAxis;
using kernels::Pool;

Tensor put_places(const Pool& pool, const Tensor& y, const Array& places);

Tensor pick_places(const Pool& pool, const Tensor& x, const Array& places) {
  return record("pick_places", kernels::pick_places(pool, x.array(), places), {x},
                [pool, places](const Tensor& g) -> Tensors { return {put_places(pool, g, places)}; });
}

Tensor put_places(const Pool& pool, const Tensor& y, const Array& places) {
  return record("put_places", kernels::put_places(pool, y.array(), places), {y},
                [pool, places](const Tensor& g) -> Tensors { return {pick_places(pool, g, places)}; });
}

using Lengths = SmallVector<std::int64_t, 2>;

/// The windows that were asked for.
Pool check_pool(const char* op, const Operand& x, const Lengths& kernel, const detail::WindowOptionsList& options,
                bool ceil_mode) {
  detail::check_batch(op, x, kernel.size());
  bool fits = true, halves = true;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    fits = fits && kernel[i] >= 1 && kernel[i] < (std::int64_t(1) << 31);
    halves = halves && 2 * options[i].padding <= kernel[i];
  }
  if (!fits)
    Complaint(op, "the kernel must be at least 1 and below 2^31, not " + detail::by(kernel))
        .at(x.site())
        .raise<ValueError>();
  detail::check_windows(op, options, x.site());
  if (!halves)
    Complaint(op, "the padding is more than half of the kernel " + detail::by(kernel)).at(x.site()).raise<ValueError>();
  Pool pool{{x.shape()[0], x.shape()[1]}, {}};
  for (std::size_t i = 0; i < kernel.size(); ++i)
    pool.axes.push_back({x.shape()[2 + i], 0, kernel[i], options[i].stride, options[i].padding, options[i].dilation});
  detail::check_windows_fit(op, x, pool.axes);
  for (ConvolutionAxis& axis : pool.axes) {
    std::int64_t room = axis.x + 2 * axis.padding - axis.dilation * (axis.kernel - 1) - 1;
    axis.y = (room + (ceil_mode ? axis.stride - 1 : 0)) / axis.stride + 1;
    if ((axis.y - 1) * axis.stride >= axis.x + axis.padding) --axis.y;
  }
  return pool;
}

Tensor max_pool(const char* op, const Operand& x, const Pool& pool) {
  Array places, value = kernels::max_pool(pool, x.array(real(x.dtype())), places);
  return record(op, std::move(value), {x},
                [pool, places](const Tensor& g) -> Tensors { return {put_places(pool, g, places)}; });
}

// The mean over windows along one axis. A window's divisor is the product of its lengths along the axes.
kernels::AxisMap window_means(const ConvolutionAxis& axis, bool count_include_pad) {
  std::vector<std::vector<kernels::AxisMap::Term>> terms(static_cast<std::size_t>(axis.y));
  for (std::int64_t o = 0; o < axis.y; ++o) {
    std::int64_t start = o * axis.stride - axis.padding, end = std::min(start + axis.kernel, axis.x + axis.padding);
    std::int64_t first = std::max<std::int64_t>(start, 0), last = std::min(end, axis.x);
    std::int64_t count = count_include_pad ? end - start : last - first;
    for (std::int64_t i = first; i < last; ++i)
      terms[static_cast<std::size_t>(o)].push_back({i, 1 / static_cast<double>(count)});
  }
  return kernels::AxisMap(axis.x, terms);
}

Tensor avg_pool(const char* op, const Operand& x, const Pool& pool, bool count_include_pad) {
  kernels::AxisMaps maps;
  for (const ConvolutionAxis& axis : pool.axes) maps.push_back(window_means(axis, count_include_pad));
  return detail::resample(op, x, maps);
}

Tensor adaptive_avg_pool(const char* op, const Operand& x, const Lengths& size) {
  detail::check_batch(op, x, size.size());
  kernels::AxisMaps maps;
  for (std::size_t i = 0; i < size.size(); ++i) {
    std::int64_t length = x.shape()[2 + i], count = size[i];
    if (count < 1 || count >= (std::int64_t(1) << 31))
      Complaint(op, "the size must be at least 1 and below 2^31, not " + detail::by(size))
          .at(x.site())
          .raise<ValueError>();
    if (length == 0)
      Complaint(op, "x has shape " + to_string(x.shape()) + ": there is nothing to take means of")
          .fact("x", describe(x))
          .at(x.site())
          .raise<ShapeError>();
    std::vector<std::vector<kernels::AxisMap::Term>> terms(static_cast<std::size_t>(count));
    for (std::int64_t o = 0; o < count; ++o) {
      std::int64_t first = o * length / count, last = ((o + 1) * length + count - 1) / count;
      for (std::int64_t k = first; k < last; ++k)
        terms[static_cast<std::size_t>(o)].push_back({k, 1 / static_cast<double>(last - first)});
    }
    maps.push_back(kernels::AxisMap(length, terms));
  }
  return detail::resample(op, x, maps);
}

}  // namespace

Tensor max_pool1d(const Operand& x, std::int64_t kernel, const MaxPool1dOptions& o) {
  detail::WindowOptionsList options{{o.stride.value_or(kernel), o.padding, o.dilation}};
  return max_pool("max_pool1d", x, check_pool("max_pool1d", x, {kernel}, options, o.ceil_mode));
}

Tensor max_pool2d(const Operand& x, const Size2& kernel, const MaxPool2dOptions& o) {
  Size2 stride = o.stride.value_or(kernel);
  detail::WindowOptionsList options{{stride.height, o.padding.height, o.dilation.height},
                                    {stride.width, o.padding.width, o.dilation.width}};
  return max_pool("max_pool2d", x, check_pool("max_pool2d", x, {kernel.height, kernel.width}, options, o.ceil_mode));
}

Tensor avg_pool1d(const Operand& x, std::int64_t kernel, const AvgPool1dOptions& o) {
  detail::WindowOptionsList options{{o.stride.value_or(kernel), o.padding}};
  return avg_pool("avg_pool1d", x, check_pool("avg_pool1d", x, {kernel}, options, o.ceil_mode), o.count_include_pad);
}

Tensor avg_pool2d(const Operand& x, const Size2& kernel, const AvgPool2dOptions& o) {
  Size2 stride = o.stride.value_or(kernel);
  detail::WindowOptionsList options{{stride.height, o.padding.height}, {stride.width, o.padding.width}};
  return avg_pool("avg_pool2d", x, check_pool("avg_pool2d", x, {kernel.height, kernel.width}, options, o.ceil_mode),
                  o.count_include_pad);
}

Tensor adaptive_avg_pool1d(const Operand& x, std::int64_t size) {
  return adaptive_avg_pool("adaptive_avg_pool1d", x, {size});
}

Tensor adaptive_avg_pool2d(const Operand& x, const Size2& size) {
  return adaptive_avg_pool("adaptive_avg_pool2d", x, {size.height, size.width});
}

}  // namespace xg
