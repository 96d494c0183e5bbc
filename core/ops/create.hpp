// Tensors from shapes, numbers, nested lists and containers.
#pragma once

#include <initializer_list>
#include <optional>

#include "../graph/tensor.hpp"

namespace xg {

/// A number, or a list of such in braces: `{{0, 1}, {2, 3}}`. Lives as long as the call it is passed to.
class NestedList {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  NestedList(T number) : number_(number) {}
  NestedList(std::initializer_list<NestedList> items) : is_number_(false) {
    first_ = items.begin();
    count_ = items.size();
  }

  bool is_number() const { return is_number_; }
  const Number& number() const { return number_; }
  const NestedList* begin() const { return first_; }
  const NestedList* end() const { return first_ + count_; }
  std::size_t size() const { return count_; }

 private:
  Number number_ = 0;
  bool is_number_ = true;
  const NestedList* first_ = nullptr;
  std::size_t count_ = 0;
};

namespace detail {

/// Copies `shape.elements()` values of `kind`; throws ShapeError when `count` differs.
Tensor tensor_from(const void* values, std::size_t count, DType kind, const Shape& shape, std::optional<DType> dtype,
                   const Site& site);

template <class R>
concept Sequence = requires(const R& values) {
  { *values.data() } -> std::convertible_to<double>;
  values.size();
} && !std::is_same_v<R, Tensor>;

template <Sequence R>
Tensor tensor_from(const R& values, const Shape& shape, std::optional<DType> dtype, const Site& site) {
  using T = std::remove_cvref_t<decltype(*values.data())>;
  if constexpr (std::is_same_v<T, bool> || sizeof(T) == size_of(dtype_of<T>())) {
    return tensor_from(values.data(), values.size(), dtype_of<T>(), shape, dtype, site);
  } else {
    using Wide = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
    std::vector<Wide> wide(values.data(), values.data() + values.size());
    return tensor_from(wide.data(), wide.size(), dtype_of<T>(), shape, dtype, site);
  }
}
template <class A>
Tensor tensor_from(const std::vector<bool, A>& values, const Shape& shape, std::optional<DType> dtype,
                   const Site& site) {
  std::vector<unsigned char> bytes(values.begin(), values.end());
  return tensor_from(bytes.data(), bytes.size(), DType::boolean, shape, dtype, site);
}
template <class R>
concept Container = requires(const R& values, const Shape& shape, const Site& site) {
  tensor_from(values, shape, std::optional<DType>(), site);
};

}  // namespace detail

/// A constant with these values: `tensor(2.5)`, `tensor({{0, 1}, {2, 3}})`, `tensor({0, 1}, i64)`. Without a dtype,
/// lists of nothing but true and false give boolean and all others f32; integers are exact in i64. Throws ValueError
/// for ragged lists and for numbers that i64 cannot hold.
Tensor tensor(const NestedList& values, std::optional<DType> dtype = {}, Site site = Site::here());

/// A constant with the values of a contiguous container (vector, span, array): copied, 1-d, dtype f32 for float, f64
/// for double, i64 for integers, boolean for bool unless one is given.
template <detail::Container R>
Tensor tensor(const R& values, std::optional<DType> dtype = {}, Site site = Site::here()) {
  return detail::tensor_from(values, Shape{static_cast<std::int64_t>(values.size())}, dtype, site);
}
/// The same in a given shape; throws ShapeError when the number of values is not the shape's.
template <detail::Container R>
Tensor tensor(const R& values, const Shape& shape, std::optional<DType> dtype = {}, Site site = Site::here()) {
  return detail::tensor_from(values, shape, dtype, site);
}

/// A leaf with these values, f32 unless told: `variable({1.0, 2.0}, f64)`. Throws what `tensor` throws, and DTypeError
/// for a dtype without gradients.
Tensor variable(const NestedList& values, DType dtype = f32, Site site = Site::here());
/// A leaf with the values of a container of float or double, 1-d or in a given shape.
template <detail::Container R>
Tensor variable(const R& values, std::optional<DType> dtype = {}, Site site = Site::here()) {
  return variable(tensor(values, dtype, site), site);
}
template <detail::Container R>
Tensor variable(const R& values, const Shape& shape, std::optional<DType> dtype = {}, Site site = Site::here()) {
  return variable(tensor(values, shape, dtype, site), site);
}

/// All 0.  Creation throws ValueError for a shape with a negative length or too many elements.
Tensor zeros(const Shape& shape, DType dtype = f32, Site site = Site::here());
/// All 1.
Tensor ones(const Shape& shape, DType dtype = f32, Site site = Site::here());
/// All `value`.
Tensor full(const Shape& shape, const Number& value, DType dtype = f32, Site site = Site::here());
/// The shape of `x`, and its dtype unless another is given.
Tensor zeros_like(const Operand& x, std::optional<DType> dtype = {});
Tensor ones_like(const Operand& x, std::optional<DType> dtype = {});
Tensor full_like(const Operand& x, const Number& value, std::optional<DType> dtype = {});

/// The identity matrix (n, n).
Tensor eye(std::int64_t n, DType dtype = f32, Site site = Site::here());
/// Ones on the main diagonal of an (n, m) matrix.
Tensor eye(std::int64_t n, std::int64_t m, DType dtype = f32, Site site = Site::here());

/// start, start + step, … up to but without stop, 1-d; start is 0 and step 1 unless given. i64 when all are integers,
/// else f32, unless a dtype is given. Throws ValueError for a step of 0 or a bound that is not finite.
Tensor arange(const Number& stop, std::optional<DType> dtype = {}, Site site = Site::here());
Tensor arange(const Number& start, const Number& stop, std::optional<DType> dtype = {}, Site site = Site::here());
Tensor arange(const Number& start, const Number& stop, const Number& step, std::optional<DType> dtype = {},
              Site site = Site::here());
/// `count` evenly spaced numbers from start to stop, both included. Throws ValueError for a negative count.
Tensor linspace(double start, double stop, std::int64_t count, DType dtype = f32, Site site = Site::here());

}  // namespace xg
