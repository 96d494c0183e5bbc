#include "normalize.hpp"

#include <algorithm>

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/normalize.hpp"
#include "elementwise.hpp"
#include "reduce.hpp"
#include "shape.hpp"

namespace xg {
namespace {

Complaint complaint(const char* op, const std::string& what, const Operand& x, const Tensor& weight) {
  Complaint complaint(op, what);
  if (weight.defined()) complaint.layer(weight.name());
  complaint.fact("x", describe(x));
  if (weight.defined()) complaint.fact("weight", describe(weight));
  return complaint.at(x.site());
}

void check_affine(const char* op, const Operand& x, const Tensor& weight, const Tensor& bias, const Shape& shape) {
  auto check = [&](const char* which, const Tensor& t) {
    if (t.defined() && t.shape() != shape)
      complaint(op, std::string("the ") + which + " has shape " + to_string(t.shape()) + ", not " + to_string(shape), x,
                t)
          .raise<ShapeError>();
  };
  check("weight", weight);
  check("bias", bias);
}

/// What a normalisation normalises, for kernel and rule.
struct Norm {
  enum Kind { rows, channels } kind;
  std::int64_t length = 0;  // of rows
  std::int64_t groups = 0;  // of channels; 0 is over all samples
  double eps;
  bool centred = true;

  kernels::Normalized forward(const Array& x, const Array& weight, const Array& bias) const {
    return kind == rows ? kernels::normalize_rows(x, length, weight, bias, eps, centred)
                        : kernels::normalize_channels(x, groups, weight, bias, eps);
  }
  kernels::NormalizedGradients backward(const Array& g, const Array& x, const kernels::Normalized& forward,
                                        const Array& weight, bool wants_weight, bool wants_bias) const {
    return kind == rows
               ? kernels::normalize_rows_vjp(g, x, forward, weight, length, eps, centred, wants_weight, wants_bias)
               : kernels::normalize_channels_vjp(g, x, forward, groups, weight, eps);
  }

  /// A shape in which the parts are the axes named.
  struct View {
    Shape shape, weight, parts;
  };
  View view(const Shape& shape) const {
    if (kind == rows) return {{length ? shape.elements() / length : 0, length}, {length}, {1}};
    std::int64_t samples = shape[0], channels = shape[1], run = 1;
    for (std::size_t axis = 2; axis < shape.size(); ++axis) run *= shape[axis];
    if (groups == 0) return {{samples, channels, run}, {channels, 1}, {0, 2}};
    return {{samples, groups, channels / groups, run}, {groups, channels / groups, 1}, {2, 3}};
  }
};

/// Cotangents of x, weight and bias, in ops that can be differentiated again.
Tensors composed_vjp(const Norm& norm, const Tensor& g_given, const Tensor& x_given, const Tensor& weight) {
  Norm::View view = norm.view(x_given.shape());
  Tensor x = detail::reshaped(x_given, view.shape), g = detail::reshaped(g_given, view.shape);
  if (norm.centred) x = x - mean(x, view.parts, keepdims);
  Tensor scale = rsqrt(mean(square(x), view.parts, keepdims) + norm.eps), standard = x * scale;
  Tensor h = weight.defined() ? g * detail::reshaped(weight, view.weight) : g;
  Tensor dx = h - standard * mean(h * standard, view.parts, keepdims);
  if (norm.centred) dx = dx - mean(h, view.parts, keepdims);
  auto to_weight = [&](const Tensor& t) {
    return detail::reshaped(sum_to(t, view.weight), norm.kind == Norm::rows ? view.weight : Shape{x_given.shape()[1]});
  };
  return {detail::reshaped(dx * scale, x_given.shape()), to_weight(g * standard), to_weight(g)};
}

struct Recorded {
  Tensor y;
  kernels::Normalized statistics;
};

/// Records a normalisation of x with a weight and bias that fit it.
Recorded recorded(const char* name, const Norm& norm, const Operand& x, const Tensor& weight, const Tensor& bias) {
  Tensors inputs{x.tensor()};
  DType dtype = real(x.dtype());
  for (const Tensor* t : {&weight, &bias})
    if (t->defined()) {
      inputs.push_back(*t);
      dtype = promote(dtype, t->dtype());
    }
  auto array = [dtype](const Tensor& t) { return t.defined() ? t.array().cast(dtype).contiguous() : Array(); };
  kernels::Normalized forward = norm.forward(x.array(dtype).contiguous(), array(weight), array(bias));
  kernels::Normalized statistics{Array(), forward.mean, forward.variance};
  Tensor y = record(
      name, std::move(forward.y), Operands(inputs, x.site()),
      [norm, x = inputs[0], weight, statistics, biases = bias.defined() ? bias.shape() : Shape()](
          const Tensor& g, const Wants& wants) -> Tensors {
        std::size_t bias_at = weight.defined() ? 2 : 1;
        bool wants_weight = weight.defined() && wants[1], wants_bias = wants.size() > bias_at && wants[bias_at];
        Tensor dx, dw, db;
        if (is_recording()) {
          Tensors all = composed_vjp(norm, g, x, weight);
          dx = all[0];
          if (wants_weight) dw = detail::reshaped(all[1], weight.shape());
          if (wants_bias) db = detail::reshaped(all[2], biases);
        } else {
          auto array = [&](const Tensor& t) { return t.defined() ? t.array().cast(g.dtype()).contiguous() : Array(); };
          kernels::NormalizedGradients all =
              norm.backward(array(g), array(x), statistics, array(weight), wants_weight, wants_bias);
          dx = Tensor(all.x);
          if (wants_weight) dw = Tensor(all.weight.reshaped(weight.shape()));
          if (wants_bias) db = Tensor(all.bias.reshaped(biases));
        }
        Tensors result{dx};
        if (weight.defined()) result.push_back(dw);
        if (wants.size() > bias_at) result.push_back(db);
        return result;
      });
  return {y, statistics};
}

Tensor over_last_axes(const char* op, const Operand& x, const Shape& shape, const Tensor& weight, const Tensor& bias,
                      double eps, bool centred) {
  std::size_t count = shape.size(), rank = x.shape().size();
  if (shape.empty())
    complaint(op, "there are no axes to normalise over", x, weight)
        .mend("the lengths of one or more last axes")
        .raise<ValueError>();
  if (rank < count || Shape(x.shape().end() - count, x.shape().end()) != shape)
    complaint(op, "x has shape " + to_string(x.shape()) + ", which does not end in " + to_string(shape), x, weight)
        .raise<ShapeError>();
  check_affine(op, x, weight, bias, shape);
  return recorded(op, {.kind = Norm::rows, .length = shape.elements(), .eps = eps, .centred = centred}, x, weight, bias)
      .y;
}

/// Checks (N, C, …) and what belongs to its channels.
void check_channels(const char* op, const Operand& x, std::int64_t axes, const Tensor& weight, const Tensor& bias) {
  std::int64_t rank = x.shape().rank();
  if (rank < axes)
    complaint(op, "x has shape " + to_string(x.shape()) + ", too few axes for (N, C, " + (axes == 2 ? "…)" : "L, …)"),
              x, weight)
        .raise<ShapeError>();
  std::int64_t channels = x.shape()[1];
  if (weight.defined() && weight.shape() != Shape{channels})
    complaint(op, "x has " + std::to_string(channels) + " channels, the weight has shape " + to_string(weight.shape()),
              x, weight)
        .raise<ShapeError>();
  check_affine(op, x, weight, bias, {channels});
}

void refuse_one_value(const char* op, std::int64_t values, const Operand& x, const Tensor& weight) {
  if (values == 1)
    complaint(op, "a channel has one value only, which has no variance: x has shape " + to_string(x.shape()), x, weight)
        .mend("a larger batch, or evaluation: nn::eval(model)")
        .raise<ValueError>();
}

}  // namespace

Tensor layer_norm(const Operand& x, const Shape& shape, const Tensor& weight, const Tensor& bias, double eps) {
  return over_last_axes("layer_norm", x, shape, weight, bias, eps, true);
}

Tensor rms_norm(const Operand& x, const Shape& shape, const Tensor& weight, double eps) {
  return over_last_axes("rms_norm", x, shape, weight, Tensor(), eps, false);
}

BatchNormed batch_norm(const Operand& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_channels("batch_norm", x, 2, weight, bias);
  std::int64_t channels = x.shape()[1];
  refuse_one_value("batch_norm", channels ? x.shape().elements() / channels : 0, x, weight);
  Recorded result = recorded("batch_norm", {.kind = Norm::channels, .groups = 0, .eps = eps}, x, weight, bias);
  DType dtype = result.y.dtype();
  return {result.y, Tensor(result.statistics.mean.cast(dtype)), Tensor(result.statistics.variance.cast(dtype))};
}

Tensor batch_norm_eval(const Operand& x, const Tensor& mean, const Tensor& variance, const Tensor& weight,
                       const Tensor& bias, double eps) {
  check_channels("batch_norm_eval", x, 2, weight, bias);
  Shape channels{x.shape()[1]};
  for (const Tensor* t : {&mean, &variance})
    if (t->shape() != channels)
      complaint(
          "batch_norm_eval",
          "x has " + std::to_string(channels[0]) + " channels, the statistics have shape " + to_string(t->shape()), x,
          weight)
          .raise<ShapeError>();
  CallScope scope(x.site());
  Shape wide(static_cast<std::size_t>(x.shape().rank()) - 1, 1);
  wide[0] = channels[0];
  Tensor scale = rsqrt(variance + eps);
  if (weight.defined()) scale = scale * weight;
  auto spread = [&](const Tensor& t) { return detail::reshaped(t, wide); };
  static constexpr auto shifted =
      elementwise("batch_norm_eval", [](auto v, auto m, auto s, auto b) { return (v - m) * s + b; });
  static constexpr auto scaled = elementwise("batch_norm_eval", [](auto v, auto m, auto s) { return (v - m) * s; });
  if (bias.defined()) return shifted(x, spread(mean), spread(scale), spread(bias));
  return scaled(x, spread(mean), spread(scale));
}

Tensor group_norm(const Operand& x, std::int64_t groups, const Tensor& weight, const Tensor& bias, double eps) {
  check_channels("group_norm", x, 2, weight, bias);
  if (groups < 1 || x.shape()[1] % groups)
    complaint("group_norm",
              std::to_string(groups) + " groups do not divide " + std::to_string(x.shape()[1]) + " channels", x, weight)
        .raise<ValueError>();
  return recorded("group_norm", {.kind = Norm::channels, .groups = groups, .eps = eps}, x, weight, bias).y;
}

Tensor instance_norm(const Operand& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_channels("instance_norm", x, 3, weight, bias);
  std::int64_t channels = x.shape()[1], samples = x.shape()[0];
  refuse_one_value("instance_norm", channels > 0 && samples > 0 ? x.shape().elements() / (channels * samples) : 0, x,
                   weight);
  // No channels, no groups: there is then nothing to normalise.
  return recorded("instance_norm", {.kind = Norm::channels, .groups = std::max<std::int64_t>(1, channels), .eps = eps},
                  x, weight, bias)
      .y;
}

}  // namespace xg
