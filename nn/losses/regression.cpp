#include "regression.hpp"

#include "../../core/ops/elementwise.hpp"

namespace xg::nn {
namespace {

constexpr auto squared_error = elementwise("mse", [](auto x, auto y) {
  auto difference = x - y;
  return difference * difference;
});
constexpr auto absolute_error = elementwise("l1", [](auto x, auto y) { return abs(x - y); });

}  // namespace

Tensor mse(const Operand& prediction, const Operand& target, Reduction reduction) {
  detail::check_same_shape("mse", prediction, target);
  CallScope scope(prediction.site());
  return detail::reduced(squared_error(prediction, target), reduction);
}

Tensor l1(const Operand& prediction, const Operand& target, Reduction reduction) {
  detail::check_same_shape("l1", prediction, target);
  CallScope scope(prediction.site());
  return detail::reduced(absolute_error(prediction, target), reduction);
}

Tensor smooth_l1(const Operand& prediction, const Operand& target, const SmoothL1Options& options) {
  detail::check_same_shape("smooth_l1", prediction, target);
  detail::check_option("smooth_l1", "beta", options.beta, options.beta >= 0, prediction.site());
  CallScope scope(prediction.site());
  if (options.beta == 0) return detail::reduced(absolute_error(prediction, target), options.reduction);
  auto losses = elementwise("smooth_l1", [beta = options.beta](auto x, auto y) {
    auto d = x - y;
    return where(abs(d) < beta, d * d * (0.5 / beta), abs(d) - 0.5 * beta);
  });
  return detail::reduced(losses(prediction, target), options.reduction);
}

Tensor huber(const Operand& prediction, const Operand& target, const HuberOptions& options) {
  detail::check_same_shape("huber", prediction, target);
  detail::check_option("huber", "delta", options.delta, options.delta > 0, prediction.site());
  CallScope scope(prediction.site());
  auto losses = elementwise("huber", [delta = options.delta](auto x, auto y) {
    auto d = x - y;
    return where(abs(d) <= delta, 0.5 * d * d, delta * (abs(d) - 0.5 * delta));
  });
  return detail::reduced(losses(prediction, target), options.reduction);
}

}  // namespace xg::nn
