#include "arithmetic.hpp"

#include <cmath>
#include <functional>

#include "elementwise.hpp"

namespace xg::kernels {
namespace {

template <class A, class B, class To, class F>
void binary_block(const void*, std::byte* const* pointers, std::int64_t count) {
  auto* to = reinterpret_cast<To*>(pointers[0]);
  auto* a = reinterpret_cast<const A*>(pointers[1]);
  auto* b = reinterpret_cast<const B*>(pointers[2]);
  for (std::int64_t i = 0; i < count; ++i) to[i] = F()(a[i], b[i]);
}

// Integer overflow wraps, as in NumPy: computed unsigned.
std::int64_t wrap(std::uint64_t x) { return static_cast<std::int64_t>(x); }

struct Subtract {
  template <class T>
  T operator()(T a, T b) const {
    return a - b;
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(std::uint64_t(a) - std::uint64_t(b)); }
  bool operator()(bool a, bool b) const { return a != b; }
};
struct Multiply {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(std::uint64_t(a) * std::uint64_t(b)); }
  bool operator()(bool a, bool b) const { return a && b; }
};
struct Divide {
  template <class T>
  T operator()(T a, T b) const {
    return a / b;
  }
  std::int64_t operator()(std::int64_t, std::int64_t) const { return 0; }
  bool operator()(bool, bool) const { return false; }
};
struct Maximum {  // NaN wins
  template <class T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};
struct Minimum {
  template <class T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};
struct Fmod {  // the sign of a
  template <class T>
  T operator()(T a, T b) const {
    return std::fmod(a, b);
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const { return b == 0 || b == -1 ? 0 : a % b; }
  bool operator()(bool, bool) const { return false; }
};
struct Remainder {  // the sign of b
  template <class T>
  T operator()(T a, T b) const {
    T r = std::fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    if (b == 0 || b == -1) return 0;
    std::int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  bool operator()(bool, bool) const { return false; }
};
struct FloorDivide {
  template <class T>
  T operator()(T a, T b) const {
    return std::floor(a / b);
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    if (b == 0) return 0;
    if (b == -1) return wrap(0 - std::uint64_t(a));
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
  }
  bool operator()(bool a, bool b) const { return a && b; }
};
struct Power {  // integers only; reals go through a formula
  template <class T>
  T operator()(T a, T b) const {
    return std::pow(a, b);
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b) const {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    std::uint64_t result = 1, base = std::uint64_t(a);
    for (auto n = std::uint64_t(b); n; n >>= 1, base *= base)
      if (n & 1) result *= base;
    return wrap(result);
  }
  bool operator()(bool a, bool b) const { return a || !b; }
};

template <class F>
Array binary(const Array& a, const Array& b, const Shape& shape) {
  Array result(shape, a.dtype());
  Block block = visit(a.dtype(), [](auto t) -> Block {
    using T = decltype(t);
    return binary_block<T, T, T, F>;
  });
  elementwise(block, nullptr, {&result}, {&a, &b});
  return result;
}

template <template <class> class F>
Array comparison(const Array& a, const Array& b, const Shape& shape) {
  Array result(shape, DType::boolean);
  Block block = visit(a.dtype(), [](auto t) -> Block {
    using T = decltype(t);
    return binary_block<T, T, bool, F<T>>;
  });
  elementwise(block, nullptr, {&result}, {&a, &b});
  return result;
}

template <class T>
void select_block(const void*, std::byte* const* pointers, std::int64_t count) {
  auto* to = reinterpret_cast<T*>(pointers[0]);
  auto* condition = reinterpret_cast<const std::uint8_t*>(pointers[1]);
  auto* a = reinterpret_cast<const T*>(pointers[2]);
  auto* b = reinterpret_cast<const T*>(pointers[3]);
  for (std::int64_t i = 0; i < count; ++i) to[i] = condition[i] ? a[i] : b[i];
}

}  // namespace

Array arithmetic(Arithmetic op, const Array& a, const Array& b, const Shape& shape) {
  switch (op) {
    case Arithmetic::add: return add(a, b, shape);
    case Arithmetic::subtract: return binary<Subtract>(a, b, shape);
    case Arithmetic::multiply: return binary<Multiply>(a, b, shape);
    case Arithmetic::divide: return binary<Divide>(a, b, shape);
    case Arithmetic::maximum: return binary<Maximum>(a, b, shape);
    case Arithmetic::minimum: return binary<Minimum>(a, b, shape);
    case Arithmetic::fmod: return binary<Fmod>(a, b, shape);
    case Arithmetic::remainder: return binary<Remainder>(a, b, shape);
    case Arithmetic::floor_divide: return binary<FloorDivide>(a, b, shape);
    default: return binary<Power>(a, b, shape);
  }
}

Array compare(Comparison op, const Array& a, const Array& b, const Shape& shape) {
  switch (op) {
    case Comparison::equal: return comparison<std::equal_to>(a, b, shape);
    case Comparison::not_equal: return comparison<std::not_equal_to>(a, b, shape);
    case Comparison::less: return comparison<std::less>(a, b, shape);
    case Comparison::less_equal: return comparison<std::less_equal>(a, b, shape);
    case Comparison::greater: return comparison<std::greater>(a, b, shape);
    default: return comparison<std::greater_equal>(a, b, shape);
  }
}

Array select(const Array& condition, const Array& a, const Array& b, const Shape& shape) {
  Array result(shape, a.dtype());
  Block block = size_of(a.dtype()) == 1   ? select_block<std::uint8_t>
                : size_of(a.dtype()) == 4 ? select_block<std::uint32_t>
                                          : select_block<std::uint64_t>;
  elementwise(block, nullptr, {&result}, {&condition, &a, &b});
  return result;
}

}  // namespace xg::kernels
