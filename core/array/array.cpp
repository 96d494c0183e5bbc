#include "array.hpp"

#include <algorithm>

#include "../error/error.hpp"
#include "copy.hpp"

namespace xg {
namespace {

bool row_major(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

[[noreturn]] void impossible(const Shape& shape) {
  Complaint("array", "no array can have the shape " + to_string(shape)).raise<ValueError>();
}

/// Number of elements; turns `strides`, as many as lengths, into row-major ones. The last guard of every op whose
/// result is larger than its operands.
std::int64_t count_of(const Shape& shape, Strides& strides) {
  constexpr std::int64_t most = std::int64_t(1) << 58;  // so that bytes can be counted too
  std::int64_t count = 1;
  bool fits = true;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = count;
    fits = fits && shape[i] >= 0 && !__builtin_mul_overflow(count, shape[i], &count) && count <= most;
  }
  if (!fits) impossible(shape);
  return count;
}

}  // namespace

Array::Array(const Shape& shape, DType dtype) : dtype_(dtype), shape_(shape), strides_(shape) {
  size_ = count_of(shape_, strides_);
  storage_ = Storage::make(static_cast<std::size_t>(size_) * size_of(dtype));
  data_ = storage_->data;
}

Array::Array(Ref<Storage> storage, std::byte* data, const Shape& shape, const Strides& strides, DType dtype)
    : storage_(std::move(storage)), data_(data), dtype_(dtype), shape_(shape), strides_(shape) {
  size_ = count_of(shape_, strides_);
  contiguous_ = row_major(shape_, strides);
  if (!contiguous_) strides_ = strides;  // else one form for axes of length 1
}

Array::Array(const Number& number, DType dtype) : Array(Shape{}, dtype) {
  visit(dtype, [&](auto t) { *fill<decltype(t)>() = number.as<decltype(t)>(); });
}

Array Array::full(const Shape& shape, const Number& value, DType dtype) {
  Array result(shape, dtype);
  visit(dtype, [&](auto t) { std::fill_n(result.fill<decltype(t)>(), result.size(), value.as<decltype(t)>()); });
  return result;
}

Array Array::view(const Shape& shape, const Strides& strides, std::int64_t offset) const {
  return Array(storage_, data_ + offset * static_cast<std::int64_t>(size_of(dtype_)), shape, strides, dtype_);
}

Array Array::permuted(const Shape& axes) const {
  Shape shape, strides;
  for (std::int64_t axis : axes) {
    shape.push_back(shape_[axis]);
    strides.push_back(strides_[axis]);
  }
  return view(shape, strides);
}

Array Array::transposed() const {
  Shape shape = shape_, strides = strides_;
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  std::swap(strides[strides.size() - 1], strides[strides.size() - 2]);
  return view(shape, strides);
}

Array Array::broadcast_to(const Shape& shape) const {
  if (shape == shape_) return *this;
  Strides strides(shape.size(), 0);
  std::size_t shift = shape.size() - shape_.size();
  for (std::size_t i = 0; i < shape_.size(); ++i)
    if (shape_[i] == shape[i + shift] && shape_[i] != 1) strides[i + shift] = strides_[i];
  return view(shape, strides);
}

Array Array::reshaped(const Shape& shape) const {
  if (contiguous_) {
    Array result(*this);
    result.shape_ = shape;
    result.strides_ = contiguous_strides(shape);
    return result;
  }
  if (size_ == 0) return Array(shape, dtype_);
  // Walk both shapes from the front, matching groups of axes with equal products; a group of old axes must be
  // mergeable (each stride the next one's times its length) to be split again without a copy.
  Strides strides(shape.size(), 0);
  std::size_t i = 0, j = 0;
  while (i < shape_.size() || j < shape.size()) {
    std::size_t first_old = i, first_new = j;
    std::int64_t old_count = i < shape_.size() ? shape_[i++] : 1;
    std::int64_t new_count = j < shape.size() ? shape[j++] : 1;
    while (old_count != new_count) {
      if (old_count < new_count) old_count *= shape_[i++];
      else new_count *= shape[j++];
    }
    std::int64_t inner = 0;  // stride of the innermost old axis longer than 1
    std::int64_t expected = 0;
    bool found = false;
    for (std::size_t k = i; k-- > first_old;) {
      if (shape_[k] == 1) continue;
      if (!found) inner = strides_[k];
      else if (strides_[k] != expected) return copy().view(shape, contiguous_strides(shape));
      found = true;
      expected = strides_[k] * shape_[k];
    }
    std::int64_t step = inner;
    for (std::size_t k = j; k-- > first_new; step *= shape[k]) strides[k] = step;
  }
  return view(shape, strides);
}

Array Array::contiguous() const { return contiguous_ ? *this : copy(); }

Array Array::copy() const {
  Array result(shape_, dtype_);
  copy_into(*this, result);
  return result;
}

Array Array::cast(DType dtype) const {
  if (dtype == dtype_) return *this;
  Array result(shape_, dtype);
  copy_into(*this, result);
  return result;
}

Number Array::first() const {
  return visit(dtype_, [&](auto t) { return Number(*data<decltype(t)>()); });
}

}  // namespace xg
