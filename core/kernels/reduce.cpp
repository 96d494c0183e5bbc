#include "reduce.hpp"

#include "../array/loops.hpp"

namespace xg::kernels {
namespace {

template <class T, class To>
void sum_typed(const Array& x, const Strides& out, Array& result) {
  LoopNest nest(x.shape(), {&x.strides(), &out});
  const T* from = x.data<T>();
  To* to = result.fill<To>();
  std::int64_t inner = nest.inner(), step = nest.inner_stride(0), to_step = nest.inner_stride(1);
  for_each_outer(nest, 1, 0, outer_count(nest, 1), [&](const std::int64_t* at) {
    const T* row = from + at[0];
    To* target = to + at[1];
    if (to_step == 0) {
      To total = 0;
      for (std::int64_t i = 0; i < inner; ++i) total += static_cast<To>(row[i * step]);
      *target += total;
    } else {
      for (std::int64_t i = 0; i < inner; ++i) target[i * to_step] += static_cast<To>(row[i * step]);
    }
  });
}

}  // namespace

Array sum(const Array& x, const Shape& axes) {
  DType dtype = x.dtype() == DType::boolean ? DType::i64 : x.dtype();
  Array result = Array::zeros(reduced_shape(x.shape(), axes, KeepDims::no), dtype);
  if (x.size() == 0) return result;
  Strides kept = contiguous_strides(reduced_shape(x.shape(), axes, KeepDims::yes));
  for (std::int64_t axis : axes) kept[axis] = 0;
  visit(x.dtype(), [&](auto t) {
    using T = decltype(t);
    using To = std::conditional_t<std::is_same_v<T, bool>, std::int64_t, T>;
    sum_typed<T, To>(x, kept, result);
  });
  return result;
}

}  // namespace xg::kernels
