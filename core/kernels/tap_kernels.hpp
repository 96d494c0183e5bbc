// The inner loops of convolution, for the widest vectors that the processor has. A tap is one place of a filter: the
// product of one weight, or one vector of weights, with a row of the source that starts at the tap's offset.
#pragma once

#include <cstdint>

#include "../array/small_vector.hpp"

namespace xg::kernels {

template <class T>
struct TapKernels {
  /// Numbers in a vector.
  std::int64_t lanes;
  /// The most shifts that `products` takes at once.
  std::int64_t shifts;

  /// result[p][c] = start[c] + Σ_t source[offsets[t] + p] weights[t][c] for p < pixels and c < `vectors` · lanes, which
  /// is also how far pixels and taps are apart; 1 or 2 vectors.
  void (*sums)(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, const T* start,
               T* result, std::int64_t pixels, std::int64_t vectors);

  /// result[p] = start + Σ_t source[offsets[t] + p] weights[t] for p < pixels.
  void (*row)(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, T start, T* result,
              std::int64_t pixels);

  /// Where `products` and `dots` read and write. Pixels are `rows` rows of `width`.
  struct Window {
    const T* source;
    std::int64_t plane, row;  // steps in the source
    const T* other;
    std::int64_t other_row;  // step in the other factor
    std::int64_t rows, width;
    T* result;
    std::int64_t result_plane, result_shift;  // steps in the result
  };
  /// result[j][k][c] += Σ_{r, p} source[j][r][k + p] other[r][p][c] for j < planes, k < shifts and c < `vectors` ·
  /// lanes; pixels of `other` are `other_pixel` apart.
  void (*products)(const Window& window, std::int64_t planes, std::int64_t shifts, std::int64_t other_pixel,
                   std::int64_t vectors);
  /// result[j] += Σ_{r, p} source[j][r][p] other[r][p] for j < planes.
  void (*dots)(const Window& window, std::int64_t planes);
};

/// The kernels that this processor can run, the widest first.
template <class T>
SmallVector<TapKernels<T>, 3> all_tap_kernels();
extern template SmallVector<TapKernels<float>, 3> all_tap_kernels();
extern template SmallVector<TapKernels<double>, 3> all_tap_kernels();

/// The widest of them.
template <class T>
const TapKernels<T>& tap_kernels() {
  static const TapKernels<T> widest = all_tap_kernels<T>()[0];
  return widest;
}

}  // namespace xg::kernels
