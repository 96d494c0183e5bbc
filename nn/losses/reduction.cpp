#include "reduction.hpp"

#include <fmt/format.h>

#include <cmath>

#include "../../core/error/error.hpp"
#include "../../core/ops/reduce.hpp"

namespace xg::nn::detail {

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

void check_option(const char* op, const char* option, double value, bool good, const Site& site) {
  if (good && std::isfinite(value)) return;
  Complaint(op, std::string(option) + " cannot be " + fmt::format("{:.6g}", value)).at(site).raise<ValueError>();
}

}  // namespace xg::nn::detail
