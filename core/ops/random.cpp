#include "random.hpp"

#include <fmt/format.h>

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/arithmetic.hpp"
#include "checks.hpp"
#include "gather.hpp"

namespace xg {
namespace {

void check(const char* op, const Shape& shape, DType dtype, const Site& site) {
  detail::check_shape(op, shape, site);
  if (!is_differentiable(dtype))
    Complaint(op, fmt::format("random reals are f32 or f64, not {}", name_of(dtype))).at(site).raise<DTypeError>();
}

}  // namespace

Tensor rand(const Shape& shape, DType dtype, Rng& rng, Site site) {
  check("rand", shape, dtype, site);
  return Tensor(draw::uniform(shape, dtype, rng));
}
Tensor rand(const Shape& shape, Rng& rng, Site site) { return rand(shape, f32, rng, site); }

Tensor randn(const Shape& shape, DType dtype, Rng& rng, Site site) {
  check("randn", shape, dtype, site);
  return Tensor(draw::normal(shape, dtype, rng));
}
Tensor randn(const Shape& shape, Rng& rng, Site site) { return randn(shape, f32, rng, site); }

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Rng& rng, Site site) {
  detail::check_shape("randint", shape, site);
  if (low >= high)
    Complaint("randint", fmt::format("no integers from {} up to but without {}", low, high))
        .at(site)
        .raise<ValueError>();
  return Tensor(draw::integers(low, high, shape, rng));
}

Tensor rand_like(const Operand& x, Rng& rng) { return rand(x.shape(), x.dtype(), rng, x.site()); }
Tensor randn_like(const Operand& x, Rng& rng) { return randn(x.shape(), x.dtype(), rng, x.site()); }

Tensor bernoulli(double p, const Shape& shape, DType dtype, Rng& rng, Site site) {
  detail::check_shape("bernoulli", shape, site);
  if (!(p >= 0 && p <= 1))
    Complaint("bernoulli", fmt::format("{} is no probability", p)).at(site).mend("0 <= p <= 1").raise<ValueError>();
  Array u = draw::uniform(shape, DType::f64, rng);
  return Tensor(kernels::compare(kernels::Comparison::less, u, Array(p, DType::f64), shape).cast(dtype));
}

Tensor bernoulli(const Tensor& p, Rng& rng, Site site) {
  check("bernoulli", p.shape(), p.dtype(), site);
  Array probability = p.array().cast(DType::f64).contiguous();
  const double* values = probability.data<double>();
  for (std::int64_t i = 0; i < probability.size(); ++i)
    if (!(values[i] >= 0 && values[i] <= 1))
      Complaint("bernoulli", fmt::format("{} is no probability", values[i]))
          .at(site)
          .mend("0 <= p <= 1")
          .raise<ValueError>();
  Array u = draw::uniform(p.shape(), DType::f64, rng);
  return Tensor(kernels::compare(kernels::Comparison::less, u, probability, p.shape()).cast(p.dtype()));
}

Tensor randperm(std::int64_t n, Rng& rng, Site site) {
  detail::check_shape("randperm", {n}, site);
  return Tensor(draw::permutation(n, rng));
}

Tensor shuffle(const Operand& x, std::int64_t axis, Rng& rng) {
  axis = normal_axis("shuffle", axis, x.shape().rank(), x.site());
  return take(x, Tensor(draw::permutation(x.shape()[axis], rng)), axis);
}

}  // namespace xg
