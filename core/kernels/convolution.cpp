// Direct convolution: no matrix of patches is made. Both directions are one thing, a sum over taps along the rows of
// some source; the vectors of the inner loops hold channels, so that a row of any length fills them, or where a group
// has few channels, neighbours along the row.
#include "convolution.hpp"

#include <algorithm>
#include <vector>

#include "../array/threads.hpp"
#include "../array/transpose.hpp"
#include "tap_kernels.hpp"

namespace xg::kernels {
namespace {

/// Positions first + step · a of the result, a < count, which a tap sees at a · stride + shift of the source.
struct Phase {
  struct Tap {
    std::int64_t place, shift;  // place in the filter
  };
  std::int64_t first, step, count, stride;
  SmallVector<Tap, 8> taps;  // with ascending shifts, or descending ones
};
using Phases = SmallVector<Phase, 2>;

Phases forward_phases(const ConvolutionAxis& axis) {
  Phase all{0, 1, axis.y, axis.stride, {}};
  for (std::int64_t k = 0; k < axis.kernel; ++k) all.taps.push_back({k, k * axis.dilation - axis.padding});
  return Phases{all};
}

// Every stride-th position of x is reached by the same taps.
Phases backward_phases(const ConvolutionAxis& axis) {
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
Range taps_inside(const Phase& phase, std::int64_t at, std::int64_t length) {
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

/// Source and result of a sum over taps: (batch, groups · channels, rows, columns) each.
struct Planes {
  std::int64_t channels, rows, columns;
  std::int64_t size() const { return channels * rows * columns; }
};

/// Steps in the weight: from one group, one channel of the result, one of the source, one tap down and right to the
/// next.
struct WeightSteps {
  std::int64_t group, result, source, row;
};

/// Few channels of a group do not fill vectors.
constexpr std::int64_t thin = 4;

/// Multiplications that are worth a thread of their own.
constexpr std::int64_t grain = 1 << 17;

struct Problem {
  std::int64_t batch, groups;
  Planes source, result;  // channels of one group
  Phases rows, columns;
  WeightSteps steps;
};

/// The taps of one phase of rows and one of columns, and their weights in the order of use: for each group, panels of
/// one or two vectors of result channels, or single channels; in these taps by row, source channel, column.
template <class T>
struct Panels {
  Array weights, offset_room;
  std::int64_t per_row, taps;  // per_row: how many share a row of the filter

  Panels(const Problem& p, const Phase& rows, const Phase& columns, const Layout& layout, const T* weight,
         std::int64_t lanes)
      : per_row(p.source.channels * static_cast<std::int64_t>(columns.taps.size())),
        taps(per_row * static_cast<std::int64_t>(rows.taps.size())) {
    std::int64_t width = (p.result.channels + lanes - 1) / lanes * lanes;
    offset_room = Array(Shape{taps}, DType::i64);
    weights = Array(Shape{p.groups, width, taps}, dtype_of<T>());
    std::int64_t* offset = offset_room.fill<std::int64_t>();
    for (const Phase::Tap& row : rows.taps)
      for (std::int64_t channel = 0; channel < p.source.channels; ++channel)
        for (const Phase::Tap& column : columns.taps)
          *offset++ = (channel * p.source.rows + row.shift) * layout.pitch + layout.column(column.shift);
    T* to = weights.fill<T>();
    for (std::int64_t group = 0; group < p.groups; ++group)
      for (std::int64_t first = 0, together; first < width; first += together) {
        together = lanes == 1 ? 1 : std::min(2 * lanes, width - first);
        for (const Phase::Tap& row : rows.taps)
          for (std::int64_t channel = 0; channel < p.source.channels; ++channel)
            for (const Phase::Tap& column : columns.taps) {
              const T* from =
                  weight + group * p.steps.group + channel * p.steps.source + row.place * p.steps.row + column.place;
              for (std::int64_t c = first; c < first + together; ++c)
                *to++ = c < p.result.channels ? from[c * p.steps.result] : T(0);
            }
      }
  }
  const T* panel(std::int64_t group, std::int64_t channel) const {
    return weights.data<T>() + (group * weights.shape()[1] + channel) * taps;
  }
  const std::int64_t* offsets() const { return offset_room.data<std::int64_t>(); }
};

/// One row of pixels by channels, laid into planes `plane` apart.
template <class T>
void store_row(const T* from, std::int64_t pixels, std::int64_t channels, std::int64_t width, T* to, std::int64_t plane,
               std::int64_t step) {
  if (step == 1) return transpose_few(from, width, to, plane, channels, pixels);
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t p = 0; p < pixels; ++p) to[c * plane + p * step] = from[p * width + c];
}

template <class T>
void sum_taps(const Problem& p, const T* source, const T* weight, const T* bias, T* result) {
  const TapKernels<T>& kernels = tap_kernels<T>();
  std::int64_t lanes = p.result.channels < thin ? 1 : kernels.lanes;
  Layout layout(p.columns, p.source.columns);
  std::vector<Panels<T>> panels;
  std::int64_t work = 1;
  for (const Phase& rows : p.rows)
    for (const Phase& columns : p.columns) {
      panels.emplace_back(p, rows, columns, layout, weight, lanes);
      work += panels.back().taps * rows.count * columns.count * p.result.channels;
    }
  Array start_room(Shape{p.groups, p.result.channels + 2 * lanes}, dtype_of<T>());
  for (std::int64_t group = 0; group < p.groups; ++group) {
    T* start = start_room.fill<T>() + group * (p.result.channels + 2 * lanes);
    std::fill_n(start, p.result.channels + 2 * lanes, T(0));
    if (bias) std::copy_n(bias + group * p.result.channels, p.result.channels, start);
  }

  // One group of one image; `band` of `bands` of its rows.
  auto run = [&](std::int64_t image, std::int64_t group, std::int64_t band, std::int64_t bands, T* room, T* line) {
    const T* from = source + (image * p.groups + group) * p.source.size();
    T* to = result + (image * p.groups + group) * p.result.size();
    if (layout.is_copy) {
      layout.copy(from, p.source.channels * p.source.rows, room);
      from = room;
    }
    const T* start = start_room.data<T>() + group * (p.result.channels + 2 * lanes);
    std::int64_t plane = p.result.rows * p.result.columns;
    const Panels<T>* panel = panels.data();
    for (const Phase& rows : p.rows)
      for (const Phase& columns : p.columns) {
        for (std::int64_t c = 0; c < p.result.channels;) {
          std::int64_t vectors = lanes > 1 && p.result.channels - c > lanes ? 2 : 1, width = vectors * lanes;
          std::int64_t channels = std::min(width, p.result.channels - c);
          const T* weights = panel->panel(group, c);
          for (std::int64_t a = rows.count * band / bands; a < rows.count * (band + 1) / bands; ++a) {
            Range inside = taps_inside(rows, a, p.source.rows);
            const std::int64_t* offsets = panel->offsets() + inside.first * panel->per_row;
            const T* first = weights + inside.first * panel->per_row * width;
            std::int64_t taps = (inside.last - inside.first) * panel->per_row;
            const T* at = from + a * rows.stride * layout.pitch;
            T* there = to + c * plane + (rows.first + rows.step * a) * p.result.columns + columns.first;
            if (lanes > 1) {
              kernels.sums(at, offsets, taps, first, start + c, line, columns.count, vectors);
              store_row(line, columns.count, channels, width, there, plane, columns.step);
            } else if (columns.step == 1) {
              kernels.row(at, offsets, taps, first, start[c], there, columns.count);
            } else {
              kernels.row(at, offsets, taps, first, start[c], line, columns.count);
              store_row(line, columns.count, 1, 1, there, plane, columns.step);
            }
          }
          c += channels;
        }
        ++panel;
      }
  };
  std::int64_t images = p.batch * p.groups, bands = images < 8 ? std::min<std::int64_t>(8, p.result.rows) : 1;
  parallel_for(
      images * bands, std::max<std::int64_t>(1, grain * bands / work), [&](std::int64_t first, std::int64_t last) {
        Array room(Shape{layout.is_copy ? p.source.channels * p.source.rows * layout.pitch : 0}, dtype_of<T>());
        Array line(Shape{p.result.columns * 2 * lanes}, dtype_of<T>());
        for (std::int64_t task = first; task < last; ++task)
          run(task / bands / p.groups, task / bands % p.groups, task % bands, bands, room.fill<T>(), line.fill<T>());
      });
}

Shape lengths(Shape front, const Convolution& c, std::int64_t ConvolutionAxis::*length) {
  for (const ConvolutionAxis& axis : c.axes) front.push_back(axis.*length);
  return front;
}

/// The axes of images: one of length 1 comes before the only axis of a sequence.
struct TwoAxes {
  ConvolutionAxis down{1, 1, 1}, right;
  explicit TwoAxes(const Convolution& c) : right(c.axes.back()) {
    if (c.axes.size() == 2) down = c.axes[0];
  }
};

Array sum_taps(const Problem& p, const Array& source, const Array& weight, const Array& bias, const Shape& shape) {
  Array result(shape, source.dtype());
  if (result.size() == 0) return result;
  Array from = source.contiguous(), by = weight.contiguous(), plus = bias ? bias.contiguous() : bias;
  visit_real(source.dtype(), [&](auto t) {
    using T = decltype(t);
    sum_taps(p, from.data<T>(), by.data<T>(), bias ? plus.data<T>() : nullptr, result.fill<T>());
  });
  return result;
}

template <class T>
void weight_typed(const Convolution& c, const T* x, const T* y, T* weight) {
  TwoAxes axes(c);
  const TapKernels<T>& kernels = tap_kernels<T>();
  Phase rows = forward_phases(axes.down)[0], columns = forward_phases(axes.right)[0];
  Layout layout(Phases{columns}, axes.right.x);
  std::int64_t lanes = c.outputs < thin ? 1 : kernels.lanes, width = (c.outputs + lanes - 1) / lanes * lanes;
  std::int64_t x_plane = axes.down.x * layout.pitch, pixels = axes.down.y * axes.right.y;
  std::int64_t kh = axes.down.kernel, kw = axes.right.kernel, taps = kh * c.inputs * kw;
  bool neighbours = axes.right.stride == 1 && axes.right.dilation == 1;

  // Each block of images adds up apart from the others; how many there are depends on sizes alone.
  std::int64_t one = c.groups * taps * width, blocks = std::min<std::int64_t>(c.batch, one > (1 << 20) ? 2 : 8);
  Array partial = Array::zeros(Shape{blocks, one}, dtype_of<T>());

  // By rows of the filter, channels of x, columns, channels of y.
  auto image = [&](const T* from, const T* other, T* to, T* turned) {
    if (lanes > 1) {  // channels last
      transpose_few(other, pixels, turned, width, pixels, c.outputs);
      for (std::int64_t p = 0; p < pixels && c.outputs < width; ++p)
        std::fill_n(turned + p * width + c.outputs, width - c.outputs, T(0));
      other = turned;
    }
    for (std::int64_t i = 0; i < kh; ++i) {
      // Rows of y that see row i of the filter inside x.
      std::int64_t shift = rows.taps[i].shift, stride = axes.down.stride;
      std::int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0;
      std::int64_t last = shift < axes.down.x ? std::min(axes.down.y, (axes.down.x - 1 - shift) / stride + 1) : 0;
      if (first >= last) continue;
      typename TapKernels<T>::Window window;
      window.plane = x_plane;
      window.row = stride * layout.pitch;
      window.rows = last - first;
      window.width = axes.right.y;
      window.result_plane = kw * width;
      window.result_shift = width;
      for (std::int64_t k = 0; k < width;) {
        std::int64_t vectors = lanes > 1 && width - k > lanes ? 2 : 1;
        window.other_row = axes.right.y * (lanes > 1 ? width : 1);
        window.other = other + (lanes > 1 ? k : k * pixels) + first * window.other_row;
        for (std::int64_t j = 0; j < kw;) {
          std::int64_t shifts = neighbours && lanes > 1 ? std::min(kernels.shifts, kw - j) : 1;
          window.source = from + (first * stride + shift) * layout.pitch + layout.column(columns.taps[j].shift);
          window.result = to + (i * c.inputs * kw + j) * width + k;
          if (lanes > 1) kernels.products(window, c.inputs, shifts, width, vectors);
          else kernels.dots(window, c.inputs);
          j += shifts;
        }
        k += vectors * lanes;
      }
    }
  };
  std::int64_t work = std::max<std::int64_t>(1, c.batch / blocks * one * pixels);
  parallel_for(blocks * c.groups, std::max<std::int64_t>(1, grain * c.groups / work),
               [&](std::int64_t first, std::int64_t last) {
                 Array room(Shape{layout.is_copy ? c.inputs * x_plane : 0}, dtype_of<T>());
                 Array turned(Shape{lanes > 1 ? pixels * width : 0}, dtype_of<T>());
                 for (std::int64_t task = first; task < last; ++task) {
                   std::int64_t block = task / c.groups, group = task % c.groups;
                   T* to = partial.fill<T>() + block * one + group * taps * width;
                   for (std::int64_t n = c.batch * block / blocks; n < c.batch * (block + 1) / blocks; ++n) {
                     const T* from = x + (n * c.groups + group) * c.inputs * axes.down.x * axes.right.x;
                     if (layout.is_copy) {
                       layout.copy(from, c.inputs * axes.down.x, room.fill<T>());
                       from = room.data<T>();
                     }
                     image(from, y + (n * c.groups + group) * c.outputs * pixels, to, turned.fill<T>());
                   }
                 }
               });
  T* sums = partial.fill<T>();
  for (std::int64_t block = 1; block < blocks; ++block)
    for (std::int64_t i = 0; i < one; ++i) sums[i] += sums[block * one + i];
  for (std::int64_t group = 0; group < c.groups; ++group)
    for (std::int64_t i = 0; i < kh; ++i)
      for (std::int64_t channel = 0; channel < c.inputs; ++channel, sums += kw * width)
        for (std::int64_t k = 0; k < c.outputs; ++k) {
          T* to = weight + (((group * c.outputs + k) * c.inputs + channel) * kh + i) * kw;
          for (std::int64_t j = 0; j < kw; ++j) to[j] = sums[j * width + k];
        }
}

}  // namespace

Shape Convolution::x_shape() const { return lengths({batch, groups * inputs}, *this, &ConvolutionAxis::x); }
Shape Convolution::weight_shape() const { return lengths({groups * outputs, inputs}, *this, &ConvolutionAxis::kernel); }
Shape Convolution::y_shape() const { return lengths({batch, groups * outputs}, *this, &ConvolutionAxis::y); }

Array convolve(const Convolution& c, const Array& x, const Array& weight, const Array& bias) {
  TwoAxes axes(c);
  std::int64_t filter = axes.down.kernel * axes.right.kernel;
  Problem p{c.batch,
            c.groups,
            {c.inputs, axes.down.x, axes.right.x},
            {c.outputs, axes.down.y, axes.right.y},
            forward_phases(axes.down),
            forward_phases(axes.right),
            {c.outputs * c.inputs * filter, c.inputs * filter, filter, axes.right.kernel}};
  return sum_taps(p, x, weight, bias, c.y_shape());
}

Array convolve_back(const Convolution& c, const Array& y, const Array& weight, const Array& bias) {
  TwoAxes axes(c);
  std::int64_t filter = axes.down.kernel * axes.right.kernel;
  Problem p{c.batch,
            c.groups,
            {c.outputs, axes.down.y, axes.right.y},
            {c.inputs, axes.down.x, axes.right.x},
            backward_phases(axes.down),
            backward_phases(axes.right),
            {c.outputs * c.inputs * filter, filter, c.inputs * filter, axes.right.kernel}};
  return sum_taps(p, y, weight, bias, c.x_shape());
}

Array convolution_weight(const Convolution& c, const Array& x, const Array& y) {
  Array weight(c.weight_shape(), x.dtype());
  if (weight.size() == 0) return weight;
  if (x.size() == 0 || y.size() == 0) return Array::zeros(weight.shape(), x.dtype());
  Array from = x.contiguous(), other = y.contiguous();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    weight_typed(c, from.data<T>(), other.data<T>(), weight.fill<T>());
  });
  return weight;
}

}  // namespace xg::kernels
