// Predictions among classes beside their labels: checked, then looked at one by one.
#pragma once

#include "../../core/graph/tensor.hpp"

namespace xg::nn::detail {

class Choices {
 public:
  /// `classes`: how many there must be, or -1 where any number will do. Throws ShapeError, DTypeError, IndexError.
  Choices(const char* op, const Operand& prediction, const Operand& labels, std::int64_t ignore_index,
          std::int64_t classes);

  std::int64_t size() const { return labels_.size(); }
  bool is_ignored(std::int64_t i) const { return label(i) == ignored_; }
  std::int64_t label(std::int64_t i) const { return labels_.data<std::int64_t>()[i]; }
  /// Whether there are logits, not only predicted classes.
  bool has_scores() const { return is_differentiable(predictions_.dtype()); }
  std::int64_t classes() const { return classes_; }
  /// The class predicted for sample `i`.
  std::int64_t predicted(std::int64_t i) const;
  /// How many classes have a larger logit than the label's; of equals the first is the larger.
  std::int64_t rank(std::int64_t i) const;

 private:
  void check_labels(const char* op, const Operand& labels, const Array& numbers, bool may_ignore) const;
  template <class F>
  std::int64_t with_row(std::int64_t i, const F& f) const;

  Array predictions_, labels_;
  std::int64_t ignored_, classes_;
};

}  // namespace xg::nn::detail
