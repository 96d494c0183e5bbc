// Numbers as files hold them: many types, either byte order.
#pragma once

#include <cstdint>
#include <string>

#include "../../core/array/array.hpp"

namespace xg::nn::data {

/// The element types that files have.
enum class Element : std::uint8_t { boolean, u8, i8, u16, i16, u32, i32, u64, i64, f16, bf16, f32, f64 };

std::int64_t size_of(Element element);
/// What it is read as: f32 for f16 and bf16, i64 for integers, itself for the rest; each holds all values, but for u64
/// above 2⁶³ − 1.
DType dtype_of(Element element);

/// Reads `shape.elements()` numbers at `bytes` into a new row-major array. What cannot be read (an integer of more than
/// 63 bits, a boolean that is not 0 or 1) is named in `fault`.
Array read_elements(const char* bytes, const Shape& shape, Element element, bool big_endian, std::string& fault);

/// An integer of file format headers, at `bytes`.
template <class T>
T little_endian(const char* bytes) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  return value;
}
template <class T>
T big_endian(const char* bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  return value;
}

}  // namespace xg::nn::data
