// The kernel of an elementwise optimizer, from a rule over lanes.
#pragma once

#include <cstring>
#include <utility>

#include "../../core/kernels/lane.hpp"
#include "elementwise_optimizer.hpp"

namespace xg::nn::detail {

/// Runs `rule(numbers, w, g, remembered...)` on every element, lane by lane; it changes w and what is remembered.
/// `Numbers<V>` is a struct of nothing but V. The last lane is filled up with ones.
template <class T, template <class> class Numbers, class Rule, std::size_t arrays>
void update_block(const double* from, std::byte* const* pointers, std::int64_t count) {
  using L = Lane<T>;
  constexpr std::size_t operands = 2 + arrays, number_count = sizeof(Numbers<double>) / sizeof(double);
  L lanes[number_count];
  for (std::size_t k = 0; k < number_count; ++k) lanes[k] = L(from[k]);
  Numbers<L> numbers;
  static_assert(sizeof(numbers) == sizeof(lanes));
  std::memcpy(&numbers, lanes, sizeof(lanes));
  T* start[operands];
  for (std::size_t k = 0; k < operands; ++k) start[k] = reinterpret_cast<T*>(pointers[k]);
  auto at = [&]<std::size_t... k>(T* const* p, std::int64_t i, std::index_sequence<k...>) {
    L w = L::load(p[0] + i), g = L::load(p[1] + i);
    L remembered[arrays + 1] = {L::load(p[2 + k] + i)...};
    Rule()(numbers, w, g, remembered[k]...);
    w.store(p[0] + i);
    (remembered[k].store(p[2 + k] + i), ...);
  };
  constexpr auto each = std::make_index_sequence<arrays>();
  std::int64_t left = count % L::width, whole = count - left;
  for (std::int64_t i = 0; i < whole; i += L::width) at(start, i, each);
  if (left == 0) return;
  T rest[operands][L::width];
  T* padded[operands];
  for (std::size_t k = 0; k < operands; ++k) {
    padded[k] = rest[k];
    for (std::int64_t j = 0; j < L::width; ++j) rest[k][j] = j < left ? start[k][whole + j] : T(1);
  }
  at(padded, 0, each);
  for (std::size_t k = 0; k < operands; ++k)
    if (k != 1) std::memcpy(start[k] + whole, rest[k], static_cast<std::size_t>(left) * sizeof(T));
}

/// The rule's kernels; it takes the arrays of these indices.
template <template <class> class Numbers, class Rule, unsigned... arrays>
constexpr UpdateRule update_rule(double initial = 0) {
  return {update_block<float, Numbers, Rule, sizeof...(arrays)>, update_block<double, Numbers, Rule, sizeof...(arrays)>,
          (0u | ... | (1u << arrays)), initial};
}

template <class Numbers>
void set_numbers(double* to, const Numbers& numbers) {
  static_assert(sizeof(Numbers) <= most_numbers * sizeof(double));
  std::memcpy(to, &numbers, sizeof(Numbers));
}

}  // namespace xg::nn::detail
