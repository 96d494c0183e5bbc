// Intrusive reference counts, plain while the process has one thread and atomic afterwards.
#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace xg {

/// A counter that costs no locked instruction until a second thread exists.
class Count {
 public:
  constexpr Count() : value_(0) {}
  std::int64_t get() const { return value_.load(std::memory_order_acquire); }
  /// Adds and returns the new value.
  std::int64_t add(std::int64_t amount) {
    if (__libc_single_threaded) {
      std::int64_t value = value_.load(std::memory_order_relaxed) + amount;
      value_.store(value, std::memory_order_relaxed);
      return value;
    }
    return value_.fetch_add(amount, std::memory_order_acq_rel) + amount;
  }
  /// One owner more. The first owner of a fresh object has no rival.
  void retain() {
    if (value_.load(std::memory_order_relaxed) == 0) value_.store(1, std::memory_order_relaxed);
    else add(1);
  }
  /// One owner less; true if it was the last. A sole owner has no rival: nobody can copy what only it holds.
  bool release() { return value_.load(std::memory_order_acquire) == 1 || add(-1) == 0; }

 private:
  std::atomic<std::int64_t> value_;
};

/// A shared pointer to a T that has `Count references` and a static `void destroy(T*)`.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_) object_->references.retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->references.release()) T::destroy(object_);
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool unique() const { return object_ && object_->references.get() == 1; }

 private:
  T* object_ = nullptr;
};

}  // namespace xg
