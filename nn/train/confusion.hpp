// Which class is taken for which, and what follows from it: precision, recall, F1.
#pragma once

#include <string>
#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// How well one class, or the average class, is told. What would divide by 0 is 0.
struct ClassScore {
  /// Of the samples taken for the class, the part that is of it: tp / (tp + fp).
  double precision = 0;
  /// Of the samples of the class, the part that is found: tp / (tp + fn).
  double recall = 0;
  /// 2 tp / (2 tp + fp + fn), the harmonic mean of both.
  double f1 = 0;
  /// How many samples are of the class.
  std::int64_t support = 0;
};

struct ClassScores {
  std::vector<ClassScore> per_class;
  /// Of all decisions together; where each sample has one class, all three are the accuracy.
  ClassScore micro;
  /// The mean over the classes that occur as label or as prediction; each counts the same.
  ClassScore macro;
};

/// Counts how often each class is taken for each: `nn::ConfusionMatrix confusion(10, names); confusion.update(logits,
/// labels); fmt::print("{}", confusion.table())`.
class ConfusionMatrix {
 public:
  /// Classes are called 0, 1, … unless they have names. Throws ValueError unless classes ≥ 1 and there are as many
  /// names or none.
  explicit ConfusionMatrix(std::int64_t classes, std::vector<std::string> names = {}, Site site = Site::here());

  /// Takes logits (…, C) or predicted classes, i64 (…), and i64 labels (…); labels of −100 count for nothing. Throws
  /// ShapeError, DTypeError, and IndexError for what is no class; nothing has changed then.
  void update(const Operand& prediction, const Operand& labels);
  /// The counts, i64 (C, C): rows are labels, columns predictions.
  Tensor compute() const;
  void reset();

  std::int64_t classes() const { return classes_; }
  const std::vector<std::string>& names() const { return names_; }
  std::int64_t count(std::int64_t label, std::int64_t predicted, Site site = Site::here()) const;
  /// The part of all samples that is told right; NaN before there is any.
  double accuracy() const;
  ClassScores scores() const;

  /// The counts as a table with class names, each class's recall and precision, and the accuracy. Names of columns are
  /// cut so that the table is at most `width` characters wide, where that leaves them three.
  std::string table(int width = 100) const;

 private:
  std::int64_t& at(std::int64_t label, std::int64_t predicted) {
    return counts_[static_cast<std::size_t>(label * classes_ + predicted)];
  }
  std::int64_t at(std::int64_t label, std::int64_t predicted) const {
    return counts_[static_cast<std::size_t>(label * classes_ + predicted)];
  }

  std::int64_t classes_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> counts_;
};

/// Precision, recall and F1 over batches: per class, micro and macro average (scikit-learn
/// `precision_recall_fscore_support` with zero_division=0).
class PrecisionRecallF1 {
 public:
  explicit PrecisionRecallF1(std::int64_t classes, Site site = Site::here()) : confusion_(classes, {}, site) {}
  /// Takes and throws what ConfusionMatrix does.
  void update(const Operand& prediction, const Operand& labels) { confusion_.update(prediction, labels); }
  ClassScores compute() const { return confusion_.scores(); }
  void reset() { confusion_.reset(); }

 private:
  ConfusionMatrix confusion_;
};

}  // namespace xg::nn
