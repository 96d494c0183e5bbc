// Convolutions: against their definition over many shapes, as linear maps, to any order, on threads; and what they
// refuse.
#include <random>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/testing.hpp"

using namespace xg;
using namespace xg_test;

namespace {

/// conv2d by its definition, in f64.
Tensor by_definition(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& o) {
  auto length = [](std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                   std::int64_t dilation) { return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; };
  std::int64_t batch = x.size(0), inputs = weight.size(1), kh = weight.size(2), kw = weight.size(3);
  std::int64_t out = weight.size(0), each = out / o.groups, h = x.size(2), w = x.size(3);
  std::int64_t oh = length(h, kh, o.stride.height, o.padding.height, o.dilation.height);
  std::int64_t ow = length(w, kw, o.stride.width, o.padding.width, o.dilation.width);
  std::vector<double> from = x.to_vector(), by = weight.to_vector(), plus = bias.to_vector();
  return filled({batch, out, oh, ow}, [&](std::int64_t at) {
    std::int64_t c = at % ow, r = at / ow % oh, k = at / ow / oh % out, n = at / ow / oh / out;
    double total = plus[k];
    for (std::int64_t channel = 0; channel < inputs; ++channel)
      for (std::int64_t i = 0; i < kh; ++i)
        for (std::int64_t j = 0; j < kw; ++j) {
          std::int64_t y = r * o.stride.height + i * o.dilation.height - o.padding.height;
          std::int64_t z = c * o.stride.width + j * o.dilation.width - o.padding.width;
          if (y < 0 || y >= h || z < 0 || z >= w) continue;
          std::int64_t source = ((n * o.groups + k / each) * inputs + channel) * h + y;
          total += from[source * w + z] * by[((k * inputs + channel) * kh + i) * kw + j];
        }
    return total;
  });
}

double distance(const Tensor& a, const Tensor& b) {
  CHECK(a.shape() == b.shape());
  return a.size() == 0 ? 0 : amax(abs(astype(a, f64) - astype(b, f64))).item();
}

struct Case {
  Tensor x, weight, bias;
  Conv2dOptions options;
};

Case any_case(std::mt19937& random) {
  auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  Case d;
  d.options = {.stride = {pick(1, 3), pick(1, 3)},
               .padding = {pick(0, 3), pick(0, 3)},
               .dilation = {pick(1, 2), pick(1, 3)},
               .groups = pick(0, 2) == 0 ? pick(2, 3) : 1};
  std::int64_t inputs = pick(1, 5), outputs = pick(0, 1) ? pick(1, 6) : pick(7, 40), kh = pick(1, 5), kw = pick(1, 9);
  std::int64_t h = pick(1, 9) + d.options.dilation.height * (kh - 1);
  std::int64_t w = pick(1, 40) + d.options.dilation.width * (kw - 1);
  d.x = uneven({pick(1, 3), inputs * d.options.groups, h, w}, static_cast<double>(pick(0, 100)));
  d.weight = uneven({outputs * d.options.groups, inputs, kh, kw}, static_cast<double>(pick(0, 100)));
  d.bias = uneven({outputs * d.options.groups});
  return d;
}

}  // namespace

TEST_CASE("conv2d is its definition, in f64 and f32") {
  std::mt19937 random(1);
  for (int round = 0; round < 150; ++round) {
    Case d = any_case(random);
    CAPTURE(round);
    CAPTURE(d.x);
    CAPTURE(d.weight);
    Tensor expected = by_definition(d.x, d.weight, d.bias, d.options);
    CHECK(distance(conv2d(d.x, d.weight, d.bias, d.options), expected) < 1e-12);
    Tensor narrow = conv2d(astype(d.x, f32), astype(d.weight, f32), astype(d.bias, f32), d.options);
    CHECK(narrow.dtype() == f32);
    CHECK(distance(narrow, expected) < 1e-4);
  }
}

TEST_CASE("the gradients of conv2d are its transposes as a linear map") {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    Case d = any_case(random);
    CAPTURE(round);
    CAPTURE(d.x);
    CAPTURE(d.weight);
    for (DType dtype : {f64, f32}) {
      double tolerance = dtype == f64 ? 1e-12 : 1e-4;
      Tensor x = variable(astype(d.x, dtype)), w = variable(astype(d.weight, dtype));
      Tensor bias = variable(astype(d.bias, dtype));
      Tensor y = conv2d(x, w, bias, d.options), g = astype(uneven(y.shape(), 0.3), dtype);
      Tensors found = grad(Tensors{y}, Tensors{x, w, bias}, Tensors{g});
      // <y(x), g> = <x, yᵀ(g)>, for every x: tried with one that is not the one recorded.
      auto dot = [](const Tensor& a, const Tensor& b) { return sum(astype(a, f64) * astype(b, f64)).item(); };
      Tensor other = uneven(x.shape(), 0.9), turned = uneven(w.shape(), 0.8), none = zeros(bias.shape(), f64);
      double size = 1 + static_cast<double>(y.size());
      CHECK(std::abs(dot(by_definition(other, d.weight, none, d.options), g) - dot(other, found[0])) <
            tolerance * size);
      CHECK(std::abs(dot(by_definition(d.x, turned, none, d.options), g) - dot(turned, found[1])) < tolerance * size);
      CHECK(distance(found[2], sum(astype(g, f64), {0, 2, 3})) < tolerance * size);
    }
  }
}

TEST_CASE("conv_transpose2d is the gradient of conv2d in x") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Case d = any_case(random);
    CAPTURE(round);
    Tensor x = variable(d.x), y = conv2d(x, d.weight, {}, d.options), g = uneven(y.shape(), 0.3);
    auto left = [](std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                   std::int64_t dilation) { return (size + 2 * padding - dilation * (kernel - 1) - 1) % stride; };
    Size2 rest{
        left(x.size(2), d.weight.size(2), d.options.stride.height, d.options.padding.height, d.options.dilation.height),
        left(x.size(3), d.weight.size(3), d.options.stride.width, d.options.padding.width, d.options.dilation.width)};
    Tensor back = conv_transpose2d(g, d.weight, {},
                                   {.stride = d.options.stride,
                                    .padding = d.options.padding,
                                    .output_padding = rest,
                                    .dilation = d.options.dilation,
                                    .groups = d.options.groups});
    CHECK(same_bits(back, grad(Tensors{y}, Tensors{x}, Tensors{g})[0]));
  }
}

TEST_CASE("a sequence is an image of one row") {
  Tensor x = uneven({2, 4, 11}), w = uneven({6, 2, 3}, 0.2), b = uneven({6}, 0.4);
  Tensor y = conv1d(x, w, b, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2});
  Tensor z = conv2d(expand_dims(x, 2), expand_dims(w, 2), b,
                    {.stride = {1, 2}, .padding = {0, 1}, .dilation = {1, 2}, .groups = 2});
  CHECK(same_bits(y, Tensor(z.array().reshaped(y.shape()))));
  CHECK(conv_transpose1d(y, w, {}, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2}).shape() == x.shape());
}

TEST_CASE("convolutions are differentiable to third order") {
  Tensor x = variable(uneven({1, 2, 4, 4})), w = variable(uneven({3, 2, 2, 3}, 0.5));
  Tensor d = sum(square(conv2d(x, w, {}, {.stride = 2, .padding = 1})));
  for (int order = 0; order < 3; ++order) {
    Tensors g = grad(Tensors{d}, Tensors{x, w}, Tensors{}, create_graph);
    d = sum(g[0] * uneven(x.shape(), order)) + sum(g[1] * uneven(w.shape(), order));
  }
  CHECK(std::isfinite(d.item()));
  CHECK_SECOND_GRADIENTS(
      [](const Tensor& a, const Tensor& b) { return square(conv_transpose2d(a, b, {}, {.stride = 2})); },
      uneven({1, 2, 3, 2}), uneven({2, 2, 2, 2}, 0.3));
}

TEST_CASE("views and mixed dtypes are convolved as what they stand for") {
  Tensor x = uneven({2, 5, 6, 3}), w = uneven({2, 2, 3, 3});
  Tensor last = permute(x, {0, 3, 1, 2}), turned = permute(w, {0, 3, 1, 2});
  CHECK(same_bits(conv2d(last, turned), conv2d(copy(last), copy(turned))));
  CHECK(conv2d(astype(last, f32), turned).dtype() == f64);
  CHECK(conv2d(ones({1, 1, 2, 2}, i64), ones({1, 1, 2, 2}, i64)).item() == 4);
  CHECK(conv2d(ones({1, 1, 2, 2}, i64), ones({1, 1, 2, 2}, i64)).dtype() == f64);
  Tensor a = variable(astype(copy(last), f32)), b = variable(copy(turned));
  Tensors g = grad(Tensors{sum(conv2d(a, b))}, Tensors{a, b});
  CHECK(g[0].dtype() == f32);
  CHECK(g[1].dtype() == f64);
}

TEST_CASE("empty batches and channels") {
  Tensor x = variable(zeros({0, 3, 5, 5})), w = variable(ones({2, 3, 3, 3})), b = variable(ones({2}));
  Tensor y = conv2d(x, w, b);
  CHECK(y.shape() == Shape{0, 2, 3, 3});
  Tensors g = grad(Tensors{sum(y)}, Tensors{x, w, b});
  CHECK(g[0].shape() == x.shape());
  CHECK(amax(abs(g[1])).item() == 0);
  CHECK(g[2].to_vector() == std::vector<double>{0, 0});
  CHECK(conv2d(zeros({1, 0, 3, 3}), zeros({2, 0, 3, 3}), b).to_vector() == std::vector<double>{1, 1});
  CHECK(conv2d(zeros({1, 2, 3, 3}), zeros({0, 2, 3, 3})).shape() == Shape{1, 0, 1, 1});
  CHECK(conv_transpose2d(zeros({0, 2, 3, 3}), zeros({2, 1, 3, 3})).shape() == Shape{0, 1, 5, 5});
}

TEST_CASE("the number of threads does not change a bit of a convolution") {
  int before = threads();
  for (const Conv2dOptions& options : {Conv2dOptions{.padding = 1}, Conv2dOptions{.stride = 2, .groups = 16}})
    for (std::int64_t batch : {1, 3, 30}) {
      Tensor x = variable(astype(uneven({batch, 16, 20, 20}), f32));
      Tensor w = variable(astype(uneven({48, 16 / options.groups, 3, 3}), f32)), b = variable(zeros({48}));
      std::vector<Tensors> found;
      for (int count : {1, 2, 3}) {
        set_threads(count);
        Tensor y = conv2d(x, w, b, options);
        Tensors one = grad(Tensors{y}, Tensors{x, w, b}, Tensors{astype(uneven(y.shape()), f32)});
        one.push_back(y);
        found.push_back(one);
      }
      for (std::size_t k = 0; k < found[0].size(); ++k) {
        CHECK(same_bits(found[0][k], found[1][k]));
        CHECK(same_bits(found[0][k], found[2][k]));
      }
    }
  set_threads(before);
}

TEST_CASE("what convolutions refuse") {
  Tensor x = zeros({2, 3, 8, 8}), w = zeros({4, 3, 5, 5}), s = zeros({2, 3, 8}), v = zeros({4, 3, 5});
  auto shape = [](const auto& f) { return message<ShapeError>(f, "convolution_test.cpp:"); };
  auto value = [](const auto& f) { return message<ValueError>(f, "convolution_test.cpp:"); };
  CHECK(shape([&] { conv2d(s, w); }) == "conv2d: x has shape (2, 3, 8), not (batch, channels, height, width)");
  CHECK(shape([&] { conv1d(x, v); }) == "conv1d: x has shape (2, 3, 8, 8), not (batch, channels, length)");
  CHECK_THROWS_WITH_AS(conv2d(s, w), doctest::Contains("try  expand_dims(x, 0) for a batch of one"), ShapeError);
  CHECK(shape([&] { conv2d(x, v); }) ==
        "conv2d: the weight has shape (4, 3, 5), not (out, in / groups, kernel height, kernel width)");
  CHECK(shape([&] { conv1d(s, w); }) == "conv1d: the weight has shape (4, 3, 5, 5), not (out, in / groups, kernel)");
  CHECK(shape([&] { conv_transpose1d(s, w); }) ==
        "conv_transpose1d: the weight has shape (4, 3, 5, 5), not (in, out / groups, kernel)");
  CHECK(shape([&] { conv2d(zeros({2, 4, 8, 8}), w); }) == "conv2d: x has 4 channels, the weight takes 3");
  CHECK_THROWS_WITH_AS(conv2d(zeros({2, 4, 8, 8}), w), doctest::Contains("weight  f32 (4, 3, 5, 5)"), ShapeError);
  CHECK(shape([&] { conv2d(x, w, {}, {.groups = 2}); }) ==
        "conv2d: x has 3 channels, the weight takes 6: 2 groups of 3");
  CHECK(shape([&] { conv2d(x, w, {}, {.groups = 3}); }) ==
        "conv2d: 3 groups do not divide the weight's 4 output channels");
  CHECK(shape([&] { conv_transpose2d(x, w); }) == "conv_transpose2d: x has 3 channels, the weight takes 4");
  CHECK(shape([&] {
          conv_transpose2d(zeros({1, 4, 2, 2}), w, {}, {.groups = 3});
        }) == "conv_transpose2d: 3 groups do not divide the weight's 4 input channels");
  CHECK(shape([&] { conv2d(x, w, zeros({3})); }) == "conv2d: the bias has shape (3,), the weight gives 4 channels");
  CHECK(shape([&] {
          conv2d(x, zeros({4, 3, 9, 2}));
        }) == "conv2d: the kernel spans 9 x 2, more than the padded x with 8 x 8");
  CHECK(shape([&] { conv1d(s, v, {}, {.padding = 1, .dilation = 3}); }) ==
        "conv1d: the kernel spans 13, more than the padded x with 10");
  CHECK(shape([&] { conv2d(x, zeros({4, 3, 0, 5})); }) == "conv2d: the kernel has no elements");
  CHECK(shape([&] {
          conv_transpose2d(zeros({1, 4, 1, 2}), w, {}, {.padding = 3});
        }) == "conv_transpose2d: nothing is left of the result, -1 x 0");
  CHECK(value([&] { conv2d(x, w, {}, {.groups = 0}); }) == "conv2d: groups must be at least 1, not 0");
  CHECK(value([&] {
          conv2d(x, w, {}, {.stride = {1, 0}});
        }) == "conv2d: the stride must be at least 1 and below 2^31, not 1 x 0");
  CHECK(value([&] { conv1d(s, v, {}, {.padding = -1}); }) ==
        "conv1d: the padding must be at least 0 and below 2^31, not -1");
  CHECK(value([&] { conv2d(x, w, {}, {.dilation = std::int64_t(1) << 40}); }) ==
        "conv2d: the dilation must be at least 1 and below 2^31, not 1099511627776 x 1099511627776");
  CHECK(value([&] {
          conv_transpose1d(zeros({1, 4, 2}), v, {}, {.output_padding = -2});
        }) == "conv_transpose1d: the output padding must be at least 0 and below 2^31, not -2");
  CHECK(value([&] {
          conv_transpose2d(zeros({1, 4, 2, 2}), w, {}, {.stride = 2, .output_padding = 2});
        }) == "conv_transpose2d: the output padding 2 is not below the stride 2 or the dilation 1");
  CHECK(value([&] {
          conv2d(zeros({1, 1, 1, 1}), zeros({1, 1, 1, 1}), {}, {.padding = 2147483647});
        }) == "conv2d: too many elements in (1, 1, 4294967295, 4294967295)");
}
