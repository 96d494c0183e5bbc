#include "engine_ops.hpp"

#include "../error/error.hpp"
#include "../kernels/elementwise.hpp"
#include "../kernels/reduce.hpp"
#include "meet.hpp"
#include "record.hpp"

namespace xg {
namespace {

[[noreturn]] void cannot_broadcast(const char* op, const Operand& x, const Shape& from, const Shape& to) {
  Complaint(op, to_string(from) + " does not broadcast to " + to_string(to))
      .fact("x", describe(x))
      .at(x.site())
      .raise<ShapeError>();
}

}  // namespace

Tensor add(const Operand& a, const Operand& b) {
  detail::Met met = detail::meet("add", {a, b});
  return record("add", kernels::add(met.arrays[0], met.arrays[1], met.shape), {a, b}, [](const Tensor& g) -> Tensors {
    return {g, g};
  });
}

Tensor broadcast_to(const Operand& x, const Shape& shape) {
  if (checked_elements(shape) < 0)
    Complaint("broadcast_to", "no array can have the shape " + to_string(shape)).at(x.site()).raise<ValueError>();
  Shape fit;
  if (!broadcast_shapes(x.shape(), shape, fit) || fit != shape) cannot_broadcast("broadcast_to", x, x.shape(), shape);
  return record("broadcast_to", x.array().broadcast_to(shape), {x}, [](const Tensor& g) -> Tensors { return {g}; });
}

Tensor sum_to(const Operand& x, const Shape& shape) {
  Shape fit;
  if (!broadcast_shapes(shape, x.shape(), fit) || fit != x.shape()) cannot_broadcast("sum_to", x, shape, x.shape());
  Shape axes;
  std::size_t shift = x.shape().size() - shape.size();
  for (std::size_t i = 0; i < x.shape().size(); ++i)
    if (i < shift || (shape[i - shift] == 1 && x.shape()[i] != 1)) axes.push_back(static_cast<std::int64_t>(i));
  bool only_drops = x.shape().elements() == shape.elements();  // nothing but axes of length 1 goes
  return record("sum_to", (only_drops ? x.array() : kernels::sum(x.array(), axes)).reshaped(shape), {x},
                [from = x.shape()](const Tensor& g) -> Tensors { return {broadcast_to(g, from)}; });
}

Tensor astype(const Operand& x, DType dtype) {
  return record("astype", x.array(dtype), {x}, [](const Tensor& g) -> Tensors { return {g}; });
}

}  // namespace xg
