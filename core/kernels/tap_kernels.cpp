// Vectors are the compiler's own, not xsimd's: those exist only for what the whole file is compiled for, while one
// function here can be compiled for a wider processor than the others, and is called where there is one.
#include "tap_kernels.hpp"

#include <algorithm>

// Everything between a wide function's door and its loops must become part of it.
#define XG_INLINE inline __attribute__((always_inline))

namespace xg::kernels {
namespace {

/// What a set of kernels is made for: bytes of a vector, and how many of them sums may fill without spilling.
template <class Number, int vector_bytes>
struct Vectors {
  using T = Number;
  static constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));
  typedef T Vector __attribute__((vector_size(vector_bytes)));
  // Loaded and stored wherever a T may be. Never itself a template's argument: clang would forget its alignment.
  typedef T Loose __attribute__((vector_size(vector_bytes), aligned(sizeof(T)), may_alias));
};
template <class Number, int vector_bytes, int registers>
struct Width : Vectors<Number, vector_bytes> {
  static constexpr int sums = registers;
  using Narrow = Vectors<Number, 16>;  // for what is left of a row
};

template <class W, int pixels, int vectors, class T>
XG_INLINE void sums_tile(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights,
                         const T* start, T* result) {
  using V = typename W::Vector;
  using Loose = typename W::Loose;
  V total[pixels][vectors];
  for (int p = 0; p < pixels; ++p)
    for (int v = 0; v < vectors; ++v) total[p][v] = *reinterpret_cast<const Loose*>(start + v * W::lanes);
  for (std::int64_t t = 0; t < taps; ++t, weights += vectors * W::lanes) {
    const T* from = source + offsets[t];
    V weight[vectors];
    for (int v = 0; v < vectors; ++v) weight[v] = *reinterpret_cast<const Loose*>(weights + v * W::lanes);
    for (int p = 0; p < pixels; ++p)
      for (int v = 0; v < vectors; ++v) total[p][v] += weight[v] * from[p];
  }
  for (int p = 0; p < pixels; ++p)
    for (int v = 0; v < vectors; ++v) *reinterpret_cast<Loose*>(result + (p * vectors + v) * W::lanes) = total[p][v];
}

template <class W, int vectors, class T>
XG_INLINE void sums_of_vectors(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights,
                               const T* start, T* result, std::int64_t pixels) {
  constexpr std::int64_t most = std::min(14, W::sums / vectors);
  // Tiles as equal as can be, so that the last one is not a splinter.
  std::int64_t tiles = (pixels + most - 1) / most;
  for (std::int64_t left = pixels; tiles > 0; --tiles) {
    std::int64_t count = (left + tiles - 1) / tiles;
    switch (count) {
#define XG_TILE(n)                                                                                        \
  case (n):                                                                                               \
    if constexpr ((n) <= most) sums_tile<W, (n), vectors>(source, offsets, taps, weights, start, result); \
    break;
      XG_TILE(1)
      XG_TILE(2)
      XG_TILE(3)
      XG_TILE(4)
      XG_TILE(5) XG_TILE(6) XG_TILE(7) XG_TILE(8) XG_TILE(9) XG_TILE(10) XG_TILE(11) XG_TILE(12) XG_TILE(13) XG_TILE(14)
#undef XG_TILE
    }
    source += count;
    result += count * vectors * W::lanes;
    left -= count;
  }
}

template <class W, class T = typename W::T>
XG_INLINE void sums(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, const T* start,
                    T* result, std::int64_t pixels, std::int64_t vectors) {
  if (vectors == 1) sums_of_vectors<W, 1>(source, offsets, taps, weights, start, result, pixels);
  else sums_of_vectors<W, 2>(source, offsets, taps, weights, start, result, pixels);
}

template <class S, int vectors, class T>
XG_INLINE void row_piece(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, T start,
                         T* result) {
  using V = typename S::Vector;
  using Loose = typename S::Loose;
  constexpr int lanes = S::lanes;
  V total[vectors];
  for (int v = 0; v < vectors; ++v) total[v] = V{} + start;
  for (std::int64_t t = 0; t < taps; ++t) {
    const T* from = source + offsets[t];
    for (int v = 0; v < vectors; ++v) total[v] += *reinterpret_cast<const Loose*>(from + v * lanes) * weights[t];
  }
  for (int v = 0; v < vectors; ++v) *reinterpret_cast<Loose*>(result + v * lanes) = total[v];
}

template <class W, class T = typename W::T>
XG_INLINE void row(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, T start,
                   T* result, std::int64_t pixels) {
  std::int64_t p = 0;
  for (; p + 4 * W::lanes <= pixels; p += 4 * W::lanes)
    row_piece<W, 4>(source + p, offsets, taps, weights, start, result + p);
  // What is left fills less than a vector; the last one then begins where the one before has not ended.
  for (; p < pixels && pixels >= W::lanes; p += W::lanes) {
    p = std::min(p, pixels - W::lanes);
    row_piece<W, 1>(source + p, offsets, taps, weights, start, result + p);
  }
  for (; p + W::Narrow::lanes <= pixels; p += W::Narrow::lanes)
    row_piece<typename W::Narrow, 1>(source + p, offsets, taps, weights, start, result + p);
  for (; p < pixels; ++p) {
    T total = start;
    for (std::int64_t t = 0; t < taps; ++t) total += source[offsets[t] + p] * weights[t];
    result[p] = total;
  }
}

template <class W, int planes, int shifts, int vectors, class T>
XG_INLINE void products_tile(const typename TapKernels<T>::Window& window, std::int64_t pixel, const T* source,
                             T* result) {
  using V = typename W::Vector;
  using Loose = typename W::Loose;
  V total[planes][shifts][vectors];
  for (int j = 0; j < planes; ++j)
    for (int k = 0; k < shifts; ++k)
      for (int v = 0; v < vectors; ++v) total[j][k][v] = V{};
  const T* other = window.other;
  for (std::int64_t r = 0; r < window.rows; ++r, source += window.row, other += window.other_row) {
    const T *from = source, *with = other;
    for (std::int64_t p = 0; p < window.width; ++p, ++from, with += pixel) {
      V line[vectors];
      for (int v = 0; v < vectors; ++v) line[v] = *reinterpret_cast<const Loose*>(with + v * W::lanes);
      for (int j = 0; j < planes; ++j)
        for (int k = 0; k < shifts; ++k)
          for (int v = 0; v < vectors; ++v) total[j][k][v] += line[v] * from[j * window.plane + k];
    }
  }
  for (int j = 0; j < planes; ++j)
    for (int k = 0; k < shifts; ++k)
      for (int v = 0; v < vectors; ++v)
        *reinterpret_cast<Loose*>(result + j * window.result_plane + k * window.result_shift + v * W::lanes) +=
            total[j][k][v];
}

template <class W, int shifts, int vectors, class T>
XG_INLINE void products_of_shifts(const typename TapKernels<T>::Window& window, std::int64_t planes,
                                  std::int64_t pixel) {
  constexpr int together = std::min(6, W::sums / (shifts * vectors));
  const T* source = window.source;
  T* result = window.result;
  std::int64_t j = 0;
  if constexpr (together > 1)
    for (; j + together <= planes;
         j += together, source += together * window.plane, result += together * window.result_plane)
      products_tile<W, together, shifts, vectors>(window, pixel, source, result);
  for (; j < planes; ++j, source += window.plane, result += window.result_plane)
    products_tile<W, 1, shifts, vectors>(window, pixel, source, result);
}

template <class W, class T = typename W::T>
XG_INLINE void products(const typename TapKernels<T>::Window& window, std::int64_t planes, std::int64_t shifts,
                        std::int64_t pixel, std::int64_t vectors) {
  switch (shifts) {
#define XG_SHIFTS(n)                                                             \
  case (n):                                                                      \
    if constexpr (2 * (n) <= W::sums) {                                          \
      if (vectors == 1) products_of_shifts<W, (n), 1, T>(window, planes, pixel); \
      else products_of_shifts<W, (n), 2, T>(window, planes, pixel);              \
    }                                                                            \
    break;
    XG_SHIFTS(1) XG_SHIFTS(2) XG_SHIFTS(3) XG_SHIFTS(4) XG_SHIFTS(5) XG_SHIFTS(6) XG_SHIFTS(7)
#undef XG_SHIFTS
  }
}

template <class W, int planes, class T>
XG_INLINE void dots_tile(const typename TapKernels<T>::Window& window, const T* source, T* result) {
  using V = typename W::Vector;
  using Loose = typename W::Loose;
  using Narrow = typename W::Narrow::Vector;
  using LooseNarrow = typename W::Narrow::Loose;
  V wide[planes];
  Narrow narrow[planes];
  T single[planes];
  for (int j = 0; j < planes; ++j) wide[j] = V{}, narrow[j] = Narrow{}, single[j] = 0;
  const T* other = window.other;
  for (std::int64_t r = 0; r < window.rows; ++r, source += window.row, other += window.other_row) {
    std::int64_t p = 0;
    for (; p + W::lanes <= window.width; p += W::lanes)
      for (int j = 0; j < planes; ++j)
        wide[j] +=
            *reinterpret_cast<const Loose*>(source + j * window.plane + p) * *reinterpret_cast<const Loose*>(other + p);
    for (; p + W::Narrow::lanes <= window.width; p += W::Narrow::lanes)
      for (int j = 0; j < planes; ++j)
        narrow[j] += *reinterpret_cast<const LooseNarrow*>(source + j * window.plane + p) *
                     *reinterpret_cast<const LooseNarrow*>(other + p);
    for (; p < window.width; ++p)
      for (int j = 0; j < planes; ++j) single[j] += source[j * window.plane + p] * other[p];
  }
  for (int j = 0; j < planes; ++j) {
    T total = single[j];
    for (int l = 0; l < W::lanes; ++l) total += wide[j][l];
    for (int l = 0; l < W::Narrow::lanes; ++l) total += narrow[j][l];
    result[j * window.result_plane] += total;
  }
}

template <class W, class T = typename W::T>
XG_INLINE void dots(const typename TapKernels<T>::Window& window, std::int64_t planes) {
  const T* source = window.source;
  T* result = window.result;
  std::int64_t j = 0;
  for (; j + 3 <= planes; j += 3, source += 3 * window.plane, result += 3 * window.result_plane)
    dots_tile<W, 3>(window, source, result);
  for (; j < planes; ++j, source += window.plane, result += window.result_plane)
    dots_tile<W, 1>(window, source, result);
}

/// A set of kernels compiled for one kind of processor.
// NOLINTBEGIN(bugprone-macro-parentheses): an attribute and a name stand in none
#define XG_TAP_KERNELS(name, target, bytes, registers)                                                             \
  template <class T>                                                                                               \
  struct name {                                                                                                    \
    using W = Width<T, bytes, registers>;                                                                          \
    using Window = typename TapKernels<T>::Window;                                                                 \
    target static void run_sums(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights, \
                                const T* start, T* result, std::int64_t pixels, std::int64_t vectors) {            \
      sums<W>(source, offsets, taps, weights, start, result, pixels, vectors);                                     \
    }                                                                                                              \
    target static void run_row(const T* source, const std::int64_t* offsets, std::int64_t taps, const T* weights,  \
                               T start, T* result, std::int64_t pixels) {                                          \
      row<W>(source, offsets, taps, weights, start, result, pixels);                                               \
    }                                                                                                              \
    target static void run_products(const Window& window, std::int64_t planes, std::int64_t shifts,                \
                                    std::int64_t pixel, std::int64_t vectors) {                                    \
      products<W>(window, planes, shifts, pixel, vectors);                                                         \
    }                                                                                                              \
    target static void run_dots(const Window& window, std::int64_t planes) { dots<W>(window, planes); }            \
    static constexpr TapKernels<T> table{                                                                          \
        W::lanes, std::min(7, W::sums / 2), run_sums, run_row, run_products, run_dots};                            \
  };

// NOLINTEND(bugprone-macro-parentheses)

XG_TAP_KERNELS(Baseline, , 16, 12)
#if defined(__x86_64__)
XG_TAP_KERNELS(Avx2, __attribute__((target("avx2,fma"))), 32, 12)
XG_TAP_KERNELS(Avx512, __attribute__((target("avx512f"))), 64, 28)
#endif

}  // namespace

template <class T>
SmallVector<TapKernels<T>, 3> all_tap_kernels() {
  SmallVector<TapKernels<T>, 3> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) all.push_back(Avx512<T>::table);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(Avx2<T>::table);
#endif
  all.push_back(Baseline<T>::table);
  return all;
}
template SmallVector<TapKernels<float>, 3> all_tap_kernels();
template SmallVector<TapKernels<double>, 3> all_tap_kernels();

}  // namespace xg::kernels
