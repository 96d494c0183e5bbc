#include "margins.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "../../core/array/index_text.hpp"
#include "../../core/error/error.hpp"
#include "../../core/ops/elementwise.hpp"
#include "../../core/ops/moments.hpp"
#include "../../core/ops/reduce.hpp"

namespace xg::nn {
namespace {

/// Labels in the dtype of the scores; refuses shapes other than `shape`, and labels that are not ±1.
Tensor checked_labels(const char* op, const Operand& scores, const Operand& labels, const Shape& shape) {
  if (!labels.is_number() && labels.shape() != shape)
    Complaint(op, "labels of shape " + to_string(labels.shape()) + " do not fit: " + to_string(shape) + " is needed")
        .fact("x", describe(scores))
        .fact("labels", describe(labels))
        .at(scores.site())
        .raise<ShapeError>();
  Array values = labels.array(real(scores.dtype())).contiguous();
  visit_real(values.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = values.data<T>();
    for (std::int64_t i = 0; i < values.size(); ++i)
      if (std::abs(from[i]) != 1)
        Complaint(op, "label " + fmt::format("{:.6g}", from[i]) + " at " + xg::detail::index_text(i, values.shape()) +
                          " is neither 1 nor -1")
            .fact("labels", describe(labels))
            .at(scores.site())
            .mend("2 * labels - 1 for labels of 0 and 1")
            .raise<ValueError>();
  });
  return Tensor(values);
}

void check_margin(const char* op, double margin, const Site& site) {
  detail::check_option(op, "margin", margin, true, site);
}

void check_vectors(const char* op, const Operand& a, const Operand& b, const char* name) {
  if (a.shape() == b.shape() && !a.shape().empty()) return;
  Complaint(op, a.shape() == b.shape()
                    ? std::string("vectors are needed along the last axis, not a 0-d tensor")
                    : "vectors of different shapes: " + to_string(a.shape()) + " and " + to_string(b.shape()))
      .fact("a", describe(a))
      .fact(name, describe(b))
      .at(a.site())
      .raise<ShapeError>();
}

}  // namespace

Tensor hinge(const Operand& scores, const Operand& labels, const MarginOptions& options) {
  check_margin("hinge", options.margin, scores.site());
  Tensor y = checked_labels("hinge", scores, labels, scores.shape());
  CallScope scope(scores.site());
  auto losses = elementwise("hinge", [margin = options.margin](auto x, auto y) { return relu(margin - y * x); });
  return detail::reduced(losses(scores, y), options.reduction);
}

Tensor hinge_embedding(const Operand& distances, const Operand& labels, const MarginOptions& options) {
  check_margin("hinge_embedding", options.margin, distances.site());
  Tensor y = checked_labels("hinge_embedding", distances, labels, distances.shape());
  CallScope scope(distances.site());
  auto losses = elementwise("hinge_embedding",
                            [margin = options.margin](auto x, auto y) { return where(y == 1, x, relu(margin - x)); });
  return detail::reduced(losses(distances, y), options.reduction);
}

Tensor margin_ranking(const Operand& a, const Operand& b, const Operand& labels, const MarginRankingOptions& options) {
  detail::check_same_shape("margin_ranking", a, b);
  check_margin("margin_ranking", options.margin, a.site());
  Tensor y = checked_labels("margin_ranking", a, labels, a.shape());
  CallScope scope(a.site());
  auto losses = elementwise("margin_ranking",
                            [margin = options.margin](auto a, auto b, auto y) { return relu(margin - y * (a - b)); });
  return detail::reduced(losses(a, b, y), options.reduction);
}

Tensor cosine_embedding(const Operand& a, const Operand& b, const Operand& labels,
                        const CosineEmbeddingOptions& options) {
  check_vectors("cosine_embedding", a, b, "b");
  check_margin("cosine_embedding", options.margin, a.site());
  Shape rows(a.shape().begin(), a.shape().end() - 1);
  Tensor y = checked_labels("cosine_embedding", a, labels, rows);
  CallScope scope(a.site());
  auto losses = elementwise("cosine_embedding", [margin = options.margin](auto product, auto aa, auto bb, auto y) {
    auto cosine = product / sqrt((aa + 1e-12) * (bb + 1e-12));
    return where(y == 1, 1 - cosine, relu(cosine - margin));
  });
  return detail::reduced(losses(sum(a * b, -1), sum(a * a, -1), sum(b * b, -1), y), options.reduction);
}

Tensor triplet_margin(const Operand& anchor, const Operand& positive, const Operand& negative,
                      const TripletMarginOptions& options) {
  check_vectors("triplet_margin", anchor, positive, "positive");
  check_vectors("triplet_margin", anchor, negative, "negative");
  check_margin("triplet_margin", options.margin, anchor.site());
  if (options.p != std::numeric_limits<double>::infinity())
    detail::check_option("triplet_margin", "p", options.p, options.p > 0, anchor.site());
  detail::check_option("triplet_margin", "eps", options.eps, options.eps >= 0, anchor.site());
  CallScope scope(anchor.site());
  auto distance = [&](const Operand& a, const Operand& b) { return norm(a - b + options.eps, options.p, -1); };
  Tensor near = distance(anchor, positive), far = distance(anchor, negative);
  if (options.swap) far = minimum(far, distance(positive, negative));
  auto losses = elementwise("triplet_margin",
                            [margin = options.margin](auto near, auto far) { return relu(margin + near - far); });
  return detail::reduced(losses(near, far), options.reduction);
}

}  // namespace xg::nn
