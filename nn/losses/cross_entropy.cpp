#include "cross_entropy.hpp"

#include <fmt/format.h>

#include <limits>

#include "../../core/error/error.hpp"
#include "../../core/graph/meet.hpp"
#include "../../core/graph/record.hpp"
#include "../../core/kernels/softmax.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/functions.hpp"
#include "../../core/ops/reduce.hpp"
#include "../../core/ops/shape.hpp"
#include "../../core/ops/softmax.hpp"
#include "labels.hpp"

namespace xg::nn {
namespace {

using detail::Labels;

Tensor nll_vjp(const Tensor& g, const Labels& labels);

// Linear in l; its transpose is nll_vjp.
Tensor nll_of(const Operand& l, const Labels& labels) {
  return record("nll", labels.loss(l.array(real(l.dtype()))), {l},
                [labels](const Tensor& g) -> Tensors { return {nll_vjp(g, labels)}; });
}

Tensor nll_vjp(const Tensor& g, const Labels& labels) {
  return record("nll_vjp", labels.gradient(g.array(), nullptr), {g},
                [labels](const Tensor& h) -> Tensors { return {nll_of(h, labels)}; });
}

// r (Σa softmax(x) − a), where r is the cotangent times the scale.
Tensor cross_entropy_vjp(const Tensor& g, const Tensor& x, const Tensor& log_probabilities, const Labels& labels) {
  const Array& l = log_probabilities.array();
  return record("cross_entropy_vjp", labels.gradient(g.array(), &l), {g, x},
                [g, x, labels](const Tensor& h, const Wants& wants) -> Tensors {
                  Tensor p = softmax(x, -1), weights = labels.row_weights(x.dtype()) * labels.scale();
                  Tensor mean = sum(p * h, -1, keepdims);
                  Tensor dg, dx;
                  if (wants[0]) {
                    dg = weights * squeeze(mean, -1);
                    dg = (labels.is_reduced() ? sum(dg) : dg) + nll_of(h, labels);
                  }
                  if (wants[1]) dx = expand_dims(g * weights, -1) * p * (h - mean);
                  return {dg, dx};
                });
}

Tensor of_labels(const Operand& x, Labels labels) {
  xg::detail::MetArrays values = xg::detail::arrays_in(real(x.dtype()), {x});
  Array l = kernels::log_softmax(values[0], {values[0].rank() - 1});
  if (!l.is_contiguous()) l = l.copy();
  Array loss = labels.loss(l);
  return record("cross_entropy", std::move(loss), {x},
                [x = x.tensor(), l = Tensor(std::move(l)), labels = std::move(labels)](const Tensor& g) -> Tensors {
                  Tensors gradient;
                  if (is_recording()) gradient.push_back(cross_entropy_vjp(g, x, l, labels));
                  else gradient.push_back(Tensor(labels.gradient(g.array(), &l.array())));
                  return gradient;
                });
}

Tensor of_probabilities(const Tensor& x, Tensor q, const CrossEntropyOptions& options) {
  constexpr double lowest = -std::numeric_limits<double>::infinity();
  Tensor l = log_softmax(x, -1);
  double smoothing = options.label_smoothing, classes = static_cast<double>(x.size(-1));
  if (smoothing != 0) q = q * (1 - smoothing) + smoothing / classes;
  Tensor terms = q * where(q == 0, where(l == lowest, 0, l), l);  // an impossible class that is not asked for costs 0
  if (options.weight.defined()) {
    if (options.weight.shape() != Shape{x.size(-1)})
      Complaint("cross_entropy", "a weight of shape " + to_string(options.weight.shape()) + " does not fit " +
                                     std::to_string(x.size(-1)) + " classes")
          .fact("logits", describe(x))
          .at(xg::detail::call_scope())
          .raise<ShapeError>();
    terms = terms * options.weight;
  }
  return detail::reduced(-sum(terms, -1), options.reduction);
}

/// The axis of the classes; refuses options that make no sense.
std::int64_t check(const char* op, const Operand& x, const CrossEntropyOptions& options) {
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    Complaint(op, "label_smoothing must be from 0 to 1, not " + fmt::format("{:.6g}", options.label_smoothing))
        .at(x.site())
        .raise<ValueError>();
  if (options.weight.defined() && options.weight.requires_grad())
    Complaint(op, "no gradient passes through the weight of the classes")
        .fact("weight", describe(options.weight))
        .at(x.site())
        .mend("detach(weight)")
        .raise<GradError>();
  return normal_axis(op, options.axis, x.shape().rank(), x.site());
}

bool is_last(std::int64_t axis, const Operand& x) { return axis == x.shape().rank() - 1; }

}  // namespace

Tensor cross_entropy(const Operand& logits, const Operand& target, const CrossEntropyOptions& options) {
  std::int64_t axis = check("cross_entropy", logits, options);
  CallScope scope(logits.site());
  Tensor moved = is_last(axis, logits) ? Tensor() : moveaxis(logits, axis, -1);
  const Tensor& x = moved;
  if (is_differentiable(target.dtype()) && target.shape() == logits.shape()) {
    Tensor q = is_last(axis, logits) ? target.tensor() : moveaxis(target, axis, -1);
    return of_probabilities(x.defined() ? x : logits.tensor(), q, options);
  }
  if (!x.defined()) return of_labels(logits, Labels("cross_entropy", logits, target, logits.shape(), options));
  return of_labels(x, Labels("cross_entropy", logits, target, x.shape(), options));
}

Tensor nll(const Operand& log_probabilities, const Operand& labels, const CrossEntropyOptions& options) {
  std::int64_t axis = check("nll", log_probabilities, options);
  if (options.label_smoothing != 0)
    Complaint("nll", "label smoothing needs logits")
        .at(log_probabilities.site())
        .mend("cross_entropy")
        .raise<ValueError>();
  CallScope scope(log_probabilities.site());
  if (is_last(axis, log_probabilities))
    return nll_of(log_probabilities, Labels("nll", log_probabilities, labels, log_probabilities.shape(), options));
  Tensor moved = moveaxis(log_probabilities, axis, -1);
  return nll_of(moved, Labels("nll", log_probabilities, labels, moved.shape(), options));
}

}  // namespace xg::nn
