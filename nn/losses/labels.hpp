// The labels of a loss among classes: checked, weighed, and the two kernels that are linear in log-probabilities.
#pragma once

#include "../../core/graph/tensor.hpp"
#include "cross_entropy.hpp"

namespace xg::nn::detail {

/// Labels of positions, one row of log-probabilities l each. A position's loss is −Σ_c a_c l_c, where a_c is the
/// class's weight times the target, 0 everywhere at a position that is ignored.
class Labels {
 public:
  /// `rows` is the shape of the log-probabilities, the classes last.
  Labels(const char* op, const Operand& logits, const Operand& labels, const Shape& rows,
         const CrossEntropyOptions& options);

  /// What multiplies each position's loss: 1, or for the mean one over the sum of the labels' weights.
  double scale() const { return scale_; }
  bool is_reduced() const { return reduction_ != Reduction::none; }
  /// Σ_c a_c of each position, in the shape of the labels.
  Tensor row_weights(DType dtype) const;

  /// The loss of log-probabilities.
  Array loss(const Array& l) const;
  /// With the loss's cotangent r: −r a, and + r Σa exp(l) if l, row-major, is given; the shape of the logits.
  Array gradient(const Array& cotangent, const Array* l) const;

 private:
  double weight(std::int64_t label) const;
  /// Σ_c a_c.
  double row_weight(std::int64_t label) const;
  template <class F>
  void each_class(std::int64_t label, const F& f) const;  // f(c, a_c)

  Tensor labels_, weight_;
  std::int64_t classes_, ignored_;
  double smoothing_, scale_ = 1, total_weight_;
  Reduction reduction_;
};

}  // namespace xg::nn::detail
