// The two kernels that every formula gets: its value, and its fused vector-Jacobian product.
#pragma once

#include <array>
#include <tuple>
#include <utility>

#include "functions.hpp"
#include "lane.hpp"

namespace xg::kernels {

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;
template <class T, std::size_t N>
inline constexpr bool is_tuple<std::array<T, N>> = true;

/// A formula's results as a tuple, also of one.
template <class R>
auto as_tuple(R result) {
  if constexpr (is_tuple<R>) return result;
  else return std::tuple<R>(std::move(result));
}

/// Calls `body(at)` for each whole lane; not inlined, so that the body is compiled once for lanes and rest.
template <class T, std::size_t operands, class F>
[[gnu::noinline]] void for_whole_lanes(const std::array<T*, operands>& start, std::int64_t count, std::int64_t width,
                                       const F& body) {
  for (std::int64_t i = 0; i < count; i += width) {
    std::array<T*, operands> at;
    for (std::size_t k = 0; k < operands; ++k) at[k] = start[k] + i;
    body(at);
  }
}

/// Runs `body(at)` on whole lanes, and on a padded copy of the rest. An output not `wanted` (null: all are) is not
/// touched.
template <class T, class Arch, std::size_t operands, class F>
void for_lanes(std::size_t outputs, std::byte* const* pointers, std::int64_t count, const F& body,
               const bool* wanted = nullptr) {
  constexpr std::int64_t width = Lane<T, Arch>::width;
  std::array<T*, operands> at;
  for (std::size_t k = 0; k < operands; ++k) at[k] = reinterpret_cast<T*>(pointers[k]);
  std::int64_t left = count % width, whole = count - left;
  for_whole_lanes<T, operands>(at, whole, width, body);
  if (left == 0) return;
  alignas(64) T rest[operands][width];
  std::array<T*, operands> padded;
  for (std::size_t k = 0; k < operands; ++k) {
    padded[k] = rest[k];
    for (std::int64_t j = 0; j < width; ++j) rest[k][j] = k < outputs ? T(0) : at[k][whole + (j < left ? j : 0)];
  }
  for_whole_lanes<T, operands>(padded, width, width, body);
  for (std::size_t k = 0; k < outputs; ++k) {
    if (wanted && !wanted[k]) continue;
    for (std::int64_t j = 0; j < left; ++j) at[k][whole + j] = rest[k][j];
  }
}

/// What a vjp kernel is given besides numbers.
struct VjpContext {
  const void* function;
  bool wanted[8];  // an unwanted dx is not stored; its pointer may be another's
};

/// outputs..., inputs... -> outputs = f(inputs)
template <class T, class F, std::size_t inputs, std::size_t outputs, class Arch = xsimd::default_arch>
void formula_block(const void* context, std::byte* const* pointers, std::int64_t count) {
  using L = Lane<T, Arch>;
  const F& f = *static_cast<const F*>(context);
  for_lanes<T, Arch, inputs + outputs>(outputs, pointers, count, [&](const auto& at) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      auto results = as_tuple(f(L::load(at[outputs + i])...));
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        (L(std::get<k>(results)).store(at[k]), ...);
      }(std::make_index_sequence<outputs>());
    }(std::make_index_sequence<inputs>());
  });
}

/// Σ_k g_k ∂f_k along the direction of the only Dual among the arguments; 0 where g is 0, whatever the derivative.
template <class L, class Results, std::size_t... k>
L directional(const Results& results, const L* g, std::index_sequence<k...>) {
  L total(0);
  auto add = [&](const auto& result, const L& cotangent) {
    if constexpr (is_dual<std::decay_t<decltype(result)>>)
      total = total + where(cotangent == 0, 0, cotangent * result.tangent);
  };
  (add(std::get<k>(results), g[k]), ...);
  return total;
}

/// dx..., g..., x... -> dx_i = Σ_k g_k ∂f_k/∂x_i, for the wanted dx_i.
template <class T, class F, std::size_t inputs, std::size_t outputs, class Arch = xsimd::default_arch>
void formula_vjp_block(const void* context, std::byte* const* pointers, std::int64_t count) {
  using L = Lane<T, Arch>;
  const auto& call = *static_cast<const VjpContext*>(context);
  const F& f = *static_cast<const F*>(call.function);
  for_lanes<T, Arch, 2 * inputs + outputs>(
      inputs, pointers, count,
      [&](const auto& at) {
        L g[outputs], x[inputs];
        for (std::size_t k = 0; k < outputs; ++k) g[k] = L::load(at[inputs + k]);
        for (std::size_t i = 0; i < inputs; ++i) x[i] = L::load(at[inputs + outputs + i]);
        auto one = [&]<std::size_t i, std::size_t... j>(std::integral_constant<std::size_t, i>,
                                                        std::index_sequence<j...>) {
          if (!call.wanted[i]) return;
          auto argument = [&]<std::size_t a>(std::integral_constant<std::size_t, a>) {
            if constexpr (a == i) return Dual<L>{x[a], L(1)};
            else return x[a];
          };
          auto results = as_tuple(f(argument(std::integral_constant<std::size_t, j>())...));
          directional(results, g, std::make_index_sequence<outputs>()).store(at[i]);
        };
        [&]<std::size_t... i>(std::index_sequence<i...>) {
          (one(std::integral_constant<std::size_t, i>(), std::make_index_sequence<inputs>()), ...);
        }(std::make_index_sequence<inputs>());
      },
      call.wanted);
}

/// dx..., g, saved... -> dx_i = g · derivative_i(saved), a derivative stated by hand.
template <class T, class D, std::size_t inputs, std::size_t saved, class Arch = xsimd::default_arch>
void stated_vjp_block(const void* context, std::byte* const* pointers, std::int64_t count) {
  using L = Lane<T, Arch>;
  const auto& call = *static_cast<const VjpContext*>(context);
  const D& derivative = *static_cast<const D*>(call.function);
  for_lanes<T, Arch, inputs + 1 + saved>(
      inputs, pointers, count,
      [&](const auto& at) {
        L g = L::load(at[inputs]);
        [&]<std::size_t... s>(std::index_sequence<s...>) {
          auto slopes = as_tuple(derivative(L::load(at[inputs + 1 + s])...));
          [&]<std::size_t... i>(std::index_sequence<i...>) {
            ((call.wanted[i] ? where(g == 0, 0, g * L(std::get<i>(slopes))).store(at[i]) : void()), ...);
          }(std::make_index_sequence<inputs>());
        }(std::make_index_sequence<saved>());
      },
      call.wanted);
}

}  // namespace xg::kernels
