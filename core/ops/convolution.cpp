#include "convolution.hpp"

#include "../graph/record.hpp"
#include "checks.hpp"
#include "reduce.hpp"
#include "windows.hpp"

namespace xg {
namespace {

using kernels::Convolution;
using kernels::ConvolutionAxis;

// The three linear maps that a convolution is made of. Each one's gradients are the two others.
Tensor convolve(const Convolution& c, const char* name, const Operand& x, const Operand& weight, const Tensor& bias);
Tensor convolve_back(const Convolution& c, const char* name, const Operand& y, const Operand& weight,
                     const Tensor& bias);
Tensor convolution_weight(const Convolution& c, const Tensor& x, const Tensor& y);

Tensor sum_to_channels(const Tensor& g) { return g.rank() == 4 ? sum(g, {0, 2, 3}) : sum(g, {0, 2}); }

/// Records a convolution either way, with a bias or without.
template <class Kernel, class Rule>
Tensor record_biased(const char* name, const Convolution& c, Kernel kernel, const Operand& x, const Operand& weight,
                     const Tensor& bias, Rule rule) {
  DType dtype = real(promote(x, weight));
  if (!bias.defined())
    return record(name, kernel(c, x.array(dtype), weight.array(dtype), Array()), {x, weight}, std::move(rule));
  Operand b(bias, x.site());
  dtype = promote(dtype, bias.dtype());
  return record(name, kernel(c, x.array(dtype), weight.array(dtype), b.array(dtype)), {x, weight, b}, std::move(rule));
}

Tensors with_bias(Tensor dx, Tensor dweight, const Tensor& g, const Wants& wants) {
  Tensors result{std::move(dx), std::move(dweight)};
  if (wants.size() == 3) result.push_back(wants[2] ? sum_to_channels(g) : Tensor());
  return result;
}

Tensor convolve(const Convolution& c, const char* name, const Operand& x, const Operand& weight, const Tensor& bias) {
  return record_biased(name, c, kernels::convolve, x, weight, bias,
                       [c, x = x.tensor(), weight = weight.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
                         return with_bias(wants[0] ? convolve_back(c, "convolve_back", g, weight, {}) : Tensor(),
                                          wants[1] ? convolution_weight(c, x, g) : Tensor(), g, wants);
                       });
}

Tensor convolve_back(const Convolution& c, const char* name, const Operand& y, const Operand& weight,
                     const Tensor& bias) {
  return record_biased(name, c, kernels::convolve_back, y, weight, bias,
                       [c, y = y.tensor(), weight = weight.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
                         return with_bias(wants[0] ? convolve(c, "convolve", g, weight, {}) : Tensor(),
                                          wants[1] ? convolution_weight(c, g, y) : Tensor(), g, wants);
                       });
}

Tensor convolution_weight(const Convolution& c, const Tensor& x, const Tensor& y) {
  DType dtype = promote(x.dtype(), y.dtype());
  return record("convolution_weight", kernels::convolution_weight(c, x.array().cast(dtype), y.array().cast(dtype)),
                {x, y}, [c, x, y](const Tensor& h, const Wants& wants) -> Tensors {
                  return {wants[0] ? convolve_back(c, "convolve_back", y, h, {}) : Tensor(),
                          wants[1] ? convolve(c, "convolve", x, h, {}) : Tensor()};
                });
}

/// A convolution as the user asked for it, to be checked.
struct Asked {
  const char* op;
  const Operand &x, &weight;
  const Tensor& bias;
  detail::WindowOptionsList options;
  std::int64_t groups;
  bool transposed;

  Complaint complain(const std::string& what) const {
    Complaint complaint(op, what);
    detail::name_layer(complaint, &weight).fact("x", describe(x)).fact("weight", describe(weight));
    if (bias.defined()) complaint.fact("bias", describe(bias));
    return complaint.at(x.site());
  }

  Convolution check() const {
    std::size_t axes = options.size();
    const Shape &s = x.shape(), &w = weight.shape();
    detail::check_batch(op, x, axes, &weight);
    if (w.size() != axes + 2) {
      std::string layout = transposed ? "(in, out / groups, " : "(out, in / groups, ";
      complain("the weight has shape " + to_string(w) + ", not " + layout +
               (axes == 1 ? "kernel)" : "kernel height, kernel width)"))
          .raise<ShapeError>();
    }
    detail::check_windows(op, options, x.site());
    if (groups < 1) complain("groups must be at least 1, not " + std::to_string(groups)).raise<ValueError>();
    if (w[0] % groups != 0)
      complain(std::to_string(groups) + " groups do not divide the weight's " + std::to_string(w[0]) +
               (transposed ? " input channels" : " output channels"))
          .raise<ShapeError>();
    std::int64_t takes = transposed ? w[0] : w[1] * groups, gives = transposed ? w[1] * groups : w[0];
    if (s[1] != takes)
      complain("x has " + std::to_string(s[1]) + " channels, the weight takes " + std::to_string(takes) +
               (groups == 1 || transposed ? "" : ": " + std::to_string(groups) + " groups of " + std::to_string(w[1])))
          .raise<ShapeError>();
    if (bias.defined() && bias.shape() != Shape{gives})
      complain("the bias has shape " + to_string(bias.shape()) + ", the weight gives " + std::to_string(gives) +
               " channels")
          .raise<ShapeError>();
    Convolution c{s[0], groups, w[1], w[0] / groups, {}};
    for (std::size_t i = 0; i < axes; ++i) {
      const detail::WindowOptions& along = options[i];
      std::int64_t length = s[2 + i], kernel = w[2 + i];
      if (kernel == 0) complain("the kernel has no elements").raise<ShapeError>();
      c.axes.push_back({length, 0, kernel, along.stride, along.padding, along.dilation});
    }
    return transposed ? lengthened(c) : shortened(c);
  }

 private:
  Convolution shortened(Convolution c) const {
    detail::check_windows_fit(op, x, c.axes, &weight);
    for (ConvolutionAxis& axis : c.axes)
      axis.y = (axis.x + 2 * axis.padding - axis.dilation * (axis.kernel - 1) - 1) / axis.stride + 1;
    detail::check_shape(op, c.y_shape(), x.site());
    return c;
  }

  Convolution lengthened(Convolution c) const {
    SmallVector<std::int64_t, 2> lengths;
    bool fits = true;
    for (std::size_t i = 0; i < options.size(); ++i) {
      ConvolutionAxis& axis = c.axes[i];
      const detail::WindowOptions& along = options[i];
      if (along.output_padding >= std::max(along.stride, along.dilation))
        complain("the output padding " + std::to_string(along.output_padding) + " is not below the stride " +
                 std::to_string(along.stride) + " or the dilation " + std::to_string(along.dilation))
            .raise<ValueError>();
      axis.y = axis.x;
      axis.x =
          (axis.y - 1) * axis.stride - 2 * axis.padding + axis.dilation * (axis.kernel - 1) + along.output_padding + 1;
      lengths.push_back(axis.x);
      fits = fits && axis.x > 0;
    }
    if (!fits) complain("nothing is left of the result, " + detail::by(lengths)).raise<ShapeError>();
    detail::check_shape(op, c.x_shape(), x.site());
    return c;
  }
};

}  // namespace

Tensor conv1d(const Operand& x, const Operand& weight, const Tensor& bias, const Conv1dOptions& o) {
  Asked asked{"conv1d", x, weight, bias, {{o.stride, o.padding, o.dilation}}, o.groups, false};
  return convolve(asked.check(), asked.op, x, weight, bias);
}

Tensor conv2d(const Operand& x, const Operand& weight, const Tensor& bias, const Conv2dOptions& o) {
  Asked asked{
      "conv2d",
      x,
      weight,
      bias,
      {{o.stride.height, o.padding.height, o.dilation.height}, {o.stride.width, o.padding.width, o.dilation.width}},
      o.groups,
      false};
  return convolve(asked.check(), asked.op, x, weight, bias);
}

Tensor conv_transpose1d(const Operand& x, const Operand& weight, const Tensor& bias, const ConvTranspose1dOptions& o) {
  Asked asked{"conv_transpose1d", x,   weight, bias, {{o.stride, o.padding, o.dilation, o.output_padding}},
              o.groups,           true};
  return convolve_back(asked.check(), asked.op, x, weight, bias);
}

Tensor conv_transpose2d(const Operand& x, const Operand& weight, const Tensor& bias, const ConvTranspose2dOptions& o) {
  Asked asked{"conv_transpose2d",
              x,
              weight,
              bias,
              {{o.stride.height, o.padding.height, o.dilation.height, o.output_padding.height},
               {o.stride.width, o.padding.width, o.dilation.width, o.output_padding.width}},
              o.groups,
              true};
  return convolve_back(asked.check(), asked.op, x, weight, bias);
}

}  // namespace xg
