// Array: a typed, strided block of numbers. Copying one shares its buffer; nothing here knows of gradients.
#pragma once

#include "dtype.hpp"
#include "memory.hpp"
#include "shape.hpp"

namespace xg {

class Array {
 public:
  /// No array at all; `operator bool` is false.
  Array() = default;
  /// Uninitialised, row-major.
  Array(const Shape& shape, DType dtype);
  /// A view into `storage` starting at `data`; strides in elements, 0 or negative allowed.
  Array(Ref<Storage> storage, std::byte* data, const Shape& shape, const Strides& strides, DType dtype);
  /// A 0-d array holding `number`.
  Array(const Number& number, DType dtype);

  static Array full(const Shape& shape, const Number& value, DType dtype);
  static Array zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }

  explicit operator bool() const { return static_cast<bool>(storage_); }
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  DType dtype() const { return dtype_; }
  std::int64_t rank() const { return shape_.rank(); }
  std::int64_t size() const { return size_; }
  /// Row-major without gaps.
  bool is_contiguous() const { return contiguous_; }

  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  const std::byte* bytes() const { return data_; }
  /// For kernels that fill an array they just made.
  template <class T>
  T* fill() {
    return reinterpret_cast<T*>(data_);
  }
  std::byte* fill_bytes() { return data_; }

  /// True when no other array shares the buffer, so that it may be changed in place.
  bool is_sole_owner() const { return storage_.unique(); }
  bool shares_storage_with(const Array& other) const { return storage_.get() == other.storage_.get(); }
  const Ref<Storage>& storage() const { return storage_; }

  /// The same buffer seen with other lengths and strides, starting `offset` elements further on.
  Array view(const Shape& shape, const Strides& strides, std::int64_t offset = 0) const;
  /// A view with axes in the order `axes`.
  Array permuted(const Shape& axes) const;
  /// A view with the last two axes swapped.
  Array transposed() const;
  /// A view broadcast to `shape`, which must fit.
  Array broadcast_to(const Shape& shape) const;
  /// `shape` has as many elements; a view where the strides allow it, else a copy.
  Array reshaped(const Shape& shape) const;
  /// Itself if row-major, else a copy.
  Array contiguous() const;
  /// A row-major copy that shares nothing.
  Array copy() const;
  /// Itself if it has that dtype, else a converted copy.
  Array cast(DType dtype) const;

  /// The element of a one-element array (or the first one).
  Number first() const;

 private:
  Ref<Storage> storage_;
  std::byte* data_ = nullptr;
  std::int64_t size_ = 0;
  DType dtype_ = DType::f32;
  bool contiguous_ = true;
  Shape shape_;
  Strides strides_;
};

}  // namespace xg
