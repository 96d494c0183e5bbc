// What may stand between the parentheses of `x(all, range(0, 3), newaxis, i)`.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../array/shape.hpp"

namespace xg {

class Tensor;
class Operand;

/// An open end of a range.
struct None {};
inline constexpr None none{};

/// `start:stop:step` along one axis, with NumPy's meaning of negative and open ends.
struct Range {
  struct End {
    std::int64_t value = 0;
    bool open = true;
    constexpr End() = default;
    constexpr End(None) {}
    template <class T>
      requires std::is_integral_v<T>
    constexpr End(T value) : value(static_cast<std::int64_t>(value)), open(false) {}
  };
  End start, stop;
  std::int64_t step = 1;
};
/// Elements from `start` up to but without `stop`: `range(2, 5)`, `range(none, none, -1)`.
constexpr Range range(Range::End start, Range::End stop, std::int64_t step = 1) { return {start, stop, step}; }
constexpr Range range(Range::End stop) { return {Range::End(0), stop, 1}; }

/// As an index, `all` keeps a whole axis; called, `all(x)` asks whether all elements are nonzero (NumPy `all`).
struct All {
  Tensor operator()(const Operand& x, const Axes& axes = {}, KeepDims keep = KeepDims::no) const;
};
inline constexpr All all{};
/// As an index, inserts an axis of length 1.
struct NewAxis {};
inline constexpr NewAxis newaxis{};
/// As an index, stands for as many `all` as are missing.
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

/// One index of a tensor: an integer, a range, `all`, `newaxis`, `ellipsis`, or an i64 or boolean tensor.
class Index {
 public:
  enum class Kind : std::uint8_t { absent, integer, range, newaxis, ellipsis, tensor };

  Index() = default;
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  Index(T i, Site site = Site::here()) : kind(Kind::integer), site(site) {
    slice.start = i;
  }
  Index(Range range, Site site = Site::here()) : kind(Kind::range), slice(range), site(site) {}
  Index(All, Site site = Site::here()) : kind(Kind::range), site(site) {}
  Index(NewAxis, Site site = Site::here()) : kind(Kind::newaxis), site(site) {}
  Index(Ellipsis, Site site = Site::here()) : kind(Kind::ellipsis), site(site) {}
  Index(const Tensor& indices, Site site = Site::here()) : kind(Kind::tensor), tensor(&indices), site(site) {}

  Kind kind = Kind::absent;
  Range slice;                     // the integer is its start
  const Tensor* tensor = nullptr;  // lives at least as long as the call
  Site site;
};

}  // namespace xg
