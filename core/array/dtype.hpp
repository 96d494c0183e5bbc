// Element types, plain numbers, and NumPy's promotion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace xg {

/// Element type of an array, in promotion order.
enum class DType : std::uint8_t { boolean, i64, f32, f64 };
inline constexpr DType boolean = DType::boolean;
inline constexpr DType i64 = DType::i64;
inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;

/// Bytes an element takes.
constexpr std::size_t size_of(DType type) { return type == DType::boolean ? 1 : type == DType::f32 ? 4 : 8; }
/// "f32", "f64", "i64" or "boolean".
constexpr const char* name_of(DType type) {
  return type == DType::boolean ? "boolean" : type == DType::i64 ? "i64" : type == DType::f32 ? "f32" : "f64";
}
/// Whether gradients exist for this dtype.
constexpr bool is_differentiable(DType type) { return type >= DType::f32; }

/// NumPy's result type of two arrays: the wider one, but i64 with f32 gives f64.
constexpr DType promote(DType a, DType b) {
  DType wide = a > b ? a : b, narrow = a > b ? b : a;
  return wide == DType::f32 && narrow == DType::i64 ? DType::f64 : wide;
}
/// The dtype of a function with real values (exp, mean, …): f64 for integers and booleans, as in NumPy.
constexpr DType real(DType type) { return is_differentiable(type) ? type : DType::f64; }

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return DType::boolean;
  else if constexpr (std::is_integral_v<T>) return DType::i64;
  else if constexpr (std::is_same_v<T, float>) return DType::f32;
  else return DType::f64;
}

/// A plain number as the user wrote it: exact as integer or real.
struct Number {
  DType kind = DType::f64;  // boolean, i64 or f64
  union {
    double real;
    std::int64_t integer;
  };

  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr Number(T value) : kind(DType::f64), real(0) {
    if constexpr (std::is_integral_v<T>) {
      kind = std::is_same_v<T, bool> ? DType::boolean : DType::i64;
      integer = static_cast<std::int64_t>(value);
    } else {
      real = static_cast<double>(value);
    }
  }
  template <class T>
  constexpr T as() const {
    if constexpr (std::is_same_v<T, bool>) return kind == DType::f64 ? real != 0 : integer != 0;
    else return kind == DType::f64 ? static_cast<T>(real) : static_cast<T>(integer);
  }
};

/// The dtype of an array of `type` meeting a plain number: the array's own, unless the number's kind is higher
/// (a real number makes an i64 or boolean array f64, an integer makes a boolean array i64: NumPy's rule).
constexpr DType promote(DType type, const Number& number) {
  if (number.kind == DType::f64) return real(type);
  if (number.kind == DType::i64 && type == DType::boolean) return DType::i64;
  return type;
}

/// Calls `f(T())` with the C++ type of `type`.
template <class F>
decltype(auto) visit(DType type, F&& f) {
  switch (type) {
    case DType::boolean: return f(bool());
    case DType::i64: return f(std::int64_t());
    case DType::f32: return f(float());
    default: return f(double());
  }
}
/// Calls `f(T())` with float or double.
template <class F>
decltype(auto) visit_real(DType type, F&& f) {
  return type == DType::f32 ? f(float()) : f(double());
}

}  // namespace xg
