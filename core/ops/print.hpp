// Text: tensors as NumPy prints them, shapes and dtypes; through fmt and through streams.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

#include "../graph/tensor.hpp"

namespace xg {

/// The values as NumPy prints them: brackets, aligned columns, eight digits, lines of 75 columns, and only the first
/// and last three along each axis where there are more than 1000 elements. An empty tensor of other shapes than (0,)
/// tells its shape. `element` is a format specification for each real number, say ".3f", throws ValueError for others;
/// after a "#", a line below says dtype, shape and origin: "f32 (2, 3)  `w`  relu, net.cpp:41".
std::string to_string(const Tensor& tensor, std::string_view element = {});
std::string to_string(const MemoryStats& stats);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);
std::ostream& operator<<(std::ostream& out, DType dtype);
std::ostream& operator<<(std::ostream& out, const MemoryStats& stats);

namespace detail {

/// `text` by a format specification for strings, say "<8".
std::string padded(std::string text, std::string_view specification);

// Reads a specification and keeps it for later: what fmt does with strings stands in a header we do not want here.
struct Formatter {
  std::string_view specification;

  constexpr const char* parse(fmt::format_parse_context& context) {
    const char *first = context.begin(), *last = first;
    while (last != context.end() && *last != '}') ++last;
    specification = std::string_view(first, static_cast<std::size_t>(last - first));
    return last;
  }
  template <class Context>
  static auto write(const std::string& text, Context& context) {
    auto out = context.out();
    for (char c : text) *out++ = c;
    return out;
  }
};

}  // namespace detail
}  // namespace xg

/// `{}`, or a specification for each real number: `{:.3f}`; `{:#}` and `{:#.3f}` tell dtype, shape and origin too.
/// What is a Tensor, as a model's Parameter is, prints as one.
template <class T>
struct fmt::formatter<T, char, std::enable_if_t<std::is_base_of_v<xg::Tensor, T>>> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::Tensor& tensor, Context& context) const {
    return write(xg::to_string(tensor, specification), context);
  }
};
/// Takes what strings take: `{:<8}`.
template <>
struct fmt::formatter<xg::Shape> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::Shape& shape, Context& context) const {
    return write(xg::detail::padded(xg::to_string(shape), specification), context);
  }
};
template <>
struct fmt::formatter<xg::DType> : xg::detail::Formatter {
  template <class Context>
  auto format(xg::DType dtype, Context& context) const {
    return write(xg::detail::padded(xg::name_of(dtype), specification), context);
  }
};
template <>
struct fmt::formatter<xg::MemoryStats> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::MemoryStats& stats, Context& context) const {
    return write(xg::detail::padded(xg::to_string(stats), specification), context);
  }
};
