#include "binary_cross_entropy.hpp"

#include <fmt/format.h>

#include "../../core/error/error.hpp"
#include "../../core/ops/elementwise.hpp"

namespace xg::nn {
namespace {

constexpr auto of_probabilities = elementwise(
    "binary_cross_entropy",
    [](auto p, auto y) { return -(y * maximum(log(p), -100) + (1 - y) * maximum(log1p(-p), -100)); },
    from_input([](auto p, auto y) {
      return std::tuple{(p - y) / maximum(p * (1 - p), 1e-12), maximum(log1p(-p), -100) - maximum(log(p), -100)};
    }));

// log(1 + exp(x)) is −logsigmoid(−x), finite for all x.
constexpr auto of_logits = elementwise(
    "binary_cross_entropy_with_logits", [](auto x, auto y) { return -logsigmoid(-x) - x * y; },
    from_input([](auto x, auto y) {
      return std::tuple{sigmoid(x) - y, -x + 0 * y};
    }));

constexpr auto of_weighted_logits = elementwise(
    "binary_cross_entropy_with_logits",
    [](auto x, auto y, auto c) { return -c * y * logsigmoid(x) - (1 - y) * logsigmoid(-x); },
    from_input([](auto x, auto y, auto c) {
      return std::tuple{(1 - y) * sigmoid(x) - c * y * sigmoid(-x), logsigmoid(-x) - c * logsigmoid(x),
                        -y * logsigmoid(x)};
    }));

Tensor weighted(const char* op, const Operand& x, const Tensor& losses, const BinaryCrossEntropyOptions& options) {
  if (!options.weight.defined()) return detail::reduced(losses, options.reduction);
  Shape wide;
  if (!broadcast_shapes(losses.shape(), options.weight.shape(), wide) || wide != losses.shape())
    Complaint(op, "a weight of shape " + to_string(options.weight.shape()) + " does not fit losses of shape " +
                      to_string(losses.shape()))
        .at(x.site())
        .raise<ShapeError>();
  return detail::reduced(losses * options.weight, options.reduction);
}

/// Refuses probabilities outside [0, 1]; NaN passes.
void check_probabilities(const Operand& p) {
  Array values = p.array().contiguous();
  if (!is_differentiable(values.dtype())) values = values.cast(f64);
  visit_real(values.dtype(), [&](auto t) {
    using T = decltype(t);
    const T* from = values.data<T>();
    bool outside = false;
    for (std::int64_t i = 0; i < values.size(); ++i) outside |= from[i] < 0 || from[i] > 1;
    if (!outside) return;
    std::int64_t at = 0;
    while (!(from[at] < 0 || from[at] > 1)) ++at;
    Complaint("binary_cross_entropy", "a probability is " + fmt::format("{:.6g}", from[at]) + ", not from 0 to 1")
        .fact("p", describe(p))
        .at(p.site())
        .mend("sigmoid(x), or binary_cross_entropy_with_logits for x itself")
        .raise<ValueError>();
  });
}

}  // namespace

Tensor binary_cross_entropy(const Operand& p, const Operand& y, const BinaryCrossEntropyOptions& options) {
  detail::check_same_shape("binary_cross_entropy", p, y);
  if (options.positive_weight.defined())
    Complaint("binary_cross_entropy", "a positive weight goes with logits")
        .at(p.site())
        .mend("binary_cross_entropy_with_logits")
        .raise<ValueError>();
  check_probabilities(p);
  CallScope scope(p.site());
  return weighted("binary_cross_entropy", p, of_probabilities(p, y), options);
}

Tensor binary_cross_entropy_with_logits(const Operand& x, const Operand& y, const BinaryCrossEntropyOptions& options) {
  detail::check_same_shape("binary_cross_entropy_with_logits", x, y);
  CallScope scope(x.site());
  const Tensor& c = options.positive_weight;
  return weighted("binary_cross_entropy_with_logits", x, c.defined() ? of_weighted_logits(x, y, c) : of_logits(x, y),
                  options);
}

}  // namespace xg::nn
