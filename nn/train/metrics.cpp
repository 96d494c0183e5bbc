#include "metrics.hpp"

#include <cmath>

#include "../../core/error/error.hpp"
#include "choices.hpp"

namespace xg::nn {

void Mean::update(double value, double weight, Site site) {
  if (!(weight >= 0 && std::isfinite(weight)))
    Complaint("Mean", "a weight is " + std::to_string(weight) + "; it must be at least 0 and finite")
        .at(site)
        .raise<ValueError>();
  if (weight == 0) return;
  sum_ += weight * value;
  weight_ += weight;
}

double Mean::compute() const { return sum_ / weight_; }

Accuracy::Accuracy(const AccuracyOptions& options, Site site) : options_(options) {
  if (options.top < 1)
    Complaint("Accuracy", "top must be at least 1, not " + std::to_string(options.top)).at(site).raise<ValueError>();
}

void Accuracy::update(const Operand& prediction, const Operand& labels) {
  detail::Choices choices("Accuracy", prediction, labels, options_.ignore_index, -1);
  if (options_.top > 1 && (!choices.has_scores() || choices.classes() < options_.top))
    Complaint("Accuracy", "the top " + std::to_string(options_.top) + " are asked for of " +
                              (choices.has_scores() ? std::to_string(choices.classes()) + " classes"
                                                    : "predicted classes, which do not say what came next"))
        .fact("prediction", describe(prediction))
        .at(prediction.site())
        .raise<ValueError>();
  for (std::int64_t i = 0; i < choices.size(); ++i) {
    if (choices.is_ignored(i)) continue;
    right_ += choices.has_scores() ? choices.rank(i) < options_.top : choices.predicted(i) == choices.label(i);
    ++count_;
  }
}

double Accuracy::compute() const { return static_cast<double>(right_) / static_cast<double>(count_); }

}  // namespace xg::nn
