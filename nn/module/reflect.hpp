// The members of a plain struct and their names, found by the compiler: no macro, no registration.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace xg::nn::detail {

// How many members? As many as there may be initialisers in M{…}.

/// Converts to any member type. It has a body since constructors that take anything (std::optional's) are compiled
/// with it, though never run.
template <class M>
struct AnyMember {
  template <class T>
    requires(!std::is_same_v<T, M>)
  operator T() const {
    __builtin_unreachable();
  }
};
/// Converts to base classes only.
template <class M>
struct AnyBase {
  template <class T>
    requires(std::is_base_of_v<T, M> && !std::is_same_v<T, M>)
  operator T() const;
};

template <class M>
inline constexpr bool has_base = requires { M{AnyBase<M>()}; };

template <class M, std::size_t... i>
constexpr bool takes(std::index_sequence<i...>) {
  return requires { M{((void)i, AnyMember<M>())...}; };
}
/// Whether M{…} takes `before` initialisers, then a braced list of `inside`, then `after`.
template <class M, std::size_t... before, std::size_t... inside, std::size_t... after>
constexpr bool takes_braced(std::index_sequence<before...>, std::index_sequence<inside...>,
                            std::index_sequence<after...>) {
  return requires {
    M{((void)before, AnyMember<M>())..., {((void)inside, AnyMember<M>())...}, ((void)after, AnyMember<M>())...};
  };
}

inline constexpr std::size_t most_members = 40;

/// The most initialisers M{…} takes, looked for from above: with members that have no default, fewer may not do.
template <class M, std::size_t n>
constexpr std::size_t count_down() {
  if constexpr (takes<M>(std::make_index_sequence<n>())) return n;
  else if constexpr (n > 0) return count_down<M, n - 1>();
  else return most_members + 1;
}
template <class M>
inline constexpr std::size_t initialiser_count = count_down<M, most_members + 1>();

/// An array member `T a[3]` counts as three initialisers, since braces around it may be left out. A braced list at its
/// place then leaves room for fewer initialisers after it; for any other member a list of some length does not.
template <class M, std::size_t at, std::size_t inside = 0>
constexpr bool is_one_initialiser() {
  constexpr std::size_t all = initialiser_count<M>;
  if constexpr (takes_braced<M>(std::make_index_sequence<at>(), std::make_index_sequence<inside>(),
                                std::make_index_sequence<all - at - 1>()))
    return true;
  else if constexpr (inside < 8) return is_one_initialiser<M, at, inside + 1>();
  else return false;
}
/// Whether n initialisers from `at` on may stand in braces of their own: those of an array do. A class whose
/// constructors leave it open what a braced list means is not taken for one.
template <class M, std::size_t at, std::size_t n = 2>
constexpr bool is_array() {
  constexpr std::size_t left = initialiser_count<M> - at;
  if constexpr (n > left) return false;
  else if constexpr (takes_braced<M>(std::make_index_sequence<at>(), std::make_index_sequence<n>(),
                                     std::make_index_sequence<left - n>()))
    return true;
  else return is_array<M, at, n + 1>();
}
template <class M>
inline constexpr bool has_array = []<std::size_t... i>(std::index_sequence<i...>) {
  return (false || ... || (!is_one_initialiser<M, i>() && is_array<M, i>()));
}(std::make_index_sequence<initialiser_count<M>>());

/// Calls `f(member...)` with the members of a plain struct, in order.
template <class M, class F>
constexpr decltype(auto) with_members(M& object, F&& f) {
  using Plain = std::remove_const_t<M>;
  static_assert(!has_base<Plain>,
                "a model that has a base class must list its fields: "
                "auto fields() { return nn::fields(\"base\", static_cast<Base&>(*this), \"weight\", weight); }");
  static_assert(initialiser_count<Plain> <= most_members,
                "a plain struct may have at most 40 members; group some in a struct or a vector, or list the fields: "
                "auto fields() { return nn::fields(\"weight\", weight, \"bias\", bias); }");
  static_assert(initialiser_count<Plain> > most_members || !has_array<Plain>,
                "a plain struct with an array `T member[n]` cannot be a model; use std::array<T, n>");
  constexpr std::size_t count = initialiser_count<Plain>;
  if constexpr (count == 0 || has_base<Plain> || count > most_members || has_array<Plain>) return f();
#define XG_MEMBERS(n, ...)         \
  else if constexpr (count == n) { \
    auto& [__VA_ARGS__] = object;  \
    return f(__VA_ARGS__);         \
  }
  // clang-format off
  XG_MEMBERS(1, m0)
  XG_MEMBERS(2, m0, m1)
  XG_MEMBERS(3, m0, m1, m2)
  XG_MEMBERS(4, m0, m1, m2, m3)
  XG_MEMBERS(5, m0, m1, m2, m3, m4)
  XG_MEMBERS(6, m0, m1, m2, m3, m4, m5)
  XG_MEMBERS(7, m0, m1, m2, m3, m4, m5, m6)
  XG_MEMBERS(8, m0, m1, m2, m3, m4, m5, m6, m7)
  XG_MEMBERS(9, m0, m1, m2, m3, m4, m5, m6, m7, m8)
  XG_MEMBERS(10, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9)
  XG_MEMBERS(11, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10)
  XG_MEMBERS(12, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11)
  XG_MEMBERS(13, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12)
  XG_MEMBERS(14, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
  XG_MEMBERS(15, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14)
  XG_MEMBERS(16, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
  XG_MEMBERS(17, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16)
  XG_MEMBERS(18, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17)
  XG_MEMBERS(19, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18)
  XG_MEMBERS(20, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19)
  XG_MEMBERS(21, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20)
  XG_MEMBERS(22, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21)
  XG_MEMBERS(23, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22)
  XG_MEMBERS(24, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23)
  XG_MEMBERS(25, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24)
  XG_MEMBERS(26, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25)
  XG_MEMBERS(27, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26)
  XG_MEMBERS(28, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27)
  XG_MEMBERS(29, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28)
  XG_MEMBERS(30, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29)
  XG_MEMBERS(31, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30)
  XG_MEMBERS(32, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31)
  XG_MEMBERS(33, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32)
  XG_MEMBERS(34, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33)
  XG_MEMBERS(35, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34)
  XG_MEMBERS(36, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35)
  XG_MEMBERS(37, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36)
  XG_MEMBERS(38, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37)
  XG_MEMBERS(39, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38)
  XG_MEMBERS(40, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39)
  // clang-format on
#undef XG_MEMBERS
}

// How are they called? The compiler prints the address of a member of an object that is never made.

template <class M>
union Hollow {
  char none;
  M object;
  constexpr Hollow() : none() {}
  constexpr ~Hollow() {}
};
template <class M>
struct Nowhere {
  static constinit inline Hollow<M> hollow{};
};

template <std::size_t n>
struct Addresses {
  const void* of[n];
};
template <class M>
inline constexpr auto member_addresses = with_members(
    Nowhere<M>::hollow.object, [](const auto&... member) { return Addresses<sizeof...(member)>{{&member...}}; });

struct Address {
  const void* member;
};
template <Address address>
constexpr std::string_view last_name_printed() {
  std::string_view text = __PRETTY_FUNCTION__;
  auto in_name = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
  };
#ifndef __clang__
  text = text.substr(0, text.rfind(';'));  // g++ adds what std::string_view stands for
#endif
  while (!in_name(text.back())) text.remove_suffix(1);
  std::size_t start = text.size();
  while (in_name(text[start - 1])) --start;
  return text.substr(start);
}

/// The name of member `i` of M.
template <class M, std::size_t i>
inline constexpr std::string_view member_name = last_name_printed<Address{member_addresses<M>.of[i]}>();

}  // namespace xg::nn::detail
