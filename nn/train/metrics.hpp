// How good a model is, summed up over batches.
#pragma once

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// The mean of numbers with weights: `mean.update(loss.item(), x.size(0))` makes a mean over the samples of the means
/// over batches of any size.
class Mean {
 public:
  /// Throws ValueError unless weight ≥ 0. A weight of 0 leaves all as it was, whatever the value.
  void update(double value, double weight = 1, Site site = Site::here());
  /// Σ weight value / Σ weight; NaN before there is any weight.
  double compute() const;
  double weight() const { return weight_; }
  void reset() { *this = {}; }

 private:
  double sum_ = 0, weight_ = 0;
};

struct AccuracyOptions {
  /// A sample is told right if its label is among this many of the largest logits.
  std::int64_t top = 1;
  /// Positions with this label count for nothing.
  std::int64_t ignore_index = -100;
};

/// The part of the samples that is told right: `nn::Accuracy top5({.top = 5}); top5.update(logits, labels);
/// top5.compute()`. Of equal logits the first counts as the larger, as in `argmax`; NaN counts as the largest.
class Accuracy {
 public:
  /// Throws ValueError unless top ≥ 1.
  explicit Accuracy(const AccuracyOptions& options = {}, Site site = Site::here());

  /// Takes logits or probabilities with the classes last, (…, C), or the predicted classes themselves, i64 (…), and i64
  /// labels (…). Throws ShapeError; DTypeError; IndexError for a label that is no class; ValueError for fewer classes
  /// than `top`, and for predicted classes where `top` is more than 1. On a throw nothing has changed.
  void update(const Operand& prediction, const Operand& labels);
  /// NaN before there is any sample.
  double compute() const;
  std::int64_t count() const { return count_; }
  void reset() { right_ = count_ = 0; }

 private:
  AccuracyOptions options_;
  std::int64_t right_ = 0, count_ = 0;
};

}  // namespace xg::nn
