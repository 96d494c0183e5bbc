// The gradient of a convolution in its weight: products of pixels of x and y, added up over images.
#include "../array/threads.hpp"
#include "../array/transpose.hpp"
#include "convolution_layout.hpp"
#include "tap_kernels.hpp"

namespace xg::kernels {
namespace {

/// Sums over pixels that make the weight, by group, row of the filter, channel of x, column of the filter and channel
/// of y; the last filled up to whole vectors.
template <class T>
struct WeightSums {
  const Convolution& c;
  TwoAxes axes;
  const TapKernels<T>& kernels = tap_kernels<T>();
  Phase rows, columns;
  Layout layout;
  std::int64_t lanes, width;  // width: channels of y, filled up
  std::int64_t pixels, kh, kw;
  bool neighbours;  // columns of the filter next to one another see neighbours in x
  using Window = typename TapKernels<T>::Window;

  explicit WeightSums(const Convolution& c)
      : c(c), axes(c), rows(forward_phases(axes.down)[0]), columns(forward_phases(axes.right)[0]),
        layout(Phases{columns}, axes.right.x), lanes(c.outputs < few_channels ? 1 : kernels.lanes),
        width((c.outputs + lanes - 1) / lanes * lanes), pixels(axes.down.y * axes.right.y), kh(axes.down.kernel),
        kw(axes.right.kernel), neighbours(axes.right.stride == 1 && axes.right.dilation == 1) {}

  std::int64_t x_plane() const { return axes.down.x * layout.pitch; }
  std::int64_t x_size() const { return c.inputs * axes.down.x * axes.right.x; }
  std::int64_t y_size() const { return c.outputs * pixels; }
  /// Sums of one group, and of all.
  std::int64_t group_size() const { return kh * c.inputs * kw * width; }
  std::int64_t size() const { return c.groups * group_size(); }
  std::int64_t x_room() const { return layout.is_copy ? c.inputs * x_plane() : 0; }
  std::int64_t y_room() const { return lanes > 1 ? pixels * width : 0; }

  /// Adds one group of one image to `to`.
  void add(const T* x, const T* y, T* to, T* x_room, T* y_room) const {
    if (layout.is_copy) {
      layout.copy(x, c.inputs * axes.down.x, x_room);
      x = x_room;
    }
    if (lanes > 1) {  // channels last
      transpose_few(y, pixels, y_room, width, pixels, c.outputs);
      for (std::int64_t p = 0; p < pixels && c.outputs < width; ++p)
        std::fill_n(y_room + p * width + c.outputs, width - c.outputs, T(0));
      y = y_room;
    }
    for (std::int64_t i = 0; i < kh; ++i, to += c.inputs * kw * width) {
      // Rows of y that see row i of the filter inside x.
      std::int64_t shift = rows.taps[i].shift, stride = axes.down.stride;
      std::int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0;
      std::int64_t last = shift < axes.down.x ? std::min(axes.down.y, (axes.down.x - 1 - shift) / stride + 1) : 0;
      if (first >= last) continue;
      Window window{};
      window.row = stride * layout.pitch;
      window.rows = last - first;
      window.width = axes.right.y;
      window.other_row = axes.right.y * (lanes > 1 ? width : 1);
      const T* source = x + (first * stride + shift) * layout.pitch;
      if (lanes > 1) add_vectors(window, source, y + first * window.other_row, to);
      else add_singles(window, source, y + first * window.other_row, to);
    }
  }

 private:
  const T* column(const T* source, std::int64_t j) const { return source + layout.column(columns.taps[j].shift); }

  void add_vectors(Window window, const T* source, const T* other, T* to) const {
    window.plane = x_plane();
    window.result_plane = kw * width;
    window.result_shift = width;
    for (std::int64_t k = 0, vectors; k < width; k += vectors * lanes) {
      vectors = width - k > lanes ? 2 : 1;
      window.other = other + k;
      for (std::int64_t j = 0, shifts; j < kw; j += shifts) {
        shifts = neighbours ? std::min(kernels.shifts, kw - j) : 1;
        window.source = column(source, j);
        window.result = to + j * width + k;
        kernels.products(window, c.inputs, shifts, width, vectors);
      }
    }
  }

  void add_singles(Window window, const T* source, const T* other, T* to) const {
    window.plane = 1;
    window.result_plane = width;
    std::int64_t together = neighbours ? kw : 1;
    for (std::int64_t k = 0; k < width; ++k)
      for (std::int64_t channel = 0; channel < c.inputs; ++channel)
        for (std::int64_t j = 0; j < kw; j += together) {
          window.source = column(source, j) + channel * x_plane();
          window.other = other + k * pixels;
          window.result = to + (channel * kw + j) * width + k;
          kernels.dots(window, together);
        }
  }
};

template <class T>
void weight_typed(const Convolution& c, const T* x, const T* y, T* weight) {
  WeightSums<T> plan(c);
  // Each block of images adds up apart from the others; how many there are depends on sizes alone.
  std::int64_t one = plan.size(), blocks = std::min<std::int64_t>(c.batch, one > (1 << 20) ? 2 : 8);
  Array partial = Array::zeros(Shape{blocks, one}, dtype_of<T>());
  T* sums = partial.fill<T>();
  std::int64_t work = std::max<std::int64_t>(1, c.batch * plan.group_size() / blocks * plan.pixels);
  parallel_for(blocks * c.groups, std::max<std::int64_t>(1, convolution_grain / work),
               [&](std::int64_t first, std::int64_t last) {
                 Array x_room(Shape{plan.x_room()}, dtype_of<T>()), y_room(Shape{plan.y_room()}, dtype_of<T>());
                 for (std::int64_t task = first; task < last; ++task) {
                   std::int64_t block = task / c.groups, group = task % c.groups;
                   for (std::int64_t n = c.batch * block / blocks; n < c.batch * (block + 1) / blocks; ++n) {
                     std::int64_t image = n * c.groups + group;
                     plan.add(x + image * plan.x_size(), y + image * plan.y_size(),
                              sums + block * one + group * plan.group_size(), x_room.fill<T>(), y_room.fill<T>());
                   }
                 }
               });
  for (std::int64_t block = 1; block < blocks; ++block)
    for (std::int64_t i = 0; i < one; ++i) sums[i] += sums[block * one + i];
  for (std::int64_t group = 0; group < c.groups; ++group)
    for (std::int64_t i = 0; i < plan.kh; ++i)
      for (std::int64_t channel = 0; channel < c.inputs; ++channel, sums += plan.kw * plan.width)
        for (std::int64_t k = 0; k < c.outputs; ++k) {
          T* to = weight + (((group * c.outputs + k) * c.inputs + channel) * plan.kh + i) * plan.kw;
          for (std::int64_t j = 0; j < plan.kw; ++j) to[j] = sums[j * plan.width + k];
        }
}

}  // namespace

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
