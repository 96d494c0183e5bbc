#include "choices.hpp"

#include <cmath>

#include "../../core/error/error.hpp"

namespace xg::nn::detail {
namespace {

/// Whether logit `a` of class `i` goes before logit `b` of class `j`.
template <class T>
bool goes_before(T a, std::int64_t i, T b, std::int64_t j) {
  bool nan_a = std::isnan(a), nan_b = std::isnan(b);
  if (nan_a != nan_b) return nan_a;
  return a > b || ((a == b || nan_a) && i < j);
}

}  // namespace

Choices::Choices(const char* op, const Operand& prediction, const Operand& labels, std::int64_t ignore_index,
                 std::int64_t classes)
    : ignored_(ignore_index), classes_(classes) {
  auto complain = [&](const std::string& what) {
    return Complaint(op, what)
        .fact("prediction", describe(prediction))
        .fact("labels", describe(labels))
        .at(prediction.site());
  };
  if (labels.dtype() != i64 || (prediction.dtype() != i64 && !is_differentiable(prediction.dtype())))
    complain(labels.dtype() != i64 ? std::string("labels are i64, not ") + name_of(labels.dtype())
                                   : "a prediction is logits or i64 classes, not booleans")
        .raise<DTypeError>();
  bool scored = is_differentiable(prediction.dtype());
  Shape expected = labels.shape();
  if (scored) {
    std::int64_t found = prediction.shape().empty() ? 0 : prediction.shape().back();
    if (classes >= 0 && found != classes)
      complain("logits of shape " + to_string(prediction.shape()) + " have " + std::to_string(found) +
               " classes, not " + std::to_string(classes))
          .raise<ShapeError>();
    expected.push_back(classes_ = found);
  }
  if (prediction.shape() != expected)
    complain("labels of shape " + to_string(labels.shape()) + " do not fit a prediction of shape " +
             to_string(prediction.shape()))
        .mend(scored ? "logits have the labels' shape and one more axis, the classes"
                     : "predicted classes have the labels' shape")
        .raise<ShapeError>();
  labels_ = labels.array().contiguous();
  predictions_ = prediction.array().contiguous();
  check_labels(op, labels, labels_, true);
  if (!scored) check_labels(op, prediction, predictions_, false);
}

void Choices::check_labels(const char* op, const Operand& operand, const Array& numbers, bool may_ignore) const {
  for (std::int64_t i = 0; i < numbers.size(); ++i) {
    std::int64_t number = numbers.data<std::int64_t>()[i];
    if (may_ignore && number == ignored_) continue;
    if (number >= 0 && (classes_ < 0 || number < classes_)) continue;
    std::string range = classes_ < 0 ? "negative" : "out of range for " + std::to_string(classes_) + " classes";
    Complaint(op, std::string(may_ignore ? "label " : "predicted class ") + std::to_string(number) + " of sample " +
                      std::to_string(i) + " is " + range)
        .fact(may_ignore ? "labels" : "prediction", describe(operand))
        .at(operand.site())
        .raise<IndexError>();
  }
}

template <class F>
std::int64_t Choices::with_row(std::int64_t i, const F& f) const {
  return predictions_.dtype() == f32 ? f(predictions_.data<float>() + i * classes_)
                                     : f(predictions_.data<double>() + i * classes_);
}

std::int64_t Choices::predicted(std::int64_t i) const {
  if (!has_scores()) return predictions_.data<std::int64_t>()[i];
  return with_row(i, [&](const auto* row) {
    std::int64_t best = 0;
    for (std::int64_t c = 1; c < classes_; ++c)
      if (goes_before(row[c], c, row[best], best)) best = c;
    return best;
  });
}

std::int64_t Choices::rank(std::int64_t i) const {
  return with_row(i, [&](const auto* row) {
    std::int64_t own = label(i), before = 0;
    for (std::int64_t c = 0; c < classes_; ++c) before += goes_before(row[c], c, row[own], own);
    return before;
  });
}

}  // namespace xg::nn::detail
