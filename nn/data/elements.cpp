#include "elements.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace xg::nn::data {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Half {
  std::uint16_t bits;
};
struct BrainFloat {
  std::uint16_t bits;
};

float widen(Half half) {
  std::uint32_t sign = std::uint32_t(half.bits & 0x8000) << 16, exponent = half.bits >> 10 & 31,
                fraction = half.bits & 0x3ff;
  if (exponent == 0)
    return std::copysign(std::ldexp(static_cast<float>(fraction), -24), std::bit_cast<float>(sign | 1));
  std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}
float widen(BrainFloat number) { return std::bit_cast<float>(std::uint32_t(number.bits) << 16); }

template <class T>
T load(const char* bytes, bool swap) {
  char copy[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) copy[i] = bytes[swap ? sizeof(T) - 1 - i : i];
  T value;
  std::memcpy(&value, copy, sizeof value);
  return value;
}

template <class From, class To, class F>
void convert(const char* bytes, Array& to, bool swap, const F& f) {
  To* target = to.fill<To>();
  for (std::int64_t i = 0; i < to.size(); ++i)
    target[i] = f(load<From>(bytes + i * static_cast<std::int64_t>(sizeof(From)), swap));
}

/// Calls `f(T())` with the C++ type.
template <class F>
decltype(auto) visit(Element element, const F& f) {
  switch (element) {
    case Element::boolean: return f(bool());
    case Element::u8: return f(std::uint8_t());
    case Element::i8: return f(std::int8_t());
    case Element::u16: return f(std::uint16_t());
    case Element::i16: return f(std::int16_t());
    case Element::u32: return f(std::uint32_t());
    case Element::i32: return f(std::int32_t());
    case Element::u64: return f(std::uint64_t());
    case Element::i64: return f(std::int64_t());
    case Element::f16: return f(Half());
    case Element::bf16: return f(BrainFloat());
    case Element::f32: return f(float());
    default: return f(double());
  }
}

}  // namespace

std::int64_t size_of(Element element) {
  return visit(element, [](auto t) { return static_cast<std::int64_t>(sizeof t); });
}

DType dtype_of(Element element) {
  if (element == Element::boolean) return DType::boolean;
  if (element < Element::f16) return DType::i64;
  return element == Element::f64 ? DType::f64 : DType::f32;
}

Array read_elements(const char* bytes, const Shape& shape, Element element, bool big_endian, std::string& fault) {
  Array result(shape, dtype_of(element));
  bool swap = big_endian && size_of(element) > 1;
  if (!swap && size_of(element) == static_cast<std::int64_t>(xg::size_of(result.dtype())) && element != Element::u64 &&
      element != Element::boolean) {
    if (result.size())
      std::memcpy(result.fill_bytes(), bytes, static_cast<std::size_t>(result.size() * size_of(element)));
    return result;
  }
  visit(element, [&](auto t) {
    using T = decltype(t);
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t worst = 0;
      convert<std::uint8_t, bool>(bytes, result, false, [&](std::uint8_t byte) {
        worst = byte > worst ? byte : worst;
        return byte != 0;
      });
      if (worst > 1) fault = "a boolean is " + std::to_string(worst) + ", not 0 or 1";
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      std::uint64_t greatest = 0;
      convert<T, std::int64_t>(bytes, result, swap, [&](T value) {
        greatest = value > greatest ? value : greatest;
        return static_cast<std::int64_t>(value);
      });
      if (greatest > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        fault = "an integer is " + std::to_string(greatest) + ", which i64 cannot hold";
    } else if constexpr (std::is_integral_v<T>) {
      convert<T, std::int64_t>(bytes, result, swap, [](T value) { return static_cast<std::int64_t>(value); });
    } else if constexpr (std::is_floating_point_v<T>) {
      convert<T, T>(bytes, result, swap, [](T value) { return value; });
    } else {
      convert<T, float>(bytes, result, swap, [](T value) { return widen(value); });
    }
  });
  return result;
}

}  // namespace xg::nn::data
