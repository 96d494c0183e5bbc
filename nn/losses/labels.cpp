#include "labels.hpp"

#include <cmath>
#include <limits>

#include "../../core/array/index_text.hpp"
#include "../../core/array/threads.hpp"
#include "../../core/error/error.hpp"
#include "../../core/kernels/formula_kernel.hpp"

namespace xg::nn::detail {
namespace {

void check_shapes(const char* op, const Operand& logits, const Operand& labels, const Shape& rows,
                  const Tensor& weight) {
  Shape positions(rows.begin(), rows.end() - 1);
  std::string what;
  if (labels.shape() != positions)
    what = "labels of shape " + to_string(labels.shape()) + " do not fit logits of shape " + to_string(logits.shape()) +
           ": " + to_string(positions) + " is needed";
  else if (weight.defined() && weight.shape() != Shape{rows.back()})
    what =
        "a weight of shape " + to_string(weight.shape()) + " does not fit " + std::to_string(rows.back()) + " classes";
  if (!what.empty())
    Complaint(op, what)
        .fact("logits", describe(logits))
        .fact("labels", describe(labels))
        .at(logits.site())
        .raise<ShapeError>();
}

}  // namespace

Labels::Labels(const char* op, const Operand& logits, const Operand& labels, const Shape& rows,
               const CrossEntropyOptions& options)
    : classes_(rows.back()), ignored_(options.ignore_index), smoothing_(options.label_smoothing),
      total_weight_(static_cast<double>(classes_)), reduction_(options.reduction) {
  if (labels.dtype() != i64)
    Complaint(op, std::string("labels are i64, not ") + name_of(labels.dtype()))
        .fact("logits", describe(logits))
        .fact("labels", describe(labels))
        .at(logits.site())
        .mend("astype(labels, i64), or probabilities in the shape of the logits")
        .raise<DTypeError>();
  check_shapes(op, logits, labels, rows, options.weight);
  labels_ = labels.array().is_contiguous() ? labels.tensor() : Tensor(labels.array().copy());
  if (options.weight.defined()) {
    weight_ = Tensor(options.weight.array().cast(f64).contiguous());
    total_weight_ = 0;
    for (std::int64_t c = 0; c < classes_; ++c) total_weight_ += weight(c);
  }
  double sum = 0;
  const std::int64_t* label = labels_.array().data<std::int64_t>();
  for (std::int64_t i = 0; i < labels_.size(); ++i) {
    if (label[i] == ignored_) continue;
    if (label[i] < 0 || label[i] >= classes_)
      Complaint(op, "label " + std::to_string(label[i]) + " at " + xg::detail::index_text(i, labels_.shape()) +
                        " is out of range for " + std::to_string(classes_) + " classes")
          .fact("logits", describe(logits))
          .at(logits.site())
          .mend("labels from 0 to " + std::to_string(classes_ - 1) + ", or " + std::to_string(ignored_) +
                " where there is none")
          .raise<IndexError>();
    sum += weight(label[i]);
  }
  if (reduction_ == Reduction::mean) scale_ = sum == 0 ? 0 : 1 / sum;
}

double Labels::weight(std::int64_t label) const {
  return weight_.defined() ? weight_.array().data<double>()[label] : 1;
}

double Labels::row_weight(std::int64_t label) const {
  if (label == ignored_) return 0;
  return (1 - smoothing_) * weight(label) + smoothing_ * total_weight_ / static_cast<double>(classes_);
}

template <class F>
void Labels::each_class(std::int64_t label, const F& f) const {
  if (label == ignored_) return;
  if (smoothing_ != 0)
    for (std::int64_t c = 0; c < classes_; ++c) f(c, smoothing_ * weight(c) / static_cast<double>(classes_));
  f(label, (1 - smoothing_) * weight(label));
}

Tensor Labels::row_weights(DType dtype) const {
  Array weights(labels_.shape(), f64);
  const std::int64_t* label = labels_.array().data<std::int64_t>();
  for (std::int64_t i = 0; i < weights.size(); ++i) weights.fill<double>()[i] = row_weight(label[i]);
  return Tensor(weights.cast(dtype));
}

Array Labels::loss(const Array& log_probabilities) const {
  if (!log_probabilities.is_contiguous()) return loss(log_probabilities.copy());
  const Array& l = log_probabilities;
  Array result(is_reduced() ? Shape() : labels_.shape(), l.dtype());
  const std::int64_t* label = labels_.array().data<std::int64_t>();
  visit_real(l.dtype(), [&](auto t) {
    using T = decltype(t);
    double sum = 0;
    for (std::int64_t i = 0; i < labels_.size(); ++i) {
      const T* row = l.data<T>() + i * classes_;
      double loss = 0;
      each_class(label[i], [&](std::int64_t c, double a) {
        if (a != 0) loss -= a * static_cast<double>(row[c]);
      });
      if (is_reduced()) sum += loss;
      else result.fill<T>()[i] = static_cast<T>(loss);
    }
    bool empty_mean = reduction_ == Reduction::mean && scale_ == 0;
    if (is_reduced())
      *result.fill<T>() = empty_mean ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(sum * scale_);
  });
  return result;
}

Array Labels::gradient(const Array& cotangent, const Array* l) const {
  if (!cotangent.is_contiguous()) return gradient(cotangent.copy(), l);
  Shape shape = labels_.shape();
  shape.push_back(classes_);
  Array result(shape, cotangent.dtype());
  const std::int64_t* label = labels_.array().data<std::int64_t>();
  visit_real(cotangent.dtype(), [&](auto t) {
    using T = decltype(t);
    constexpr T nothing = -std::numeric_limits<T>::infinity();
    std::int64_t grain = std::max<std::int64_t>(1, (1 << 14) / std::max<std::int64_t>(1, classes_));
    parallel_for(labels_.size(), grain, [&](std::int64_t first, std::int64_t last) {
      T* block = result.fill<T>() + first * classes_;
      std::int64_t count = (last - first) * classes_;
      if (!l) {
        std::fill_n(block, count, T(0));
      } else {
        std::byte* pointers[] = {
            reinterpret_cast<std::byte*>(block),
            const_cast<std::byte*>(reinterpret_cast<const std::byte*>(l->data<T>() + first * classes_))};
        kernels::for_lanes<T, xsimd::default_arch, 2>(1, pointers, count,
                                                      [](const auto& at) { exp(Lane<T>::load(at[1])).store(at[0]); });
      }
      for (std::int64_t i = first; i < last; ++i) {
        T* row = result.fill<T>() + i * classes_;
        double r = static_cast<double>(cotangent.data<T>()[is_reduced() ? 0 : i]) * scale_;
        if (l) {
          const T* from = l->data<T>() + i * classes_;
          // A row of −inf only has no gradient; one that is ignored has none whatever it holds.
          bool dead = r == 0 || label[i] == ignored_ ||
                      (from[label[i]] == nothing && std::all_of(from, from + classes_, [](T value) {
                         return value < std::numeric_limits<T>::lowest();
                       }));
          if (dead) {
            std::fill_n(row, classes_, T(0));
            continue;
          }
          T factor = static_cast<T>(r * row_weight(label[i]));
          for (std::int64_t c = 0; c < classes_; ++c) row[c] *= factor;
        }
        each_class(label[i], [&](std::int64_t c, double a) { row[c] -= static_cast<T>(r * a); });
      }
    });
  });
  return result;
}

}  // namespace xg::nn::detail
