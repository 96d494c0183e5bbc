#include "upsample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checks.hpp"
#include "resample.hpp"
#include "windows.hpp"

namespace xg {
namespace {

using Terms = std::vector<std::vector<kernels::AxisMap::Term>>;

/// One axis of an image: its length, the length it shall have, and the factor between, if that was what was asked for.
struct Axis {
  std::int64_t from, to;
  std::optional<double> scale;

  double step() const { return scale ? 1 / *scale : static_cast<double>(from) / static_cast<double>(to); }

  kernels::AxisMap nearest() const {
    Terms terms(static_cast<std::size_t>(to));
    for (std::int64_t o = 0; o < to; ++o) {
      std::int64_t place =
          scale ? static_cast<std::int64_t>(std::floor(static_cast<double>(o) * step())) : o * from / to;
      terms[static_cast<std::size_t>(o)].push_back({std::min(place, from - 1), 1});
    }
    return kernels::AxisMap(from, terms);
  }

  kernels::AxisMap linear(bool align_corners) const {
    Terms terms(static_cast<std::size_t>(to));
    double corners = to > 1 ? static_cast<double>(from - 1) / static_cast<double>(to - 1) : 0;
    for (std::int64_t o = 0; o < to; ++o) {
      auto at = static_cast<double>(o);
      double place = align_corners ? at * corners : std::max(0.0, (at + 0.5) * step() - 0.5);
      std::int64_t first = std::min(static_cast<std::int64_t>(place), from - 1), second = std::min(first + 1, from - 1);
      double rest = std::min(place - static_cast<double>(first), 1.0);
      auto& here = terms[static_cast<std::size_t>(o)];
      if (first == second) {
        here.push_back({first, 1});
      } else {
        here.push_back({first, 1 - rest});
        here.push_back({second, rest});
      }
    }
    return kernels::AxisMap(from, terms);
  }
};

}  // namespace

Tensor upsample(const Operand& x, const UpsampleOptions& options) {
  auto refuse = [&](const std::string& what) { Complaint("upsample", what).at(x.site()).raise<ValueError>(); };
  detail::check_batch("upsample", x, 2);
  if (options.size.has_value() == options.scale.has_value())
    refuse(options.size ? "takes a size or a scale, not both" : "takes a size or a scale");
  if (options.align_corners && options.mode == Upsampling::nearest) refuse("align_corners is for bilinear");
  Axis axes[2] = {{x.shape()[2], 0, {}}, {x.shape()[3], 0, {}}};
  if (options.size) {
    axes[0].to = options.size->height;
    axes[1].to = options.size->width;
  } else {
    axes[0].scale = options.scale->height;
    axes[1].scale = options.scale->width;
  }
  constexpr std::int64_t most = std::int64_t(1) << 31;
  for (Axis& axis : axes) {
    if (axis.from == 0)
      Complaint("upsample", "x has shape " + to_string(x.shape()) + ": there are no pixels")
          .fact("x", describe(x))
          .at(x.site())
          .raise<ShapeError>();
    if (axis.scale) {
      double length = static_cast<double>(axis.from) * *axis.scale;
      if (!(length >= 1 && length < static_cast<double>(most)))
        refuse(fmt::format("a scale of {} makes a length of {} {}", *axis.scale, axis.from, length));
      axis.to = static_cast<std::int64_t>(length);
    }
    if (axis.to < 1 || axis.to >= most)
      refuse(fmt::format("the size must be at least 1 and below 2^31, not {} x {}", axes[0].to, axes[1].to));
  }
  detail::check_shape("upsample", {x.shape()[0], x.shape()[1], axes[0].to, axes[1].to}, x.site());
  kernels::AxisMaps maps;
  for (const Axis& axis : axes)
    maps.push_back(options.mode == Upsampling::nearest ? axis.nearest() : axis.linear(options.align_corners));
  return detail::resample("upsample", x, maps);
}

}  // namespace xg
