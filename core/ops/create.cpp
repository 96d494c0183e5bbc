#include "create.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../array/copy.hpp"
#include "../error/error.hpp"
#include "checks.hpp"

namespace xg {
namespace {

Shape shape_of(const NestedList& values) {
  Shape shape;
  for (const NestedList* list = &values; !list->is_number(); list = list->begin()) {
    shape.push_back(static_cast<std::int64_t>(list->size()));
    if (list->size() == 0) break;
  }
  return shape;
}

[[noreturn]] void ragged(const NestedList& list, const Shape& shape, std::size_t depth, const Site& site) {
  std::string found = list.is_number() ? "a number" : fmt::format("{} items", list.size());
  std::string expected = depth == shape.size() ? "a number" : fmt::format("{} items", shape[depth]);
  Complaint("tensor",
            fmt::format("the lists are ragged: {} where the first list at depth {} has {}", found, depth, expected))
      .at(site)
      .raise<ValueError>();
}

template <class T>
T* fill(const NestedList& list, const Shape& shape, std::size_t depth, T* to, const Site& site) {
  bool fits = list.is_number() ? depth == shape.size()
                               : depth < shape.size() && static_cast<std::int64_t>(list.size()) == shape[depth];
  if (!fits) ragged(list, shape, depth, site);
  if (list.is_number()) {
    detail::check_number("tensor", list.number(), dtype_of<T>(), site);
    *to = list.number().as<T>();
    return to + 1;
  }
  for (const NestedList& item : list) to = fill(item, shape, depth + 1, to, site);
  return to;
}

/// Whether there are numbers and all are true or false.
bool is_logical(const NestedList& list) {
  if (list.is_number()) return list.number().kind == DType::boolean;
  for (const NestedList& item : list)
    if (!is_logical(item)) return false;
  return list.size() > 0;
}

/// Room for the numbers of a range.
template <class Count>
Array ascending(Count count, DType dtype, const Site& site) {
  constexpr std::int64_t most = std::int64_t(1) << 62;
  Shape shape{count < Count(most) ? static_cast<std::int64_t>(count) : most};
  detail::check_shape("arange", shape, site);
  return Array(shape, dtype);
}

}  // namespace

void detail::check_number(const char* op, const Number& number, DType dtype, const Site& site) {
  if (dtype != DType::i64 || number.kind != DType::f64) return;
  if (number.real >= -0x1p63 && number.real < 0x1p63 && number.real == std::trunc(number.real)) return;
  Complaint(op, fmt::format("{} is no i64", number.real))
      .at(site)
      .mend("an integer, or a real dtype: f32 or f64")
      .raise<ValueError>();
}

Tensor tensor(const NestedList& values, std::optional<DType> dtype, Site site) {
  Array result(shape_of(values), dtype.value_or(is_logical(values) ? DType::boolean : DType::f32));
  visit(result.dtype(), [&](auto t) { fill(values, result.shape(), 0, result.fill<decltype(t)>(), site); });
  return Tensor(std::move(result));
}

Tensor variable(const NestedList& values, DType dtype, Site site) {
  return variable(tensor(values, dtype, site), site);
}

Tensor detail::tensor_from(const void* values, std::size_t count, DType kind, const Shape& shape,
                           std::optional<DType> dtype, const Site& site) {
  detail::check_shape("tensor", shape, site);
  if (static_cast<std::int64_t>(count) != shape.elements())
    Complaint("tensor", fmt::format("{} values do not fill {}", count, to_string(shape))).at(site).raise<ShapeError>();
  Array result(shape, kind);
  std::copy_n(static_cast<const std::byte*>(values), count * size_of(kind), result.fill_bytes());
  return Tensor(result.cast(dtype.value_or(kind)));
}

Tensor full(const Shape& shape, const Number& value, DType dtype, Site site) {
  detail::check_shape("full", shape, site);
  detail::check_number("full", value, dtype, site);
  return Tensor(Array::full(shape, value, dtype));
}

Tensor zeros(const Shape& shape, DType dtype, Site site) {
  detail::check_shape("zeros", shape, site);
  return Tensor(Array::zeros(shape, dtype));
}

Tensor ones(const Shape& shape, DType dtype, Site site) {
  detail::check_shape("ones", shape, site);
  return Tensor(Array::full(shape, 1, dtype));
}

Tensor zeros_like(const Operand& x, std::optional<DType> dtype) {
  return Tensor(Array::zeros(x.shape(), dtype.value_or(x.dtype())));
}
Tensor ones_like(const Operand& x, std::optional<DType> dtype) {
  return Tensor(Array::full(x.shape(), 1, dtype.value_or(x.dtype())));
}
Tensor full_like(const Operand& x, const Number& value, std::optional<DType> dtype) {
  return full(x.shape(), value, dtype.value_or(x.dtype()), x.site());
}

Tensor eye(std::int64_t n, DType dtype, Site site) { return eye(n, n, dtype, site); }

Tensor eye(std::int64_t n, std::int64_t m, DType dtype, Site site) {
  detail::check_shape("eye", {n, m}, site);
  Array result = Array::zeros({n, m}, dtype);
  copy_into(Array(1, dtype).broadcast_to({std::min(n, m)}), result.view({std::min(n, m)}, {m + 1}));
  return Tensor(std::move(result));
}

Tensor arange(const Number& stop, std::optional<DType> dtype, Site site) { return arange(0, stop, 1, dtype, site); }

Tensor arange(const Number& start, const Number& stop, std::optional<DType> dtype, Site site) {
  return arange(start, stop, 1, dtype, site);
}

Tensor arange(const Number& start, const Number& stop, const Number& step, std::optional<DType> dtype, Site site) {
  bool integers = start.kind != DType::f64 && stop.kind != DType::f64 && step.kind != DType::f64;
  double first = start.as<double>(), last = stop.as<double>(), by = step.as<double>();
  if (by == 0 || !std::isfinite(first) || !std::isfinite(last) || !std::isfinite(by))
    Complaint("arange", fmt::format("no numbers from {} to {} in steps of {}", first, last, by))
        .at(site)
        .raise<ValueError>();
  if (integers) {
    using Wide = __int128;
    Wide from = start.as<std::int64_t>(), span = Wide(stop.as<std::int64_t>()) - from, pace = step.as<std::int64_t>();
    Wide count = pace > 0 ? (span + pace - 1) / pace : (span + pace + 1) / pace;
    Array result = ascending(std::max<Wide>(0, count), DType::i64, site);
    std::int64_t* to = result.fill<std::int64_t>();
    for (std::int64_t i = 0; i < result.size(); ++i) to[i] = static_cast<std::int64_t>(from + i * pace);
    return Tensor(result.cast(dtype.value_or(DType::i64)));
  }
  Array result = ascending(std::max(0.0, std::ceil((last - first) / by)), DType::f64, site);
  double* to = result.fill<double>();
  for (std::int64_t i = 0; i < result.size(); ++i) to[i] = first + static_cast<double>(i) * by;
  return Tensor(result.cast(dtype.value_or(DType::f32)));
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype, Site site) {
  detail::check_shape("linspace", {count}, site);
  Array result(Shape{count}, DType::f64);
  double* to = result.fill<double>();
  double step = count > 1 ? (stop - start) / static_cast<double>(count - 1) : 0;
  for (std::int64_t i = 0; i < count; ++i) to[i] = start + static_cast<double>(i) * step;
  if (count > 1) to[count - 1] = stop;
  return Tensor(result.cast(dtype));
}

}  // namespace xg
