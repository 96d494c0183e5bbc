#include "dropout.hpp"

#include <fmt/format.h>

#include "../error/error.hpp"
#include "arithmetic.hpp"

namespace xg {
namespace {

/// The mask has the first `rank` axes of x and broadcasts along the others.
Tensor masked(const char* op, const Operand& x, std::int64_t rank, double p, Rng& rng) {
  detail::check_dropout(op, p, x.site());
  if (p == 0) return x.tensor();
  Shape shape = x.shape();
  for (std::size_t axis = static_cast<std::size_t>(rank); axis < shape.size(); ++axis) shape[axis] = 1;
  return multiply(x, Tensor(draw::dropout_mask(shape, real(x.dtype()), p, rng)));
}

Tensor channels_masked(const char* op, const Operand& x, std::int64_t spatial, const char* layout, double p, Rng& rng) {
  std::int64_t rank = x.shape().rank();
  if (rank != spatial + 1 && rank != spatial + 2)
    Complaint(op, fmt::format("x has {} axes, not those of {}", rank, layout))
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  return masked(op, x, rank - spatial, p, rng);
}

}  // namespace

void detail::check_dropout(const char* op, double p, const Site& site) {
  if (p >= 0 && p <= 1) return;
  Complaint(op, fmt::format("{} is no probability", p)).at(site).mend("0 <= p <= 1").raise<ValueError>();
}

Tensor dropout(const Operand& x, double p, Rng& rng) { return masked("dropout", x, x.shape().rank(), p, rng); }

Tensor dropout1d(const Operand& x, double p, Rng& rng) {
  return channels_masked("dropout1d", x, 1, "(N, C, L) or (C, L)", p, rng);
}

Tensor dropout2d(const Operand& x, double p, Rng& rng) {
  return channels_masked("dropout2d", x, 2, "(N, C, H, W) or (C, H, W)", p, rng);
}

}  // namespace xg
