// Direct convolution: no matrix of patches is made. Both directions are one thing, a sum over taps along the rows of
// some source; the vectors of the inner loops hold channels, so that a row of any length fills them, or where a group
// has few channels, neighbours along the row.
#include "convolution.hpp"

#include <vector>

#include "../array/threads.hpp"
#include "../array/transpose.hpp"
#include "convolution_layout.hpp"
#include "tap_kernels.hpp"

namespace xg::kernels {
namespace {

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
  std::int64_t lanes = p.result.channels < few_channels ? 1 : kernels.lanes;
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
      images * bands, std::max<std::int64_t>(1, convolution_grain * bands / work),
      [&](std::int64_t first, std::int64_t last) {
        Array room(Shape{layout.is_copy ? p.source.channels * p.source.rows * layout.pitch : 0}, dtype_of<T>());
        Array line(Shape{p.result.columns * 2 * lanes}, dtype_of<T>());
        for (std::int64_t task = first; task < last; ++task)
          run(task / bands / p.groups, task / bands % p.groups, task % bands, bands, room.fill<T>(), line.fill<T>());
      });
}

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

}  // namespace

Shape Convolution::x_shape() const { return with_lengths({batch, groups * inputs}, axes, &ConvolutionAxis::x); }
Shape Convolution::weight_shape() const {
  return with_lengths({groups * outputs, inputs}, axes, &ConvolutionAxis::kernel);
}
Shape Convolution::y_shape() const { return with_lengths({batch, groups * outputs}, axes, &ConvolutionAxis::y); }

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

}  // namespace xg::kernels
