#include "copy.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "loops.hpp"
#include "threads.hpp"

namespace xg {
namespace {

constexpr std::int64_t grain = 1 << 15;

template <class From, class To>
To convert(From x) {
  if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    // Out of range and NaN become the smallest integer on every machine, as x86 does it.
    constexpr From limit = 9223372036854775808.0;
    return x >= -limit && x < limit ? static_cast<To>(x) : std::int64_t(1) << 63;
  } else {
    return static_cast<To>(x);
  }
}

// `to` is written along rows while `from` runs along columns: go by tiles so that both stay in cache.
template <class From, class To>
void copy_tiled(const From* from, std::int64_t from_row, std::int64_t from_column, To* to, std::int64_t to_row,
                std::int64_t to_column, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t tile = 32;
  parallel_for(rows, std::max<std::int64_t>(tile, grain / columns / tile * tile),
               [&](std::int64_t first, std::int64_t last) {
                 From block[tile * tile];
                 for (std::int64_t r = first; r < last; r += tile)
                   for (std::int64_t c = 0; c < columns; c += tile) {
                     std::int64_t height = std::min(tile, last - r), width = std::min(tile, columns - c);
                     for (std::int64_t j = 0; j < width; ++j) {
                       const From* source = from + r * from_row + (c + j) * from_column;
                       if (from_row == 1)
                         std::memcpy(block + j * tile, source, static_cast<std::size_t>(height) * sizeof(From));
                       else
                         for (std::int64_t i = 0; i < height; ++i) block[j * tile + i] = source[i * from_row];
                     }
                     for (std::int64_t i = 0; i < height; ++i) {
                       To* target = to + (r + i) * to_row + c * to_column;
                       for (std::int64_t j = 0; j < width; ++j)
                         target[j * to_column] = convert<From, To>(block[j * tile + i]);
                     }
                   }
               });
}

template <class From, class To>
void copy_row(const From* from, std::int64_t from_step, To* to, std::int64_t to_step, std::int64_t count) {
  if (from_step == 1 && to_step == 1) {
    if constexpr (std::is_same_v<From, To>) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(To));
    else
      for (std::int64_t i = 0; i < count; ++i) to[i] = convert<From, To>(from[i]);
  } else if (from_step == 0 && to_step == 1) {
    std::fill_n(to, count, convert<From, To>(*from));
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i * to_step] = convert<From, To>(from[i * from_step]);
  }
}

template <class From, class To>
void copy_typed(const Array& source, const Array& target) {
  const From* from = source.data<From>();
  To* to = const_cast<To*>(target.data<To>());
  LoopNest nest(source.shape(), {&source.strides(), &target.strides()});
  std::size_t rank = nest.shape.size();
  if (rank >= 2) {
    const Strides &f = nest.strides[0], &t = nest.strides[1];
    std::int64_t step = std::abs(f[rank - 1]), above = std::abs(f[rank - 2]);
    if (above != 0 && above < step && std::abs(t[rank - 2]) > std::abs(t[rank - 1]) && nest.shape[rank - 2] >= 4) {
      for_each_outer(nest, 2, 0, outer_count(nest, 2), [&](const std::int64_t* at) {
        copy_tiled(from + at[0], f[rank - 2], f[rank - 1], to + at[1], t[rank - 2], t[rank - 1], nest.shape[rank - 2],
                   nest.shape[rank - 1]);
      });
      return;
    }
  }
  std::int64_t inner = nest.inner(), from_step = nest.inner_stride(0), to_step = nest.inner_stride(1);
  std::int64_t rows = outer_count(nest, 1);
  if (rows == 1) {
    parallel_for(inner, grain, [&](std::int64_t first, std::int64_t last) {
      copy_row(from + first * from_step, from_step, to + first * to_step, to_step, last - first);
    });
    return;
  }
  parallel_for(rows, std::max<std::int64_t>(1, grain / inner), [&](std::int64_t first, std::int64_t last) {
    for_each_outer(nest, 1, first, last,
                   [&](const std::int64_t* at) { copy_row(from + at[0], from_step, to + at[1], to_step, inner); });
  });
}

}  // namespace

void copy_into(const Array& from, const Array& to) {
  if (from.size() == 0) return;
  if (from.dtype() == to.dtype()) {
    switch (size_of(from.dtype())) {
      case 1: return copy_typed<std::uint8_t, std::uint8_t>(from, to);
      case 4: return copy_typed<std::uint32_t, std::uint32_t>(from, to);
      default: return copy_typed<std::uint64_t, std::uint64_t>(from, to);
    }
  }
  visit(from.dtype(), [&](auto source) {
    visit(to.dtype(), [&](auto target) {
      if constexpr (!std::is_same_v<decltype(source), decltype(target)>)
        copy_typed<decltype(source), decltype(target)>(from, to);
    });
  });
}

}  // namespace xg
