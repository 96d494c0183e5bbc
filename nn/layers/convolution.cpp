#include "convolution.hpp"

#include "../../core/error/error.hpp"
#include "../init/init.hpp"

namespace xg::nn {
namespace {

/// What a layer was asked to be, to be checked before it has weights.
struct Asked {
  const char* layer;
  std::int64_t in, out, groups;
  Shape kernel;
  Site site;

  [[noreturn]] void refuse(const std::string& what) const { Complaint(layer, what).at(site).raise<ValueError>(); }

  void check(std::initializer_list<std::pair<const char*, Shape>> options) const {
    if (in < 0 || out < 0)
      refuse("sizes cannot be negative: in " + std::to_string(in) + ", out " + std::to_string(out));
    if (groups < 1) refuse("groups must be at least 1, not " + std::to_string(groups));
    if (in % groups != 0 || out % groups != 0)
      refuse(std::to_string(groups) + " groups do not divide the channels: in " + std::to_string(in) + ", out " +
             std::to_string(out));
    at_least("kernel", kernel, 1);
    for (const auto& [name, values] : options) {
      bool is_padding = std::string(name).find("padding") != std::string::npos;
      at_least(name, values, is_padding ? 0 : 1);
    }
  }

  /// The parameters of a weight whose first two lengths are `first` and `second`.
  void fill(std::int64_t first, std::int64_t second, bool biased, Parameter& weight, Parameter& bias) const {
    Shape shape{first, second};
    for (std::int64_t length : kernel) shape.push_back(length);
    if (checked_elements(shape) < 0) refuse("a weight of shape " + to_string(shape) + " does not fit in memory");
    std::int64_t fan_in = second * kernel.elements();
    weight = Parameter(init::fan_in_uniform(shape, fan_in), site);
    if (biased) bias = Parameter(init::fan_in_uniform({out}, fan_in), site);
  }

 private:
  void at_least(const char* name, const Shape& values, std::int64_t least) const {
    for (std::int64_t value : values)
      if (value < least)
        refuse(std::string("the ") + name + " must be at least " + std::to_string(least) + ", not " +
               std::to_string(value));
  }
};

Shape both(const Size2& size) { return {size.height, size.width}; }

}  // namespace

Conv1d::Conv1d(std::int64_t in, std::int64_t out, std::int64_t kernel, const Conv1dOptions& o, Site site)
    : options_{o.stride, o.padding, o.dilation, o.groups} {
  Asked asked{"Conv1d", in, out, o.groups, {kernel}, site};
  asked.check({{"stride", {o.stride}}, {"padding", {o.padding}}, {"dilation", {o.dilation}}});
  asked.fill(out, in / o.groups, o.bias, weight, bias);
}

Tensor Conv1d::operator()(const Operand& x) const { return ModuleCall(*this, x)(conv1d(x, weight, bias, options_)); }

Conv2d::Conv2d(std::int64_t in, std::int64_t out, const Size2& kernel, const Conv2dOptions& o, Site site)
    : options_{o.stride, o.padding, o.dilation, o.groups} {
  Asked asked{"Conv2d", in, out, o.groups, both(kernel), site};
  asked.check({{"stride", both(o.stride)}, {"padding", both(o.padding)}, {"dilation", both(o.dilation)}});
  asked.fill(out, in / o.groups, o.bias, weight, bias);
}

Tensor Conv2d::operator()(const Operand& x) const { return ModuleCall(*this, x)(conv2d(x, weight, bias, options_)); }

ConvTranspose1d::ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                 const ConvTranspose1dOptions& o, Site site)
    : options_{o.stride, o.padding, o.output_padding, o.dilation, o.groups} {
  Asked asked{"ConvTranspose1d", in, out, o.groups, {kernel}, site};
  asked.check({{"stride", {o.stride}},
               {"padding", {o.padding}},
               {"output padding", {o.output_padding}},
               {"dilation", {o.dilation}}});
  asked.fill(in, out / o.groups, o.bias, weight, bias);
}

Tensor ConvTranspose1d::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(conv_transpose1d(x, weight, bias, options_));
}

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, const Size2& kernel,
                                 const ConvTranspose2dOptions& o, Site site)
    : options_{o.stride, o.padding, o.output_padding, o.dilation, o.groups} {
  Asked asked{"ConvTranspose2d", in, out, o.groups, both(kernel), site};
  asked.check({{"stride", both(o.stride)},
               {"padding", both(o.padding)},
               {"output padding", both(o.output_padding)},
               {"dilation", both(o.dilation)}});
  asked.fill(in, out / o.groups, o.bias, weight, bias);
}

Tensor ConvTranspose2d::operator()(const Operand& x) const {
  return ModuleCall(*this, x)(conv_transpose2d(x, weight, bias, options_));
}

}  // namespace xg::nn
