// Convolution and pooling layers: weights, how they start, what they pass on, and what they refuse.
#include <cmath>

#include "../core/message.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

void check_uniform(const Tensor& weight, double bound) {
  CHECK(amax(abs(weight)).item() <= bound);
  CHECK(amax(weight).item() > 0.98 * bound);
  CHECK(amin(weight).item() < -0.98 * bound);
  CHECK(mean(weight * weight).item() == doctest::Approx(bound * bound / 3).epsilon(0.03));
}

std::vector<std::string> names_of(const auto& layer) {
  std::vector<std::string> names;
  for (const nn::NamedTensor& parameter : nn::named_parameters(layer)) names.push_back(parameter.name);
  return names;
}

}  // namespace

TEST_CASE("convolution layers have PyTorch's weights") {
  seed(5);
  nn::Conv1d sequence{32, 64, 5};
  CHECK(sequence.weight.shape() == Shape{64, 32, 5});
  check_uniform(sequence.weight, 1 / std::sqrt(32.0 * 5));
  nn::Conv2d image{24, 64, {3, 5}, {.groups = 2}};
  CHECK(image.weight.shape() == Shape{64, 12, 3, 5});
  CHECK(image.bias.shape() == Shape{64});
  check_uniform(image.weight, 1 / std::sqrt(12.0 * 15));
  CHECK(amax(abs(image.bias)).item() <= 1 / std::sqrt(12.0 * 15));
  CHECK(amax(abs(image.bias)).item() > 0.9 / std::sqrt(12.0 * 15));
  // PyTorch takes the second axis of a transposed weight, its outputs, for the fan-in.
  nn::ConvTranspose2d back{24, 64, {3, 5}, {.groups = 2}};
  CHECK(back.weight.shape() == Shape{24, 32, 3, 5});
  check_uniform(back.weight, 1 / std::sqrt(32.0 * 15));
  CHECK(amax(abs(back.bias)).item() <= 1 / std::sqrt(32.0 * 15));
  nn::ConvTranspose1d short_back{16, 128, 4};
  CHECK(short_back.weight.shape() == Shape{16, 128, 4});
  check_uniform(short_back.weight, 1 / std::sqrt(128.0 * 4));
  CHECK(names_of(image) == std::vector<std::string>{"weight", "bias"});
  CHECK(names_of(nn::Conv2d{1, 1, 3, {.bias = false}}) == std::vector<std::string>{"weight"});
  seed(5);
  nn::Conv1d again{32, 64, 5};
  CHECK(again.weight.to_vector() == sequence.weight.to_vector());
}

TEST_CASE("layers pass their options on") {
  Tensor x = randn({2, 4, 9, 8}), s = randn({2, 4, 9});
  nn::Conv2d image{4, 6, {3, 2}, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .groups = 2}};
  CHECK(all_close(image(x), conv2d(x, image.weight, image.bias,
                                   {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .groups = 2})));
  nn::Conv1d sequence{4, 6, 3, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2, .bias = false}};
  CHECK(
      all_close(sequence(s), conv1d(s, sequence.weight, {}, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2})));
  nn::ConvTranspose2d back{4, 6, 3, {.stride = 2, .padding = {1, 0}, .output_padding = {1, 0}, .dilation = {2, 1}}};
  CHECK(all_close(back(x),
                  conv_transpose2d(x, back.weight, back.bias,
                                   {.stride = 2, .padding = {1, 0}, .output_padding = {1, 0}, .dilation = {2, 1}})));
  nn::ConvTranspose1d short_back{4, 6, 3, {.stride = 2, .padding = 1, .output_padding = 1, .dilation = 2, .groups = 2}};
  CHECK(all_close(short_back(s),
                  conv_transpose1d(s, short_back.weight, short_back.bias,
                                   {.stride = 2, .padding = 1, .output_padding = 1, .dilation = 2, .groups = 2})));
  CHECK(all_close(nn::MaxPool2d({2, 3}, {.stride = 1})(x), max_pool2d(x, {2, 3}, {.stride = 1})));
  CHECK(all_close(nn::MaxPool1d(3, {.padding = 1})(s), max_pool1d(s, 3, {.padding = 1})));
  CHECK(all_close(nn::AvgPool2d({2, 3}, {.stride = {1, 2}})(x), avg_pool2d(x, {2, 3}, {.stride = {1, 2}})));
  CHECK(all_close(nn::AvgPool1d(3, {.ceil_mode = true})(s), avg_pool1d(s, 3, {.ceil_mode = true})));
  CHECK(all_close(nn::AdaptiveAvgPool2d({2, 3})(x), adaptive_avg_pool2d(x, {2, 3})));
  CHECK(all_close(nn::AdaptiveAvgPool1d(4)(s), adaptive_avg_pool1d(s, 4)));
  CHECK(all_close(nn::Upsample({.scale = 2})(x), upsample(x, {.scale = 2})));
  nn::Upsample smooth({.size = {5, 6}, .mode = Upsampling::bilinear, .align_corners = true});
  CHECK(smooth(x).shape() == Shape{2, 4, 5, 6});
}

TEST_CASE("the gradients of convolution layers") {
  nn::Conv2d image{2, 3, 3, {.stride = 2, .padding = 1}};
  nn::Conv1d sequence{2, 3, 2, {.dilation = 2}};
  nn::ConvTranspose2d back{2, 4, 3, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2}};
  nn::ConvTranspose1d short_back{2, 3, 2, {.stride = 3}};
  nn::to(image, f64);
  nn::to(sequence, f64);
  nn::to(back, f64);
  nn::to(short_back, f64);
  CHECK_MODEL_GRADIENTS(image, randn({2, 2, 5, 4}, f64));
  CHECK_MODEL_GRADIENTS(sequence, randn({2, 2, 5}, f64));
  CHECK_MODEL_GRADIENTS(back, randn({2, 2, 3, 2}, f64));
  CHECK_MODEL_GRADIENTS(short_back, randn({2, 2, 3}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return tanh(image(x)); }, randn({1, 2, 5, 4}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return tanh(back(x)); }, randn({1, 2, 3, 2}, f64));
}

TEST_CASE("what convolution layers refuse") {
  auto value = [](const auto& f) { return message<ValueError>(f, "convolution_test.cpp:"); };
  CHECK(value([] { nn::Conv2d(-1, 2, 3); }) == "Conv2d: sizes cannot be negative: in -1, out 2");
  CHECK(value([] { nn::Conv2d(4, 2, 3, {.groups = 0}); }) == "Conv2d: groups must be at least 1, not 0");
  CHECK(value([] { nn::Conv2d(4, 6, 3, {.groups = 4}); }) ==
        "Conv2d: 4 groups do not divide the channels: in 4, out 6");
  CHECK(value([] { nn::Conv1d(4, 6, 0); }) == "Conv1d: the kernel must be at least 1, not 0");
  CHECK(value([] { nn::Conv2d(4, 6, {3, -1}); }) == "Conv2d: the kernel must be at least 1, not -1");
  CHECK(value([] { nn::Conv2d(4, 6, 3, {.stride = 0}); }) == "Conv2d: the stride must be at least 1, not 0");
  CHECK(value([] { nn::Conv1d(4, 6, 3, {.padding = -1}); }) == "Conv1d: the padding must be at least 0, not -1");
  CHECK(value([] {
          nn::ConvTranspose2d(4, 6, 3, {.dilation = {1, 0}});
        }) == "ConvTranspose2d: the dilation must be at least 1, not 0");
  CHECK(value([] { nn::ConvTranspose1d(4, 6, 3, {.output_padding = -1}); }) ==
        "ConvTranspose1d: the output padding must be at least 0, not -1");
  std::int64_t huge = std::int64_t(1) << 40;
  CHECK(value([=] { nn::Conv2d(huge, huge, 3); }) ==
        "Conv2d: a weight of shape (1099511627776, 1099511627776, 3, 3) does not fit in memory");
  nn::Conv2d layer{3, 2, 3};
  CHECK(message<ShapeError>(
            [&] {
              layer(zeros({1, 4, 5, 5}));
            },
            "convolution_test.cpp:") == "conv2d: x has 4 channels, the weight takes 3");
  CHECK(message<ShapeError>(
            [&] {
              nn::MaxPool2d(2)(zeros({4, 5, 5}));
            },
            "convolution_test.cpp:") == "max_pool2d: x has shape (4, 5, 5), not (batch, channels, height, width)");
}
