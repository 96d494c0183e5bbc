#include "pool.hpp"

#include "../graph/record.hpp"
#include "../kernels/pool.hpp"
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

}  // namespace xg
