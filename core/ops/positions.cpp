#include "positions.hpp"

#include <bit>
#include <cmath>

#include "../error/error.hpp"
#include "../graph/node.hpp"
#include "arithmetic.hpp"
#include "concatenate.hpp"
#include "create.hpp"
#include "shape.hpp"

namespace xg {
namespace {

/// angles[position, i] = base^(−2i/width) · position, f64.
template <class F>
void each_angle(std::int64_t count, std::int64_t width, std::int64_t first, double base, const F& f) {
  for (std::int64_t i = 0; i < width / 2 + width % 2; ++i) {
    double step = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(width));
    for (std::int64_t position = 0; position < count; ++position)
      f(position, i, step * static_cast<double>(first + position));
  }
}

double slope(std::int64_t head, std::int64_t heads) {  // head from 0
  auto below = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(heads)));
  auto of = [](std::int64_t h, std::int64_t n) {
    return std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(n));
  };
  return head < below ? of(head + 1, below) : of(2 * (head - below) + 1, 2 * below);
}

}  // namespace

Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, std::int64_t first, double base, DType dtype,
                            Site site) {
  if (count < 0 || width < 0)
    Complaint("sinusoidal_positions",
              "sizes cannot be negative: count " + std::to_string(count) + ", width " + std::to_string(width))
        .at(site)
        .raise<ValueError>();
  Array result({count, width}, f64);
  double* to = result.fill<double>();
  each_angle(count, width, first, base, [&](std::int64_t position, std::int64_t i, double angle) {
    double* row = to + position * width + 2 * i;
    row[0] = std::sin(angle);
    if (2 * i + 1 < width) row[1] = std::cos(angle);
  });
  return Tensor(result.cast(dtype));
}

Tensor rotary(const Operand& x, const RotaryOptions& options) {
  std::int64_t rank = x.shape().rank();
  if (rank < 2 || x.shape().back() % 2)
    Complaint("rotary", "x has shape " + to_string(x.shape()) + ", not (…, positions, an even width)")
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  CallScope scope(x.site());
  std::int64_t count = x.shape()[static_cast<std::size_t>(rank) - 2], width = x.shape().back();
  Array cosines({count, width / 2}, f64), sines({count, width / 2}, f64);
  each_angle(count, width, options.first, options.base, [&](std::int64_t position, std::int64_t i, double angle) {
    cosines.fill<double>()[position * width / 2 + i] = std::cos(angle);
    sines.fill<double>()[position * width / 2 + i] = std::sin(angle);
  });
  DType dtype = real(x.dtype());
  Tensor c(cosines.cast(dtype)), s(sines.cast(dtype)), whole = x.tensor();
  if (!options.interleaved) {
    Tensors halves = split(whole, 2, -1);
    return concatenate({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
  }
  Shape pairs = x.shape();
  pairs.back() = width / 2;
  pairs.push_back(2);
  whole = reshape(whole, pairs);
  Tensor a = whole(ellipsis, 0), b = whole(ellipsis, 1);
  return reshape(stack({a * c - b * s, b * c + a * s}, -1), x.shape());
}

Tensor alibi(std::int64_t heads, std::int64_t queries, std::int64_t keys, DType dtype, Site site) {
  if (heads < 1 || queries < 0 || keys < 0)
    Complaint("alibi", "sizes are out of range: heads " + std::to_string(heads) + ", queries " +
                           std::to_string(queries) + ", keys " + std::to_string(keys))
        .at(site)
        .raise<ValueError>();
  Array result({heads, queries, keys}, f64);
  double* to = result.fill<double>();
  for (std::int64_t h = 0; h < heads; ++h)
    for (std::int64_t i = 0; i < queries; ++i)
      for (std::int64_t j = 0; j < keys; ++j)
        *to++ = -slope(h, heads) * static_cast<double>(std::abs(i + keys - queries - j));
  return Tensor(result.cast(dtype));
}

}  // namespace xg
