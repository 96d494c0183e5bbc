#include "regression.hpp"

#include "../../core/error/error.hpp"
#include "../../core/ops/elementwise.hpp"
#include "../../core/ops/reduce.hpp"

namespace xg::nn {
namespace detail {

Tensor reduced(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

void check_same_shape(const char* op, const Operand& prediction, const Operand& target) {
  if (target.is_number() || prediction.shape() == target.shape()) return;
  Complaint complaint(op, "prediction and target differ in shape: " + to_string(prediction.shape()) + " and " +
                              to_string(target.shape()));
  complaint.fact("prediction", describe(prediction)).fact("target", describe(target)).at(prediction.site());
  if (prediction.shape().elements() == target.shape().elements())
    complaint.mend("reshape(target, " + to_string(prediction.shape()) + ")");
  complaint.raise<ShapeError>();
}

}  // namespace detail

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
