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

TEST_CASE("what max pooling refuses") {
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
}
