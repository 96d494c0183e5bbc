#include "print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "../error/error.hpp"

namespace xg {
namespace {

constexpr std::int64_t threshold = 1000, edge = 3;
constexpr std::size_t line_width = 75;
constexpr int precision = 8;

/// A real number split where columns are aligned: "-12", "5", "e+01".
struct Parts {
  std::string whole, fraction, exponent;
};

Parts split(const std::string& text) {
  Parts parts;
  std::size_t e = std::min(text.find('e'), text.size()), point = std::min(text.find('.'), e);
  parts.whole = text.substr(0, point);
  if (point < e) parts.fraction = text.substr(point + 1, e - point - 1);
  parts.exponent = text.substr(e);
  return parts;
}

void drop_zeros(std::string& fraction) {
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
}

/// The shortest digits that read back as `x`, without an exponent.
template <class T>
Parts positional(T x) {
  Parts parts = split(fmt::format("{:e}", x));  // only to learn the exponent
  int power = std::stoi(parts.exponent.substr(1));
  parts = split(fmt::format("{}", x));
  if (!parts.exponent.empty()) {  // large: digits, then zeros
    std::string digits = parts.fraction;
    digits.resize(static_cast<std::size_t>(std::max(power, 0)), '0');
    if (power >= static_cast<int>(parts.fraction.size())) parts = {parts.whole + digits, "", ""};
    else
      parts = {parts.whole + parts.fraction.substr(0, static_cast<std::size_t>(power)),
               parts.fraction.substr(static_cast<std::size_t>(power)), ""};
  }
  drop_zeros(parts.fraction);
  return parts;
}

template <class T>
Parts fixed(T x) {
  Parts parts = positional(x);
  if (parts.fraction.size() > precision) parts = split(fmt::format("{:.{}f}", x, precision));
  drop_zeros(parts.fraction);
  return parts;
}

template <class T>
Parts scientific(T x) {
  Parts parts = split(fmt::format("{:e}", x));
  std::string shortest = fmt::format("{}", x);
  std::size_t digits = 0;
  bool leading = true;
  for (char c : shortest.substr(0, shortest.find('e')))
    if (c >= '0' && c <= '9') {
      leading = leading && c == '0';
      digits += !leading;
    }
  int places = std::min<int>(precision, std::max<int>(0, static_cast<int>(digits) - 1));
  parts = split(fmt::format("{:.{}e}", x, places));
  drop_zeros(parts.fraction);
  return parts;
}

std::string special(double x) { return std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf"; }

/// Writes the real numbers of one tensor, all in one width.
template <class T>
class Reals {
 public:
  explicit Reals(const std::vector<T>& shown) {
    double largest = 0, smallest = INFINITY;
    bool negative_infinity = false, any_special = false;
    for (T x : shown) {
      if (!std::isfinite(x)) {
        any_special = true;
        negative_infinity = negative_infinity || (std::isinf(x) && x < 0);
      } else if (x != 0) {
        largest = std::max<double>(largest, std::abs(x));
        smallest = std::min<double>(smallest, std::abs(x));
      }
    }
    exponents_ = largest > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000);
    for (T x : shown) {
      if (!std::isfinite(x)) continue;
      Parts parts = exponents_ ? scientific(x) : fixed(x);
      left_ = std::max(left_, parts.whole.size());
      right_ = std::max(right_, parts.fraction.size());
      if (exponents_) digits_ = std::max(digits_, parts.exponent.size() - 2);
    }
    std::size_t rest = right_ + 1 + (exponents_ ? digits_ + 2 : 0), wanted = 3u + negative_infinity;
    if (any_special && left_ + rest < wanted) left_ = wanted - rest;
    width_ = left_ + rest;
  }
  std::string operator()(T x) const {
    if (!std::isfinite(x)) return fmt::format("{:>{}}", special(x), width_);
    if (!exponents_) {
      Parts parts = fixed(x);
      return fmt::format("{:>{}}.{:<{}}", parts.whole, left_, parts.fraction, right_);
    }
    Parts parts = split(fmt::format("{:.{}e}", x, right_));
    return fmt::format("{:>{}}.{}{}{:0>{}}", parts.whole, left_, parts.fraction, parts.exponent.substr(0, 2),
                       parts.exponent.substr(2), digits_);
  }

 private:
  bool exponents_ = false;
  std::size_t left_ = 0, right_ = 0, digits_ = 0, width_ = 0;
};

/// Brackets, lines and dots around elements that `word(offset)` writes.
class Layout {
 public:
  Layout(const Array& array, bool summarise) : array_(array), summarise_(summarise) {}

  /// Calls `f(offset)` for every element that is shown.
  template <class F>
  void visit_shown(std::size_t axis, std::int64_t offset, const F& f) const {
    if (axis == array_.shape().size()) return f(offset);
    std::int64_t length = array_.shape()[axis];
    for (std::int64_t i = 0; i < length; ++i) {
      if (skips(length) && i == edge) i = length - edge;
      visit_shown(axis + 1, offset + i * array_.strides()[axis], f);
    }
  }

  template <class F>
  std::string text(std::size_t axis, std::int64_t offset, std::size_t width, const F& word) const {
    std::size_t left = array_.shape().size() - axis;
    if (left == 0) return word(offset);
    std::int64_t length = array_.shape()[axis], stride = array_.strides()[axis];
    std::string indent(axis + 1, ' '), result, line = indent;
    for (std::int64_t i = 0; i < length; ++i) {
      bool dots = skips(length) && i == edge;
      if (dots) i = length - edge - 1;
      std::string item = dots ? "..." : text(axis + 1, offset + i * stride, width - 1, word);
      bool last = i == length - 1;
      if (left > 1) {
        result += indent + item + (last ? "" : std::string(left - 1, '\n'));
        continue;
      }
      if (line.size() + item.size() > width - 1 && line.size() > indent.size()) {
        while (line.back() == ' ') line.pop_back();
        result += line + "\n";
        line = indent;
      }
      line += item + (last ? "" : " ");
    }
    if (left == 1) result += line;
    return "[" + result.substr(indent.size()) + "]";
  }

 private:
  bool skips(std::int64_t length) const { return summarise_ && length > 2 * edge; }

  const Array& array_;
  bool summarise_;
};

template <class T>
std::string reals(const Array& array, const Layout& layout, std::string_view element) {
  const T* data = array.data<T>();
  if (!element.empty()) {
    std::string format = "{:" + std::string(element) + "}";
    try {
      std::size_t width = 0;
      layout.visit_shown(
          0, 0, [&](std::int64_t at) { width = std::max(width, fmt::format(fmt::runtime(format), data[at]).size()); });
      return layout.text(0, 0, line_width, [&](std::int64_t at) {
        return fmt::format("{:>{}}", fmt::format(fmt::runtime(format), data[at]), width);
      });
    } catch (const fmt::format_error& error) {
      Complaint("format", fmt::format("`{}` does not format a real number: {}", element, error.what()))
          .mend("a specification such as .3f or 10.2e")
          .raise<ValueError>();
    }
  }
  if (array.rank() == 0) {
    T x = *data;
    if (!std::isfinite(x)) return special(x);
    double size = std::abs(static_cast<double>(x));
    if (size != 0 && (size < 1e-4 || size >= 1e16)) return fmt::format("{}", x);
    Parts parts = positional(x);
    return parts.whole + "." + (parts.fraction.empty() ? "0" : parts.fraction);
  }
  std::vector<T> shown;
  layout.visit_shown(0, 0, [&](std::int64_t at) { shown.push_back(data[at]); });
  Reals<T> word(shown);
  return layout.text(0, 0, line_width, [&](std::int64_t at) { return word(data[at]); });
}

template <class F>
std::string words(const Layout& layout, const F& word) {
  std::size_t width = 0;
  layout.visit_shown(0, 0, [&](std::int64_t at) { width = std::max(width, word(at).size()); });
  return layout.text(0, 0, line_width, [&](std::int64_t at) { return fmt::format("{:>{}}", word(at), width); });
}

}  // namespace

std::string to_string(const Tensor& tensor, std::string_view element) {
  if (!tensor.defined()) return "undefined";
  if (element.starts_with('#')) return to_string(tensor, element.substr(1)) + "\n" + describe(tensor);
  const Array& array = tensor.array();
  if (array.size() == 0) return array.rank() == 1 ? "[]" : "[] " + to_string(array.shape());
  Layout layout(array, array.size() > threshold);
  switch (array.dtype()) {
    case DType::boolean:
      return words(layout, [&](std::int64_t at) { return std::string(array.data<bool>()[at] ? "True" : "False"); });
    case DType::i64:
      return words(layout, [&](std::int64_t at) { return fmt::format("{}", array.data<std::int64_t>()[at]); });
    case DType::f32: return reals<float>(array, layout, element);
    default: return reals<double>(array, layout, element);
  }
}

std::string to_string(const MemoryStats& stats) {
  return fmt::format("{} live nodes, {} live buffers of {} bytes, peak {} bytes, {} system allocations",
                     stats.live_nodes, stats.live_buffers, stats.live_bytes, stats.peak_bytes,
                     stats.system_allocations);
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_string(tensor); }
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }
std::ostream& operator<<(std::ostream& out, const MemoryStats& stats) { return out << to_string(stats); }

std::string detail::padded(std::string text, std::string_view specification) {
  if (specification.empty()) return text;
  return fmt::format(fmt::runtime("{:" + std::string(specification) + "}"), text);
}

}  // namespace xg
