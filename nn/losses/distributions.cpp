#include "distributions.hpp"

#include <fmt/format.h>

#include <cmath>

#include "../../core/array/index_text.hpp"
#include "../../core/error/error.hpp"
#include "../../core/ops/elementwise.hpp"

namespace xg::nn {
namespace {

constexpr auto kl_of_target = elementwise(
    "kl_div", [](auto x, auto y) { return where(y == 0, 0.0, y * (log(y) - x)); }, from_input([](auto x, auto y) {
      return std::tuple{-y, where(y == 0, 0.0, log(y) + 1 - x)};
    }));
constexpr auto kl_of_log_target = elementwise(
    "kl_div",
    [](auto x, auto y) {
      auto p = exp(y);
      return where(p == 0, 0.0, p * (y - x));
    },
    from_input([](auto x, auto y) {
      auto p = exp(y);
      return std::tuple{-p, where(p == 0, 0.0, p * (y - x + 1))};
    }));

constexpr double two_pi = 6.28318530717958647692;

// Stirling's approximation of log y!, 0 up to 1.
constexpr auto stirling = [](auto y) {
  auto z = where(y > 1, y, 1.0);
  return where(y > 1, z * log(z) - z + 0.5 * log(two_pi * z), 0.0);
};

void check_variances(const Operand& x, const Operand& v) {
  Shape wide;
  if (!broadcast_shapes(x.shape(), v.shape(), wide) || wide != x.shape())
    Complaint("gaussian_nll",
              "variances of shape " + to_string(v.shape()) + " do not fit predictions of shape " + to_string(x.shape()))
        .fact("mean", describe(x))
        .fact("variance", describe(v))
        .at(x.site())
        .raise<ShapeError>();
  Array values = v.array(f64).contiguous();
  const double* from = values.data<double>();
  for (std::int64_t i = 0; i < values.size(); ++i)
    if (from[i] < 0)
      Complaint("gaussian_nll", "the variance at " + xg::detail::index_text(i, values.shape()) + " is " +
                                    fmt::format("{:.6g}", from[i]))
          .fact("variance", describe(v))
          .at(x.site())
          .mend("exp or softplus of what the model gives")
          .raise<ValueError>();
}

}  // namespace

Tensor kl_div(const Operand& log_prediction, const Operand& target, const KlDivOptions& options) {
  detail::check_same_shape("kl_div", log_prediction, target);
  CallScope scope(log_prediction.site());
  return detail::reduced(
      options.log_target ? kl_of_log_target(log_prediction, target) : kl_of_target(log_prediction, target),
      options.reduction);
}

Tensor gaussian_nll(const Operand& mean, const Operand& target, const Operand& variance,
                    const GaussianNllOptions& options) {
  detail::check_same_shape("gaussian_nll", mean, target);
  detail::check_option("gaussian_nll", "eps", options.eps, options.eps > 0, mean.site());
  check_variances(mean, variance);
  CallScope scope(mean.site());
  double eps = options.eps;
  auto losses = elementwise(
      "gaussian_nll",
      [eps, constant = options.full ? 0.5 * std::log(two_pi) : 0.0](auto x, auto y, auto v) {
        auto mended = where(v < eps, eps, v);
        return 0.5 * (log(mended) + (x - y) * (x - y) / mended) + constant;
      },
      from_input([eps](auto x, auto y, auto v) {
        auto mended = where(v < eps, eps, v);
        auto slope = (x - y) / mended;
        return std::tuple{slope, -slope, 0.5 / mended - 0.5 * slope * slope};
      }));
  return detail::reduced(losses(mean, target, variance), options.reduction);
}

Tensor poisson_nll(const Operand& prediction, const Operand& target, const PoissonNllOptions& options) {
  detail::check_same_shape("poisson_nll", prediction, target);
  detail::check_option("poisson_nll", "eps", options.eps, options.eps >= 0, prediction.site());
  CallScope scope(prediction.site());
  static constexpr auto of_logs = elementwise("poisson_nll", [](auto x, auto y) { return exp(x) - y * x; });
  auto of_rates = elementwise("poisson_nll", [eps = options.eps](auto x, auto y) { return x - y * log(x + eps); });
  static constexpr auto factorials = elementwise("log_factorial", [](auto y) { return stirling(y); });
  Tensor losses = options.log_input ? of_logs(prediction, target) : of_rates(prediction, target);
  if (options.full) losses = losses + factorials(target);
  return detail::reduced(losses, options.reduction);
}

}  // namespace xg::nn
