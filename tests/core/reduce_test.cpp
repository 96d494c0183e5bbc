// Sums, extremes and truth over axes.
#include <limits>

#include "differences.hpp"
#include "message.hpp"

using namespace xg;
using namespace xg_test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Σ over `axes` the slow way.
std::vector<double> slow_sum(const Tensor& x, const Shape& axes) {
  Shape kept = reduced_shape(x.shape(), axes, KeepDims::yes);
  Strides strides = contiguous_strides(kept);
  std::vector<double> values = x.to_vector(), result(static_cast<std::size_t>(kept.elements()), 0.0);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t rest = i, at = 0;
    for (std::size_t axis = kept.size(); axis-- > 0; rest /= x.shape()[axis])
      if (kept[axis] != 1) at += rest % x.shape()[axis] * strides[axis];
    result[at] += values[i];
  }
  return result;
}

}  // namespace

TEST_CASE("sum over any axes of any layout agrees with plain addition") {
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 5}, Shape{700, 3}, Shape{3, 700}, Shape{4, 1, 5, 6},
                             Shape{2, 2100}, Shape{1300, 40}, Shape{0, 3}, Shape{5, 1}}) {
    Tensor base = uneven(shape);
    Tensors layouts{base};
    if (shape.size() >= 2) {
      layouts.push_back(Tensor(base.array().transposed()));
      Shape backwards;
      for (std::size_t i = shape.size(); i-- > 0;) backwards.push_back(static_cast<std::int64_t>(i));
      layouts.push_back(Tensor(base.array().permuted(backwards)));
      Shape wide = shape;
      wide[0] = shape[0] ? 3 : 0;
      if (shape[0] == 1) layouts.push_back(Tensor(base.array().broadcast_to(wide)));
    }
    if (shape.size() == 1 && shape[0] > 2) {
      layouts.push_back(Tensor(base.array().view({shape[0] / 2}, {2}, 1)));
      layouts.push_back(Tensor(base.array().view({shape[0]}, {-1}, shape[0] - 1)));
      layouts.push_back(Tensor(base.array().view({4, shape[0]}, {0, 1})));
      layouts.push_back(Tensor(base.array().view({shape[0], 4}, {1, 0})));
    }
    for (const Tensor& x : layouts)
      for (unsigned set = 0; set < 1u << x.shape().size(); ++set) {
        Shape axes;
        for (std::size_t i = 0; i < x.shape().size(); ++i)
          if (set >> i & 1) axes.push_back(static_cast<std::int64_t>(i));
        std::vector<double> expected = slow_sum(x, axes), got = sum(x, axes).to_vector();
        REQUIRE(got.size() == expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - expected[i]) < 1e-11);
        std::vector<double> single = sum(astype(x, f32), axes, keepdims).to_vector();
        for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(single[i] - expected[i]) < 1e-4);
        std::vector<double> whole = sum(astype(x * 100, i64), axes).to_vector();
        std::vector<double> whole_expected = slow_sum(astype(x * 100, i64), axes);
        CHECK(whole == whole_expected);
      }
  }
}

TEST_CASE("f32 sums of ten million elements are accurate, whichever way they lie") {
  Tensor tenth(Array::full({10'000'000}, 0.1, f32));
  double expected = 1e7 * static_cast<double>(0.1f);
  CHECK(std::abs(sum(tenth).item() - expected) < 0.1);  // one unit in the last place
  CHECK(std::abs(mean(tenth).item() - static_cast<double>(0.1f)) < 1e-8);
  Tensor tall(tenth.array().reshaped({5'000'000, 2}));
  for (double v : sum(tall, 0).to_vector()) CHECK(std::abs(v - expected / 2) < 0.1);
  Tensor wide(tenth.array().reshaped({10'000, 1000}));
  for (double v : sum(wide, 0).to_vector()) CHECK(std::abs(v - 1e4 * static_cast<double>(0.1f)) < 1e-4);
  CHECK(std::abs(sum(Tensor(wide.array().transposed())).item() - expected) < 0.1);
  CHECK(std::abs(sum(Tensor(tenth.array().view({5'000'000}, {2}))).item() - expected / 2) < 0.1);
}

TEST_CASE("reductions give the same bits with 1, 2 and 8 threads") {
  Tensor x = astype(uneven({300, 1111}), f32);
  std::vector<std::function<Tensor()>> all_of{
      [&] { return sum(x); },           [&] { return sum(x, 0); },     [&] { return sum(x, 1); },
      [&] { return mean(x); },          [&] { return amax(x); },       [&] { return amax(x, 0); },
      [&] { return argmin(x); },        [&] { return softmax(x, 1); }, [&] { return log_softmax(x, 0); },
      [&] { return any(x > 0.99, 0); }, [&] { return logsumexp(x); },  [&] { return count_nonzero(x); }};
  int before = threads();
  for (const auto& f : all_of) {
    set_threads(1);
    Tensor one = f();
    for (int count : {2, 8}) {
      set_threads(count);
      CHECK(same_bits(one, f()));
    }
  }
  set_threads(before);
}

TEST_CASE("dtypes of reductions are NumPy's") {
  Tensor flags(Array::full({3}, true, boolean)), whole(Array::full({3}, 5, i64)), single(Array::full({3}, 2, f32));
  CHECK(sum(flags).dtype() == i64);
  CHECK(sum(flags).item<int>() == 3);
  CHECK(sum(whole).dtype() == i64);
  CHECK(sum(single).dtype() == f32);
  CHECK(mean(whole).dtype() == f64);
  CHECK(mean(flags).item() == 1);
  CHECK(mean(single).dtype() == f32);
  CHECK(amax(flags).dtype() == boolean);
  CHECK(argmax(single).dtype() == i64);
  CHECK(any(single).dtype() == boolean);
  CHECK(softmax(whole, 0).dtype() == f64);
  CHECK(sum(Tensor(Array::full({2}, std::numeric_limits<std::int64_t>::max(), i64))).item<std::int64_t>() == -2);
}

TEST_CASE("reductions of nothing") {
  Tensor none(Array::zeros({0, 3}, f64));
  CHECK(sum(none).item() == 0);
  CHECK(sum(none, 0).to_vector() == std::vector<double>{0, 0, 0});
  CHECK(std::isnan(mean(none).item()));
  CHECK(any(none).item<bool>() == false);
  CHECK(all(none).item<bool>() == true);
  CHECK(count_nonzero(none).item<int>() == 0);
  CHECK(logsumexp(none).item() == -inf);
  CHECK(amax(none, 1).shape() == Shape{0});
  for (const auto& f :
       std::vector<std::function<Tensor()>>{[&] { return amax(none); }, [&] { return amin(none, 0); },
                                            [&] { return argmax(none); }, [&] { return argmin(none, 0); }}) {
    std::string text = whole_message<Error>(f);
    CHECK(text.find("nothing to choose from: (0, 3) is empty along the reduced axes") != std::string::npos);
    CHECK(text.find("reduce_test.cpp") != std::string::npos);
  }
  CHECK(whole_message<Error>([&] { amax(none); }).substr(0, 5) == "amax:");
  CHECK(whole_message<Error>([&] { argmin(none); }).substr(0, 7) == "argmin:");
  CHECK(softmax(none, 0).shape() == Shape{0, 3});
  Tensor x = variable(none);
  CHECK(grad(sum(x), x).shape() == Shape{0, 3});
}

TEST_CASE("axes that do not exist or repeat are named with the user's line") {
  Tensor x = uneven({2, 3});
  CHECK(whole_message<Error>([&] { sum(x, 2); }).find("sum: axis 2 is out of range for 2 axes") == 0);
  CHECK(whole_message<Error>([&] { softmax(x, -3); }).find("softmax: axis -3 is out of range") == 0);
  CHECK(whole_message<Error>([&] { amax(x, {0, -2}); }).find("amax: an axis is named twice in (0, -2)") == 0);
  CHECK(whole_message<Error>([&] { mean(x, 5); }).find("reduce_test.cpp") != std::string::npos);
}

TEST_CASE("NaN wins amax, amin, argmax and argmin; ties give the first index") {
  Tensor x =
      filled({2, 4}, [](std::int64_t i) { return i == 6 ? missing : static_cast<double>(i % 4 == 3 ? 2 : i % 4); });
  CHECK(argmax(x, 1).to_vector<int>() == std::vector<int>{2, 2});
  CHECK(argmin(x, 1).to_vector<int>() == std::vector<int>{0, 2});
  CHECK(argmax(x).item<int>() == 6);
  CHECK(amax(x, 1).to_vector()[0] == 2);
  CHECK(std::isnan(amax(x, 1).to_vector()[1]));
  CHECK(std::isnan(amin(x).item()));
  for (std::int64_t length : {33, 100, 70'001}) {
    Tensor row = filled<float>({length}, [&](std::int64_t i) { return i == length / 2 || i == length - 1 ? 5 : -1; });
    CHECK(argmax(row).item<std::int64_t>() == length / 2);
    CHECK(argmin(row).item<std::int64_t>() == 0);
    CHECK(amax(row).item() == 5);
    CHECK(amin(row).item() == -1);
    Tensor hole =
        filled<float>({length}, [&](std::int64_t i) { return i == length - 2 ? missing : static_cast<double>(i); });
    CHECK(argmax(hole).item<std::int64_t>() == length - 2);
    CHECK(argmin(hole).item<std::int64_t>() == length - 2);
    CHECK(std::isnan(amax(hole).item()));
  }
  CHECK(argmax(x, 0, keepdims).shape() == Shape{1, 4});
  CHECK(amax(Tensor(Array(3.0, f64))).item() == 3);
  CHECK(argmax(Tensor(Array(3.0, f64))).item<int>() == 0);
}

TEST_CASE("any and all ask for nonzero elements") {
  Tensor x = filled({2, 3}, [](std::int64_t i) { return static_cast<double>(i % 3 == 0 ? 0 : i == 4 ? missing : 1); });
  CHECK(any(x, 0).to_vector<bool>() == std::vector<bool>{false, true, true});
  CHECK(all(x, 0).to_vector<bool>() == std::vector<bool>{false, true, true});
  CHECK(all(x).item<bool>() == false);
  CHECK(any(x, 1, keepdims).shape() == Shape{2, 1});
  CHECK(count_nonzero(x, 1).to_vector<int>() == std::vector<int>{2, 2});
}

TEST_CASE("gradients of sums and extremes") {
  Tensor x = uneven({2, 3, 4});
  for (const Axes& axes : {Axes(), Axes(1), Axes({0, 2}), Axes(-1)})
    for (KeepDims keep : {KeepDims::no, KeepDims::yes}) {
      check_both([&](const Tensor& t) { return sum(t * t, axes, keep); }, x);
      check_both([&](const Tensor& t) { return mean(t * t * t, axes, keep); }, x);
      check_both([&](const Tensor& t) { return amax(t * t, axes, keep); }, x);
      check_both([&](const Tensor& t) { return amin(t * t, axes, keep); }, x);
      check_both([&](const Tensor& t) { return logsumexp(t * t, axes, keep); }, x);
    }
}

TEST_CASE("ties share the gradient of amax and amin equally") {
  Tensor x = variable(filled({4}, [](std::int64_t i) { return i == 1 ? 0.0 : 3.0; }));
  CHECK(grad(amax(x), x).to_vector() == std::vector<double>{1.0 / 3, 0, 1.0 / 3, 1.0 / 3});
  CHECK(grad(amin(x), x).to_vector() == std::vector<double>{0, 1, 0, 0});
  Tensor y = variable(filled({3}, [](std::int64_t i) { return i == 1 ? 0.0 : missing; }));
  CHECK(grad(amax(y), y).to_vector() == std::vector<double>{0.5, 0, 0.5});
}
