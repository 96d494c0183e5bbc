#include "pool.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "../array/threads.hpp"
#include "../array/transpose.hpp"

namespace xg::kernels {
namespace {

constexpr std::int64_t grain = 1 << 15;

/// Windows over planes. A sequence is a plane of one row.
struct Windows {
  ConvolutionAxis down{1, 1, 1}, right;
  std::int64_t planes;

  explicit Windows(const Pool& pool) : right(pool.axes.back()), planes(pool.leading.elements()) {
    if (pool.axes.size() == 2) down = pool.axes[0];
  }
  std::int64_t x_size() const { return down.x * right.x; }
  std::int64_t y_size() const { return down.y * right.y; }
  bool is_two_by_two() const {
    return down.kernel == 2 && down.stride == 2 && down.padding == 0 && down.dilation == 1 && right.kernel == 2 &&
           right.stride == 2 && right.padding == 0 && right.dilation == 1 && down.x >= 2 * down.y &&
           right.x >= 2 * right.y;
  }
  /// Where in x the window `o` along an axis has its place `k`; outside when negative or too large.
  static std::int64_t at(const ConvolutionAxis& axis, std::int64_t o, std::int64_t k) {
    return o * axis.stride + k * axis.dilation - axis.padding;
  }
  template <class F>
  void each_plane(const F& body) const {
    parallel_for(planes, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, x_size())),
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t plane = first; plane < last; ++plane) body(plane);
                 });
  }
};

/// A window's numbers are counted row by row; small windows keep the count in a byte.
template <class F>
decltype(auto) visit_place(const Windows& w, const F& f) {
  return w.down.kernel * w.right.kernel <= 256 ? f(std::uint8_t()) : f(std::int64_t());
}
Array make_places(const Windows& w, const Shape& shape) {
  return Array(shape, w.down.kernel * w.right.kernel <= 256 ? DType::boolean : DType::i64);
}

/// Whether b goes before a: a NaN before any number, and what stands at the front stays among equals.
template <class T>
bool beats(T b, T a) {
  return !(b <= a) & (a == a);
}

/// Registers for windows of two by two, so common that they are written out.
template <class T>
struct Register {
  static constexpr int lanes = 16 / sizeof(T);
  using Lanes = std::make_integer_sequence<int, lanes>;
  using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  using V [[gnu::vector_size(16)]] = T;
  using Mask [[gnu::vector_size(16)]] = Integer;
  using Places [[gnu::vector_size(lanes)]] = std::uint8_t;

  template <class R>
  static R load(const void* from) {
    R result;
    std::memcpy(&result, from, sizeof(R));
    return result;
  }
  /// Of 2 · lanes neighbours, those at even places, or at odd ones.
  template <int odd, int... i>
  static V every_second(V a, V b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (2 * i + odd)...);
  }
  static V choose(Mask mask, V a, V b) {
    return reinterpret_cast<V>((mask & reinterpret_cast<Mask>(a)) | (~mask & reinterpret_cast<Mask>(b)));
  }
  static Mask beats(V b, V a) { return ~reinterpret_cast<Mask>(b <= a) & reinterpret_cast<Mask>(a == a); }
};

template <class T>
void two_by_two(const Windows& w, const T* x, T* y, std::uint8_t* places) {
  using R = Register<T>;
  using V = typename R::V;
  using Mask = typename R::Mask;
  typename R::Lanes lanes;
  std::int64_t count = w.right.y;
  for (std::int64_t o = 0; o < w.down.y; ++o, y += count, places += count) {
    const T *top = x + 2 * o * w.right.x, *bottom = top + w.right.x;
    std::int64_t i = 0;
    for (; i + R::lanes <= count; i += R::lanes) {
      const T* from[2] = {top + 2 * i, bottom + 2 * i};
      V best[2];
      Mask place[2];
      for (int r = 0; r < 2; ++r) {
        V first = R::template load<V>(from[r]), second = R::template load<V>(from[r] + R::lanes);
        V left = R::template every_second<0>(first, second, lanes),
          right = R::template every_second<1>(first, second, lanes);
        Mask take = R::beats(right, left);
        best[r] = R::choose(take, right, left);
        place[r] = (take & 1) + 2 * r;
      }
      Mask take = R::beats(best[1], best[0]);
      best[0] = R::choose(take, best[1], best[0]);
      auto found = __builtin_convertvector((take & place[1]) | (~take & place[0]), typename R::Places);
      std::memcpy(y + i, &best[0], sizeof(V));
      std::memcpy(places + i, &found, sizeof(found));
    }
    for (; i < count; ++i) {
      T corners[] = {top[2 * i], top[2 * i + 1], bottom[2 * i], bottom[2 * i + 1]};
      std::uint8_t best = 0;
      for (std::uint8_t k = 1; k < 4; ++k)
        if (beats(corners[k], corners[best])) best = k;
      y[i] = corners[best];
      places[i] = best;
    }
  }
}

/// Which places of the window `o` lie in x, along one axis.
struct Range {
  std::int64_t first, last;
};
Range inside(const ConvolutionAxis& axis, std::int64_t o) {
  std::int64_t start = o * axis.stride - axis.padding;
  std::int64_t first = start < 0 ? (-start + axis.dilation - 1) / axis.dilation : 0;
  std::int64_t last = start < axis.x ? (axis.x - 1 - start) / axis.dilation + 1 : 0;
  return {first, std::min(last, axis.kernel)};
}

template <class T, class P>
void any_window(const Windows& w, const T* x, T* y, P* places) {
  for (std::int64_t o = 0; o < w.down.y; ++o, y += w.right.y, places += w.right.y)
    for (std::int64_t i = 0; i < w.right.y; ++i) {
      T best = -std::numeric_limits<T>::infinity();
      P place = 0;
      bool found = false;
      Range rows = inside(w.down, o), columns = inside(w.right, i);
      for (std::int64_t k = rows.first; k < rows.last; ++k)
        for (std::int64_t l = columns.first; l < columns.last; ++l) {
          T value = x[Windows::at(w.down, o, k) * w.right.x + Windows::at(w.right, i, l)];
          if (found && !beats(value, best)) continue;
          best = value;
          place = static_cast<P>(k * w.right.kernel + l);
          found = true;
        }
      y[i] = best;
      places[i] = place;
    }
}

/// Calls `f(offset in x, offset in y)` for every window of a plane that has numbers.
template <class P, class F>
void for_each_place(const Windows& w, const P* places, const F& f) {
  for (std::int64_t o = 0, at = 0; o < w.down.y; ++o)
    for (std::int64_t i = 0; i < w.right.y; ++i, ++at) {
      auto place = static_cast<std::int64_t>(places[at]);
      std::int64_t r = Windows::at(w.down, o, place / w.right.kernel);
      std::int64_t c = Windows::at(w.right, i, place % w.right.kernel);
      if (r >= 0 && r < w.down.x && c >= 0 && c < w.right.x) f(r * w.right.x + c, at);
    }
}

template <class T>
void put_two_by_two(const Windows& w, const T* y, const std::uint8_t* places, T* x) {
  using R = Register<T>;
  using V = typename R::V;
  using Mask = typename R::Mask;
  typename R::Lanes lanes;
  std::int64_t count = w.right.y;
  for (std::int64_t o = 0; o < w.down.y; ++o, y += count, places += count) {
    T *top = x + 2 * o * w.right.x, *bottom = top + w.right.x;
    std::int64_t i = 0;
    for (; i + R::lanes <= count; i += R::lanes) {
      V value = R::template load<V>(y + i);
      Mask place = __builtin_convertvector(R::template load<typename R::Places>(places + i), Mask);
      for (int r = 0; r < 2; ++r) {
        V left = R::choose(reinterpret_cast<Mask>(place == 2 * r), value, V{});
        V right = R::choose(reinterpret_cast<Mask>(place == 2 * r + 1), value, V{});
        V first = interleave<false>(left, right, lanes), second = interleave<true>(left, right, lanes);
        T* to = (r == 0 ? top : bottom) + 2 * i;
        std::memcpy(to, &first, sizeof(V));
        std::memcpy(to + R::lanes, &second, sizeof(V));
      }
    }
    for (; i < count; ++i) {
      // Spelled out: g++ 12 with sanitizers takes the wrong row for (k < 2 ? top : bottom)[...].
      T* corners[] = {top + 2 * i, top + 2 * i + 1, bottom + 2 * i, bottom + 2 * i + 1};
      for (std::uint8_t k = 0; k < 4; ++k) *corners[k] = places[i] == k ? y[i] : T(0);
    }
    for (T* row : {top, bottom}) std::fill(row + 2 * count, row + w.right.x, T(0));
  }
  std::fill(x + 2 * w.down.y * w.right.x, x + w.x_size(), T(0));
}

template <class P>
P* filled(Array& places) {
  return reinterpret_cast<P*>(places.fill_bytes());
}
template <class P>
const P* read(const Array& places) {
  return reinterpret_cast<const P*>(places.bytes());
}

}  // namespace

Shape Pool::x_shape() const { return with_lengths(leading, axes, &ConvolutionAxis::x); }
Shape Pool::y_shape() const { return with_lengths(leading, axes, &ConvolutionAxis::y); }

Array max_pool(const Pool& pool, const Array& x, Array& places) {
  Windows w(pool);
  Array y(pool.y_shape(), x.dtype()), from = x.contiguous();
  places = make_places(w, pool.y_shape());
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    visit_place(w, [&](auto p) {
      using P = decltype(p);
      w.each_plane([&](std::int64_t plane) {
        const T* source = from.data<T>() + plane * w.x_size();
        T* to = y.fill<T>() + plane * w.y_size();
        P* place = filled<P>(places) + plane * w.y_size();
        if constexpr (sizeof(P) == 1)
          if (w.is_two_by_two()) return two_by_two(w, source, to, place);
        any_window(w, source, to, place);
      });
    });
  });
  return y;
}

Array pick_places(const Pool& pool, const Array& x, const Array& places) {
  Windows w(pool);
  Array y = Array::zeros(pool.y_shape(), x.dtype()), from = x.contiguous();
  visit_real(x.dtype(), [&](auto t) {
    using T = decltype(t);
    visit_place(w, [&](auto p) {
      using P = decltype(p);
      w.each_plane([&](std::int64_t plane) {
        const T* source = from.data<T>() + plane * w.x_size();
        T* to = y.fill<T>() + plane * w.y_size();
        for_each_place(w, read<P>(places) + plane * w.y_size(),
                       [&](std::int64_t at, std::int64_t window) { to[window] = source[at]; });
      });
    });
  });
  return y;
}

Array put_places(const Pool& pool, const Array& y, const Array& places) {
  Windows w(pool);
  Array x(pool.x_shape(), y.dtype()), from = y.contiguous();
  visit_real(y.dtype(), [&](auto t) {
    using T = decltype(t);
    visit_place(w, [&](auto p) {
      using P = decltype(p);
      w.each_plane([&](std::int64_t plane) {
        const T* source = from.data<T>() + plane * w.y_size();
        const P* place = read<P>(places) + plane * w.y_size();
        T* to = x.fill<T>() + plane * w.x_size();
        if constexpr (sizeof(P) == 1)
          if (w.is_two_by_two()) return put_two_by_two(w, source, place, to);
        std::fill_n(to, w.x_size(), T(0));
        for_each_place(w, place, [&](std::int64_t at, std::int64_t window) { to[at] += source[window]; });
      });
    });
  });
  return x;
}

}  // namespace xg::kernels
