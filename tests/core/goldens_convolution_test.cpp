// Convolutions, pooling and resampling against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

namespace {

Size2 pair(const Arguments& args, const char* name) {
  Shape both = args.shape(name);
  return {both[0], both[1]};
}

Tensor bias_of(const Tensors& x) { return x.size() == 3 ? x[2] : Tensor(); }

}  // namespace

TEST_CASE("convolution agrees with PyTorch") {
  check_goldens(
      "convolution",
      {
          {"conv1d",
           [](auto& x, auto& args) {
             return Tensors{conv1d(x[0], x[1], bias_of(x),
                                   {.stride = args.integer("stride"),
                                    .padding = args.integer("padding"),
                                    .dilation = args.integer("dilation"),
                                    .groups = args.integer("groups")})};
           }},
          {"conv2d",
           [](auto& x, auto& args) {
             return Tensors{conv2d(x[0], x[1], bias_of(x),
                                   {.stride = pair(args, "stride"),
                                    .padding = pair(args, "padding"),
                                    .dilation = pair(args, "dilation"),
                                    .groups = args.integer("groups")})};
           }},
          {"conv_transpose1d",
           [](auto& x, auto& args) {
             return Tensors{conv_transpose1d(x[0], x[1], bias_of(x),
                                             {.stride = args.integer("stride"),
                                              .padding = args.integer("padding"),
                                              .output_padding = args.integer("output_padding"),
                                              .dilation = args.integer("dilation"),
                                              .groups = args.integer("groups")})};
           }},
          {"conv_transpose2d",
           [](auto& x, auto& args) {
             return Tensors{conv_transpose2d(x[0], x[1], bias_of(x),
                                             {.stride = pair(args, "stride"),
                                              .padding = pair(args, "padding"),
                                              .output_padding = pair(args, "output_padding"),
                                              .dilation = pair(args, "dilation"),
                                              .groups = args.integer("groups")})};
           }},
          {"max_pool1d",
           [](auto& x, auto& args) {
             MaxPool1dOptions options{.padding = args.integer("padding"),
                                      .dilation = args.integer("dilation"),
                                      .ceil_mode = args.flag("ceil_mode")};
             if (args.given("stride")) options.stride = args.integer("stride");
             return Tensors{max_pool1d(x[0], args.integer("kernel_size"), options)};
           }},
          {"max_pool2d",
           [](auto& x, auto& args) {
             MaxPool2dOptions options{.padding = pair(args, "padding"),
                                      .dilation = pair(args, "dilation"),
                                      .ceil_mode = args.flag("ceil_mode")};
             if (args.given("stride")) options.stride = pair(args, "stride");
             return Tensors{max_pool2d(x[0], pair(args, "kernel_size"), options)};
           }},
          {"avg_pool1d",
           [](auto& x, auto& args) {
             AvgPool1dOptions options{.padding = args.integer("padding"),
                                      .ceil_mode = args.flag("ceil_mode"),
                                      .count_include_pad = args.flag("count_include_pad")};
             if (args.given("stride")) options.stride = args.integer("stride");
             return Tensors{avg_pool1d(x[0], args.integer("kernel_size"), options)};
           }},
          {"avg_pool2d",
           [](auto& x, auto& args) {
             AvgPool2dOptions options{.padding = pair(args, "padding"),
                                      .ceil_mode = args.flag("ceil_mode"),
                                      .count_include_pad = args.flag("count_include_pad")};
             if (args.given("stride")) options.stride = pair(args, "stride");
             return Tensors{avg_pool2d(x[0], pair(args, "kernel_size"), options)};
           }},
          {"adaptive_avg_pool1d",
           [](auto& x, auto& args) { return Tensors{adaptive_avg_pool1d(x[0], args.integer("output_size"))}; }},
          {"adaptive_avg_pool2d",
           [](auto& x, auto& args) { return Tensors{adaptive_avg_pool2d(x[0], pair(args, "output_size"))}; }},
          {"upsample",
           [](auto& x, auto& args) {
             UpsampleOptions options{
                 .mode = args.text("mode") == "nearest" ? Upsampling::nearest : Upsampling::bilinear,
                 .align_corners = args.flag("align_corners")};
             if (args.given("size")) options.size = pair(args, "size");
             else options.scale = Scale2(args.reals("scale_factor")[0], args.reals("scale_factor")[1]);
             return Tensors{upsample(x[0], options)};
           }},
      });
}
