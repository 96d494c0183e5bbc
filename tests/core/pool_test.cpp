// Pooling: windows, ties, NaN, padding; and what it refuses.
#include <limits>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/testing.hpp"

using namespace xg;
using namespace xg_test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

std::vector<double> gradient_of(const Tensor& at, const std::function<Tensor(const Tensor&)>& f) {
  Tensor x = variable(at);
  return grad(sum(f(x)), x).to_vector();
}

}  // namespace

TEST_CASE("max pooling takes the first of equals and passes NaN on") {
  Tensor x = tensor({{{{1, 1, 3, 2}, {0, 1, 3, 3}}}}, f64);
  auto pool = [](const Tensor& t) { return max_pool2d(t, 2); };
  CHECK(pool(x).to_vector() == std::vector<double>{1, 3});
  CHECK(gradient_of(x, pool) == std::vector<double>{1, 0, 1, 0, 0, 0, 0, 0});
  // A first NaN stays, wherever it is met; here by the loop for any window and by the one for two by two.
  for (std::int64_t first : {0, 1, 4, 5}) {
    Tensor bad = filled({1, 1, 2, 4}, [&](std::int64_t i) { return i == first || i == 5 ? std::nan("") : 1.0; });
    CHECK(std::isnan(pool(bad).to_vector()[0]));
    CHECK(gradient_of(bad, pool)[static_cast<std::size_t>(first)] == 1);
    auto flat = [](const Tensor& t) { return max_pool1d(reshape(t, {1, 1, 8}), 6, {.stride = 8}); };
    CHECK(std::isnan(flat(bad).item()));
    CHECK(gradient_of(bad, flat)[static_cast<std::size_t>(first)] == 1);
  }
  Tensor low = full({1, 1, 2, 2}, -inf, f64);
  CHECK(pool(low).item() == -inf);
  CHECK(gradient_of(low, pool) == std::vector<double>{1, 0, 0, 0});
}

TEST_CASE("padding is −inf, and a window that sees nothing else gives no gradient") {
  Tensor x = full({1, 1, 3}, -5, f64);
  auto padded = [](const Tensor& t) { return max_pool1d(t, 2, {.stride = 2, .padding = 1}); };
  CHECK(padded(x).to_vector() == std::vector<double>{-5, -5});
  CHECK(gradient_of(x, padded) == std::vector<double>{1, 1, 0});
  auto beside = [](const Tensor& t) { return max_pool1d(t, 2, {.stride = 1, .padding = 1, .dilation = 4}); };
  CHECK(beside(x).to_vector() == std::vector<double>{-inf});
  CHECK(gradient_of(x, beside) == std::vector<double>{0, 0, 0});
  CHECK(max_pool1d(zeros({1, 1, 6}), 2, {.stride = 4}).shape() == Shape{1, 1, 2});
  CHECK(max_pool1d(zeros({1, 1, 7}), 2, {.stride = 4}).shape() == Shape{1, 1, 2});
  CHECK(max_pool1d(zeros({1, 1, 7}), 4, {.stride = 2, .ceil_mode = true}).shape() == Shape{1, 1, 3});
}

TEST_CASE("windows of two by two and very large ones, in f32 as in f64") {
  for (std::int64_t width : {4, 5, 16, 33, 71}) {
    Tensor x = uneven({3, 2, 6, width}), y = max_pool2d(x, 2), narrow = max_pool2d(astype(x, f32), 2);
    CHECK(same_bits(narrow, astype(y, f32)));
    std::vector<double> from = x.to_vector(), found = y.to_vector();
    std::int64_t count = width / 2;
    for (std::size_t at = 0; at < found.size(); ++at) {
      auto i = static_cast<std::int64_t>(at);
      std::int64_t corner = i / count / 3 * 6 * width + i / count % 3 * 2 * width + i % count * 2;
      double top = std::max(from[corner], from[corner + 1]);
      CHECK(found[at] == std::max({top, from[corner + width], from[corner + width + 1]}));
    }
    Tensor a = variable(x), b = variable(astype(x, f32)), g = astype(uneven(y.shape(), 0.2), f32);
    Tensor wide = grad(Tensors{max_pool2d(a, 2)}, Tensors{a}, Tensors{astype(g, f64)})[0];
    CHECK(same_bits(astype(wide, f32), grad(Tensors{max_pool2d(b, 2)}, Tensors{b}, Tensors{g})[0]));
  }
  check_both([](const Tensor& t) { return square(max_pool2d(t, 2)); }, uneven({1, 2, 5, 4}));
  Tensor large = filled({1, 1, 18, 17}, [](std::int64_t i) { return static_cast<double>(i * 7919 % 307) / 100; });
  check_both([](const Tensor& t) { return square(max_pool2d(t, 17, {.stride = 1})); }, large);
}

TEST_CASE("what pooling refuses") {
  Tensor x = zeros({2, 3, 8, 8}), s = zeros({2, 3, 8});
  auto shape = [](const auto& f) { return message<ShapeError>(f, "pool_test.cpp:"); };
  auto value = [](const auto& f) { return message<ValueError>(f, "pool_test.cpp:"); };
  CHECK(shape([&] { max_pool2d(s, 2); }) == "max_pool2d: x has shape (2, 3, 8), not (batch, channels, height, width)");
  CHECK(shape([&] { max_pool1d(x, 2); }) == "max_pool1d: x has shape (2, 3, 8, 8), not (batch, channels, length)");
  CHECK(shape([&] {
          max_pool2d(x, {9, 2});
        }) == "max_pool2d: the kernel spans 9 x 2, more than the padded x with 8 x 8");
  CHECK(value([&] { max_pool2d(x, {2, 0}); }) == "max_pool2d: the kernel must be at least 1 and below 2^31, not 2 x 0");
  CHECK(value([&] { max_pool1d(s, 3, {.padding = 2}); }) ==
        "max_pool1d: the padding is more than half of the kernel 3");
  CHECK(value([&] { max_pool1d(s, 3, {.stride = 0}); }) ==
        "max_pool1d: the stride must be at least 1 and below 2^31, not 0");
  CHECK(value([&] {
          max_pool2d(x, 3, {.dilation = {1, 0}});
        }) == "max_pool2d: the dilation must be at least 1 and below 2^31, not 1 x 0");
  CHECK(value([&] { max_pool1d(s, 3, {.padding = -1}); }) ==
        "max_pool1d: the padding must be at least 0 and below 2^31, not -1");
  CHECK(shape([&] { avg_pool2d(s, 2); }) == "avg_pool2d: x has shape (2, 3, 8), not (batch, channels, height, width)");
  CHECK(shape([&] { avg_pool1d(s, 9); }) == "avg_pool1d: the kernel spans 9, more than the padded x with 8");
  CHECK(value([&] {
          avg_pool2d(x, 3, {.padding = {0, 2}});
        }) == "avg_pool2d: the padding is more than half of the kernel 3 x 3");
  CHECK(shape([&] { adaptive_avg_pool1d(x, 2); }) ==
        "adaptive_avg_pool1d: x has shape (2, 3, 8, 8), not (batch, channels, length)");
  CHECK(shape([&] {
          adaptive_avg_pool2d(zeros({1, 1, 0, 2}), 2);
        }) == "adaptive_avg_pool2d: x has shape (1, 1, 0, 2): there is nothing to take means of");
  CHECK(value([&] {
          adaptive_avg_pool2d(x, {2, 0});
        }) == "adaptive_avg_pool2d: the size must be at least 1 and below 2^31, not 2 x 0");
}

TEST_CASE("what upsample refuses") {
  Tensor x = zeros({2, 3, 8, 8});
  auto value = [](const auto& f) { return message<ValueError>(f, "pool_test.cpp:"); };
  CHECK(message<ShapeError>(
            [&] {
              upsample(zeros({2, 3, 8}), {.scale = 2});
            },
            "pool_test.cpp:") == "upsample: x has shape (2, 3, 8), not (batch, channels, height, width)");
  CHECK(message<ShapeError>(
            [&] {
              upsample(zeros({2, 3, 8, 0}), {.scale = 2});
            },
            "pool_test.cpp:") == "upsample: x has shape (2, 3, 8, 0): there are no pixels");
  CHECK(value([&] { upsample(x, {}); }) == "upsample: takes a size or a scale");
  CHECK(value([&] { upsample(x, {.size = 2, .scale = 2}); }) == "upsample: takes a size or a scale, not both");
  CHECK(value([&] { upsample(x, {.scale = 2, .align_corners = true}); }) == "upsample: align_corners is for bilinear");
  CHECK(value([&] {
          upsample(x, {.size = {2, 0}});
        }) == "upsample: the size must be at least 1 and below 2^31, not 2 x 0");
  CHECK(value([&] { upsample(x, {.scale = {1, 0.1}}); }) == "upsample: a scale of 0.1 makes a length of 8 0.8");
  CHECK(value([&] { upsample(x, {.scale = std::nan("")}); }) == "upsample: a scale of nan makes a length of 8 nan");
  CHECK(value([&] {
          upsample(zeros({1, 1, 1, 1}), {.size = 2147483647});
        }) == "upsample: too many elements in (1, 1, 2147483647, 2147483647)");
}

TEST_CASE("means of equal numbers, and images that stay what they are") {
  Tensor x = full({2, 3, 6, 8}, 0.75, f64);
  for (double v : avg_pool2d(x, 2).to_vector()) CHECK(v == 0.75);
  for (double v : adaptive_avg_pool2d(x, {4, 5}).to_vector()) CHECK(v == doctest::Approx(0.75).epsilon(1e-15));
  Tensor y = uneven({2, 3, 4, 5});
  for (bool align : {false, true})
    CHECK(all_close(upsample(y, {.size = {4, 5}, .mode = Upsampling::bilinear, .align_corners = align}), y));
  CHECK(same_bits(upsample(y, {.scale = 3})(all, all, range(0, 12, 3), range(0, 15, 3)), y));
  CHECK(all_close(adaptive_avg_pool2d(y, 1), mean(y, {2, 3}, keepdims)));
  CHECK(all_close(adaptive_avg_pool2d(y, {2, 5}), avg_pool2d(y, {2, 1})));
  Tensor narrow = upsample(astype(y, f32), {.scale = {1.5, 2.5}, .mode = Upsampling::bilinear});
  CHECK(narrow.dtype() == f32);
  CHECK(all_close(astype(narrow, f64), upsample(y, {.scale = {1.5, 2.5}, .mode = Upsampling::bilinear}), 1e-5, 1e-6));
  CHECK(avg_pool2d(ones({1, 1, 2, 2}, i64), 2).dtype() == f64);
}

TEST_CASE("the number of threads does not change a bit of pooling") {
  int before = threads();
  Tensor x = variable(astype(uneven({20, 6, 30, 31}), f32));
  std::vector<Tensor> found;
  for (int count : {1, 2, 3}) {
    set_threads(count);
    Tensor y = sum(square(max_pool2d(x, 3, {.stride = 2, .padding = 1}))) + sum(square(max_pool2d(x, 2))) +
               sum(square(avg_pool2d(x, 3))) + sum(square(upsample(x, {.scale = 2, .mode = Upsampling::bilinear})));
    found.push_back(grad(y, x));
  }
  CHECK(same_bits(found[0], found[1]));
  CHECK(same_bits(found[0], found[2]));
  set_threads(before);
}
