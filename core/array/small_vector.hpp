// A vector that keeps its first N elements inside itself: shapes and gradient lists never touch the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

namespace xg {

template <class T, std::size_t N>
class SmallVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() noexcept : data_(inline_data()) {}
  explicit SmallVector(std::size_t size, const T& value = T()) : SmallVector() {
    reserve(size);
    for (; size_ < size; ++size_) new (data_ + size_) T(value);
  }
  SmallVector(std::initializer_list<T> values) : SmallVector(values.begin(), values.end()) {}
  template <class I>
    requires requires(I i) {
      *i;
      ++i;
    }
  SmallVector(I first, I last) : SmallVector() {
    for (; first != last; ++first) push_back(*first);
  }
  SmallVector(const SmallVector& other) : data_(inline_data()), room_(Unset()) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      if (other.size_ <= N) {  // a copy of fixed size is a few moves
        std::memcpy(room_.bytes, other.data_, sizeof(room_));
        size_ = other.size_;
        return;
      }
    }
    reserve(other.size_);
    for (; size_ < other.size_; ++size_) new (data_ + size_) T(other.data_[size_]);
  }
  SmallVector(SmallVector&& other) noexcept : data_(inline_data()), room_(Unset()) { take(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this == &other) return *this;
    if constexpr (std::is_trivially_copyable_v<T>) {
      if (other.size_ <= N) {
        release();
        std::memcpy(room_.bytes, other.data_, sizeof(room_));
        size_ = other.size_;
        return *this;
      }
    }
    *this = SmallVector(other);
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) {
      clear();
      release();
      take(other);
    }
    return *this;
  }
  ~SmallVector() {
    clear();
    release();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    T* fresh = static_cast<T*>(::operator new(capacity * sizeof(T), std::align_val_t(alignof(T))));
    for (std::size_t i = 0; i < size_; ++i) {
      new (fresh + i) T(std::move(data_[i]));
      data_[i].~T();
    }
    release();
    data_ = fresh;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void push_back(const T& value) {
    if (size_ == capacity_) return push_back(T(value));  // it may be an element of this very vector
    new (data_ + size_++) T(value);
  }
  void push_back(T&& value) {
    if (size_ == capacity_) {
      T kept(std::move(value));
      reserve(2 * std::size_t(capacity_));
      new (data_ + size_++) T(std::move(kept));
      return;
    }
    new (data_ + size_++) T(std::move(value));
  }
  void pop_back() { data_[--size_].~T(); }
  void insert(std::size_t at, T value) {
    push_back(std::move(value));
    for (std::size_t i = size_ - 1; i > at; --i) std::swap(data_[i], data_[i - 1]);
  }
  void erase(std::size_t at) {
    for (std::size_t i = at; i + 1 < size_; ++i) data_[i] = std::move(data_[i + 1]);
    pop_back();
  }
  void resize(std::size_t size, const T& value = T()) {
    while (size_ > size) pop_back();
    reserve(size);
    for (; size_ < size; ++size_) new (data_ + size_) T(value);
  }
  void clear() {
    if constexpr (std::is_trivially_destructible_v<T>) size_ = 0;
    else
      while (size_) pop_back();
  }

  friend bool operator==(const SmallVector& a, const SmallVector& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i)
      if (!(a.data_[i] == b.data_[i])) return false;
    return true;
  }

 private:
  struct Unset {};
  // Plain numbers start as zeros, because a copy takes the whole room, used or not.
  struct Room {
    alignas(T) std::byte bytes[N * sizeof(T)];
    Room() noexcept {
      if constexpr (std::is_trivially_copyable_v<T>) std::memset(bytes, 0, sizeof(bytes));
    }
    explicit Room(Unset) noexcept {}
  };

  T* inline_data() { return reinterpret_cast<T*>(room_.bytes); }
  void release() {
    if (data_ != inline_data()) ::operator delete(data_, std::align_val_t(alignof(T)));
    data_ = inline_data();
    capacity_ = N;
  }
  void take(SmallVector& other) noexcept {
    if (other.data_ != other.inline_data()) {
      data_ = other.data_;
      size_ = other.size_;
      capacity_ = other.capacity_;
      other.data_ = other.inline_data();
      other.size_ = 0;
      other.capacity_ = N;
      return;
    }
    if constexpr (std::is_trivially_copyable_v<T>) {
      room_ = other.room_;
      size_ = std::exchange(other.size_, 0);
      return;
    }
    for (; size_ < other.size_; ++size_) new (data_ + size_) T(std::move(other.data_[size_]));
    other.clear();
  }

  T* data_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = N;
  Room room_;
};

}  // namespace xg
