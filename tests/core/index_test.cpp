// Indexing: slices, index tensors and masks by NumPy's rules, with their gradients.
#include <doctest/doctest.h>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using xg_test::check_both;
using xg_test::uneven;

namespace {

/// `y` has this shape, and Σ (k + 1) y[k] over its elements is `fingerprint`.
void check(const Tensor& y, const Shape& shape, std::int64_t fingerprint) {
  CHECK(y.shape() == shape);
  std::int64_t sum = 0, k = 0;
  for (std::int64_t value : y.to_vector<std::int64_t>()) sum += ++k * value;
  CHECK(sum == fingerprint);
}

}  // namespace

// Shapes and fingerprints are NumPy's.
TEST_CASE("slices, index tensors and masks select what NumPy selects") {
  Tensor x = reshape(arange(120), {2, 3, 4, 5}), v = arange(10);
  Tensor i1 = tensor({1, 0, 1}, i64), i2 = tensor({2, -1, 0}, i64), i3 = tensor({{0}, {3}}, i64);
  Tensor i4 = tensor({{4, -5, 2}}, i64), s = tensor(1, i64), e = tensor({}, i64);
  Tensor m1 = tensor({true, false, true}), m2 = tensor({{true, false, true}, {false, true, true}});
  Tensor m4 = tensor({true, false, false, true});
  std::vector<bool> thirds(24);
  for (std::size_t i = 0; i < 24; i += 3) thirds[i] = true;
  Tensor m3 = tensor(thirds, {2, 3, 4});
  check(x(0), {3, 4, 5}, 71980);
  check(x(-1), {3, 4, 5}, 181780);
  check(x(all, 1), {2, 4, 5}, 62120);
  check(x(all, all, all, -5), {2, 3, 4}, 23000);
  check(x(ellipsis), {2, 3, 4, 5}, 575960);
  check(x(ellipsis, 2), {2, 3, 4}, 23600);
  check(x(1, ellipsis, 0), {3, 4}, 7540);
  check(x(newaxis), {1, 2, 3, 4, 5}, 575960);
  check(x(newaxis, 1, newaxis), {1, 1, 3, 4, 5}, 181780);
  check(x(all, newaxis, ellipsis, newaxis), {2, 1, 3, 4, 5, 1}, 575960);
  check(x(0, 1, 2, 3), {}, 33);
  check(x(range(0, 2), range(1, 3), range(none, none, 2), range(none, none, -1)), {2, 2, 2, 5}, 69360);
  check(x(all, range(2, 0, -1)), {2, 2, 4, 5}, 267840);
  check(x(all, all, range(10, -10, -2)), {2, 3, 2, 5}, 147830);
  check(x(all, all, range(-100, 100)), {2, 3, 4, 5}, 575960);
  check(x(all, all, range(3, 1)), {2, 3, 0, 5}, 0);
  check(x(all, all, all, range(-2, none)), {2, 3, 4, 2}, 94748);
  check(x(all, all, all, range(none, -2)), {2, 3, 4, 3}, 205536);
  check(x(all, all, all, range(4, none, -2)), {2, 3, 4, 3}, 208020);
  check(x(all, all, all, range(-3, 0, -1)), {2, 3, 4, 2}, 92372);
  check(x(range(1, none), newaxis, all, range(1, 2), 0), {1, 1, 3, 1}, 550);
  check(x(i1), {3, 3, 4, 5}, 1186140);
  check(x(all, i2), {2, 3, 4, 5}, 560360);
  check(x(all, all, i3), {2, 3, 2, 1, 5}, 145130);
  check(x(all, all, all, i4), {2, 3, 4, 1, 3}, 208068);
  check(x(i1, i2), {3, 4, 5}, 125380);
  check(x(all, i2, i3), {2, 2, 3, 5}, 147580);
  check(x(i1, all, i3), {2, 3, 3, 5}, 305970);
  check(x(all, i2, all, i4), {1, 3, 2, 4}, 18752);
  check(x(i1, all, all, i4), {1, 3, 3, 4}, 48144);
  check(x(i1, i2, i1, i2), {3}, 390);
  check(x(i1, 0), {3, 4, 5}, 92580);
  check(x(0, i2), {3, 4, 5}, 52180);
  check(x(0, all, i3), {2, 1, 3, 5}, 17465);
  check(x(all, 0, i3), {2, 2, 1, 5}, 11710);
  check(x(0, all, 0, i4), {1, 3, 3}, 1092);
  check(x(i1, newaxis, i2), {3, 1, 4, 5}, 125380);
  check(x(i1, ellipsis, i2), {3, 3, 4}, 48144);
  check(x(newaxis, i1), {1, 3, 3, 4, 5}, 1186140);
  check(x(newaxis, i1, i2), {1, 3, 4, 5}, 125380);
  check(x(all, newaxis, i2), {2, 1, 3, 4, 5}, 560360);
  check(x(all, i2, newaxis, i3), {2, 3, 2, 1, 5}, 124455);
  check(x(s), {3, 4, 5}, 181780);
  check(x(all, s), {2, 4, 5}, 62120);
  check(x(s, all, s), {3, 5}, 11470);
  check(x(all, s, s), {2, 5}, 3905);
  check(x(s, all, i3), {2, 1, 3, 5}, 45365);
  check(x(m2), {4, 4, 5}, 279640);
  check(x(m3), {8, 5}, 60520);
  check(x(all, m1), {2, 2, 4, 5}, 259440);
  check(x(all, all, m4), {2, 3, 2, 5}, 145130);
  check(x(m2, all, 0), {4, 4}, 11320);
  check(x(m2, 0), {4, 5}, 16260);
  check(x(all, m1, all, 0), {2, 2, 4}, 10160);
  check(x(all, m1, range(1, 3)), {2, 2, 2, 5}, 65120);
  check(x(all, all, m4, 1), {2, 3, 2}, 6008);
  check(x(e), {0, 3, 4, 5}, 0);
  check(x(all, e, e), {2, 0, 5}, 0);
  check(x(range(none, none, -1), i2), {2, 3, 4, 5}, 344360);
  check(x(range(0, 0), i2), {0, 3, 4, 5}, 0);
  check(x(all, i2, range(1, 3), range(none, none, -2)), {2, 3, 2, 3}, 50994);
  check(x(i1, range(none, none, -1), i3, newaxis), {2, 3, 3, 1, 5}, 293970);
  check(x(all, all, i3, i4), {2, 3, 2, 3}, 52608);
  check(x(i1, i2, ellipsis, newaxis, 1), {3, 4, 1}, 5298);
  check(v(all), {10}, 330);
  check(v(range(3)), {3}, 8);
  check(v(range(2, 5)), {3}, 20);
  check(v(range(-3, none)), {3}, 50);
  check(v(range(none, -3)), {7}, 112);
  check(v(range(none, none, -1)), {10}, 165);
  check(v(range(none, none, 3)), {4}, 60);
  check(v(range(8, 2, -2)), {3}, 32);
  check(v(range(20, none, -4)), {3}, 22);
  check(v(range(-20, 20, 4)), {3}, 32);
  check(v(range(5, 5)), {0}, 0);
  check(v(range(7, 3)), {0}, 0);
  check(v(range(3, 7, -1)), {0}, 0);
  check(v(range(-1, none)), {1}, 9);
  check(v(range(none, none, 100)), {1}, 0);
  check(v(range(9, none, -100)), {1}, 9);
  check(v(range(-1, -11, -3)), {4}, 30);
  check(v(range(10, none, 1)), {0}, 0);
  check(v(range(0, -10, -1)), {0}, 0);
}

TEST_CASE("a slice is a view whose gradient goes back where it came from") {
  Tensor x = variable(reshape(arange(12.0, f64), {3, 4}));
  Tensor y = x(range(none, none, -2), 1);
  CHECK(all_equal(y, tensor({9, 1}, f64)));
  CHECK(y.array().shares_storage_with(x.array()));
  CHECK(std::string(y.op()) == "slice");
  y.backward({.seed = tensor({2.0, 3.0}, f64)});
  CHECK(all_equal(x.grad(), tensor({{0, 3, 0, 0}, {0, 0, 0, 0}, {0, 2, 0, 0}}, f64)));
}

TEST_CASE("indices of any integer type") {
  Tensor v = arange(5);
  std::size_t a = 3;
  unsigned b = 2;
  long long c = -1;
  std::int16_t d = 0;
  CHECK(v(a).item() == 3);
  CHECK(v(b).item() == 2);
  CHECK(v(c).item() == 4);
  CHECK(v(d).item() == 0);
  CHECK(v(range(d, a)).size() == 3);
  CHECK(v(range(b, none, a)).size() == 1);
}

TEST_CASE("the largest and smallest numbers in a range") {
  Tensor v = arange(4);
  std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  CHECK(v(range(low, high)).size() == 4);
  CHECK(v(range(high, low, -1)).size() == 4);
  CHECK(v(range(none, none, high)).size() == 1);
  CHECK(v(range(none, none, low)).to_vector() == std::vector<double>{3});
}

TEST_CASE("indexing nothing and indexing a 0-d tensor") {
  Tensor empty = zeros({0, 3}, f64);
  CHECK(empty(all, 1).shape() == Shape{0});
  CHECK(empty(range(2, 5)).shape() == Shape{0, 3});
  CHECK(empty(tensor({}, i64)).shape() == Shape{0, 3});
  CHECK(empty(equal(zeros({0}), 1)).shape() == Shape{0, 3});
  CHECK(zeros({2, 3})(tensor({{false, false, false}, {false, false, false}})).shape() == Shape{0});
  CHECK(tensor(5)(ellipsis).item() == 5);
  CHECK(tensor(5)(newaxis).shape() == Shape{1});
  CHECK(zeros({0, 3})(all, tensor({2, 2}, i64)).shape() == Shape{0, 2});
}

TEST_CASE("repeated indices add up in the gradient") {
  Tensor x = variable({1.0, 2.0, 3.0}, f64);
  x(tensor({1, 1, -2, 0}, i64)).backward({.seed = tensor({1.0, 10.0, 100.0, 1000.0}, f64)});
  CHECK(all_equal(x.grad(), tensor({1000, 111, 0}, f64)));
}

TEST_CASE("gradients of every way to index, to the second order") {
  Tensor i = tensor({1, 0, 1}, i64), j = tensor({{2}, {-1}}, i64), mask = tensor({true, false, true});
  auto with = [](auto index) { return [index](const Tensor& x) { return index(x * x * x); }; };
  Tensor at = uneven({2, 3, 4});
  check_both(with([](const Tensor& x) { return x(1, all, range(none, none, -2)); }), at);
  check_both(with([](const Tensor& x) { return x(newaxis, 0, ellipsis, 3); }), at);
  check_both(with([](const Tensor& x) { return x(0, 1, 2); }), at);
  check_both(with([](const Tensor& x) { return x(range(0, 0)); }), at);
  check_both(with([i](const Tensor& x) { return x(i); }), at);
  check_both(with([i, j](const Tensor& x) { return x(all, i, j); }), at);
  check_both(with([i, j](const Tensor& x) { return x(i, all, j); }), at);
  check_both(with([j](const Tensor& x) { return x(1, all, j); }), at);
  check_both(with([mask](const Tensor& x) { return x(all, mask, range(1, 3)); }), at);
  check_both(with([](const Tensor& x) { return transpose(x)(all, tensor({2, 2}, i64)); }), at);
  Tensor spread = uneven({4, 2});
  check_both(with([](const Tensor& x) { return broadcast_to(x(all, newaxis, 0), {4, 3})(all, 1); }), spread);
}

TEST_CASE("what indexing complains about") {
  Tensor x = zeros({2, 3});
  CHECK(message<IndexError>([&] { x(2); }, "index_test.cpp") ==
        "index: index 2 is out of range for axis 0 of length 2");
  CHECK(message<IndexError>([&] { x(all, -4); }, "index_test.cpp") ==
        "index: index -4 is out of range for axis 1 of length 3");
  CHECK(message<IndexError>([&] { x(0, 0, 0); }, "f32 (2, 3)") == "index: too many indices: they take 3 axes of 2");
  CHECK(message<IndexError>([&] { x(zeros({2, 3, 1}, boolean)); }) == "index: too many indices: they take 3 axes of 2");
  CHECK(message<IndexError>([&] { x(ellipsis, 0, ellipsis); }, "index_test.cpp") == "index: more than one ellipsis");
  CHECK(message<ValueError>([&] { x(range(0, 2, 0)); }, "index_test.cpp") == "index: a range has step 0");
  CHECK(message<IndexError>(
            [&] {
              x(tensor({0, 2}, i64));
            },
            "index_test.cpp") == "index: index 2 is out of range for axis 0 of length 2");
  CHECK(message<IndexError>([&] {
          x(all, tensor({0, -4}, i64));
        }) == "index: index -4 is out of range for axis 1 of length 3");
  CHECK(message<DTypeError>([&] { x(tensor({0.0, 1.0})); }, "index_test.cpp") == "index: indices are i64, not f32");
  CHECK(message<IndexError>(
            [&] {
              x(tensor({true, false, true}));
            },
            "index_test.cpp") == "index: a mask of shape (3,) does not fit (2, 3) from axis 0 on");
  CHECK(message<IndexError>([&] { x(tensor(true)); }) ==
        "index: a mask of shape () does not fit (2, 3) from axis 0 on");
  CHECK(message<IndexError>(
            [&] {
              x(tensor({0, 1}, i64), tensor({0, 1, 2}, i64));
            },
            "index_test.cpp") == "index: index tensors do not broadcast: (2,) and (3,)");
  CHECK(message<IndexError>([] { tensor(1)(0); }) == "index: too many indices: they take 1 axes of 0");
  CHECK(message<IndexError>([&] { x(Index()); }) == "index: an Index that holds nothing was passed");
  CHECK(message<ValueError>([&] { x(Tensor()); }) == "tensor: an undefined tensor has no shape, dtype or values");
}
