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

}  // namespace xg::nn
