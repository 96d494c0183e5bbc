// How the kernels of convolution go through their arrays.
#pragma once

#include <algorithm>

#include "convolution.hpp"

namespace xg::kernels {

/// Few channels of a group do not fill vectors.
inline constexpr std::int64_t few_channels = 4;

/// Multiplications that are worth a thread of their own.
inline constexpr std::int64_t convolution_grain = 1 << 17;

/// The axes of images: one of length 1 comes before the only axis of a sequence.
struct TwoAxes {
  ConvolutionAxis down{1, 1, 1}, right;
  explicit TwoAxes(const Convolution& c) : right(c.axes.back()) {
    if (c.axes.size() == 2) down = c.axes[0];
  }
};

/// Positions first + step · a of the result, a < count, which a tap sees at a · stride + shift of the source.
struct Phase {
  struct Tap {
    std::int64_t place, shift;  // place in the filter
  };
  std::int64_t first, step, count, stride;
  SmallVector<Tap, 8> taps;  // with ascending shifts, or descending ones
};
using Phases = SmallVector<Phase, 2>;

inline Phases forward_phases(const ConvolutionAxis& axis) {
  Phase all{0, 1, axis.y, axis.stride, {}};
  for (std::int64_t k = 0; k < axis.kernel; ++k) all.taps.push_back({k, k * axis.dilation - axis.padding});
  return Phases{all};
}

// Every stride-th position of x is reached by the same taps.
inline Phases backward_phases(const ConvolutionAxis& axis) {
  Phases phases;
  for (std::int64_t first = 0; first < std::min(axis.stride, axis.x); ++first) {
    Phase phase{first, axis.stride, (axis.x - first + axis.stride - 1) / axis.stride, 1, {}};
    for (std::int64_t k = 0; k < axis.kernel; ++k) {
      std::int64_t distance = first + axis.padding - k * axis.dilation;
      if (distance % axis.stride == 0) phase.taps.push_back({k, distance / axis.stride});
    }
    phases.push_back(phase);
  }
  return phases;
}

/// Taps [first, last) of a phase that find position `at` inside a source of `length`.
struct Range {
  std::int64_t first, last;
};
inline Range taps_inside(const Phase& phase, std::int64_t at, std::int64_t length) {
  std::int64_t first = 0, last = static_cast<std::int64_t>(phase.taps.size());
  auto inside = [&](std::int64_t t) {
    std::int64_t place = at * phase.stride + phase.taps[t].shift;
    return place >= 0 && place < length;
  };
  while (first < last && !inside(first)) ++first;
  while (first < last && !inside(last - 1)) --last;
  return {first, last};
}

/// How the rows of a source are laid out for the inner loops: with room for taps that reach beyond the ends, and for a
/// stride with the columns of each remainder together, so that the next pixel is always the next number.
struct Layout {
  std::int64_t width, stride, low, part, pitch;
  bool is_copy;

  Layout(const Phases& phases, std::int64_t width)
      : width(width), stride(phases.empty() ? 1 : phases[0].stride), low(0) {
    std::int64_t high = width - 1;
    for (const Phase& phase : phases)
      for (const Phase::Tap& tap : phase.taps) {
        low = std::min(low, tap.shift);
        high = std::max(high, (phase.count - 1) * stride + tap.shift);
      }
    is_copy = low < 0 || high >= width || stride > 1;
    part = (high - low + stride) / stride;
    pitch = is_copy ? part * stride : width;
  }

  std::int64_t column(std::int64_t shift) const { return (shift - low) % stride * part + (shift - low) / stride; }

  template <class T>
  void copy(const T* from, std::int64_t rows, T* to) const {
    for (std::int64_t r = 0; r < rows; ++r, from += width, to += pitch) {
      std::fill_n(to, pitch, T(0));
      if (stride == 1) {
        std::copy_n(from, width, to - low);
        continue;
      }
      std::int64_t place = -low % stride * part + -low / stride, remainder = -low % stride;
      for (std::int64_t i = 0; i < width; ++i) {
        to[place] = from[i];
        place += part;
        if (++remainder == stride) remainder = 0, place += 1 - stride * part;
      }
    }
  }
};

}  // namespace xg::kernels
