// Reshaping, transposing, joining and splitting: NumPy's values, views without copies, gradients, messages.
#include <doctest/doctest.h>

#include <limits>

#include "differences.hpp"
#include "message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using xg_test::check_both;
using xg_test::of_cube;
using xg_test::uneven;

namespace {

bool is_view(const Tensor& y, const Tensor& x) { return y.array().shares_storage_with(x.array()); }
/// x's dtype and values, shape aside.
std::vector<double> values(const Tensor& x) { return x.to_vector(); }

}  // namespace

TEST_CASE("reshape") {
  Tensor x = arange(12);
  CHECK(reshape(x, {3, 4}).shape() == Shape{3, 4});
  CHECK(reshape(x, {2, -1, 3}).shape() == Shape{2, 2, 3});
  CHECK(reshape(x, {-1}).shape() == Shape{12});
  CHECK(reshape(tensor(5), {1, 1}).shape() == Shape{1, 1});
  CHECK(reshape(tensor({5}), {}).shape() == Shape{});
  CHECK(reshape(zeros({0, 3}), {3, 0}).shape() == Shape{3, 0});
  CHECK(reshape(zeros({0, 3}), {-1, 3}).shape() == Shape{0, 3});
  CHECK(is_view(reshape(x, {3, 4}), x));
  Tensor t = transpose(reshape(x, {3, 4}));
  CHECK(values(reshape(t, {2, 6})) == std::vector<double>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
  CHECK(is_view(reshape(t, {2, 2, 3}), x));
  CHECK_FALSE(is_view(reshape(t, {12}), x));
}

TEST_CASE("flatten") {
  CHECK(flatten(zeros({2, 3, 4})).shape() == Shape{24});
  CHECK(flatten(zeros({2, 3, 4}), 1).shape() == Shape{2, 12});
  CHECK(flatten(zeros({2, 3, 4}), 0, 1).shape() == Shape{6, 4});
  CHECK(flatten(zeros({2, 3, 4}), -2, -2).shape() == Shape{2, 3, 4});
  CHECK(flatten(tensor(3)).shape() == Shape{1});
  CHECK(flatten(zeros({2, 0, 4})).shape() == Shape{0});
}

TEST_CASE("axes in another order") {
  Tensor x = reshape(arange(24), {2, 3, 4});
  CHECK(transpose(x).shape() == Shape{4, 3, 2});
  CHECK(transpose(x)(3, 1, 0).item() == x(0, 1, 3).item());
  CHECK(transpose(x, {1, 2, 0}).shape() == Shape{3, 4, 2});
  CHECK(permute(x, {-1, 0, 1})(3, 1, 2).item() == x(1, 2, 3).item());
  CHECK(is_view(permute(x, {2, 0, 1}), x));
  CHECK(transpose(tensor(1)).shape() == Shape{});
  CHECK(moveaxis(x, 0, -1).shape() == Shape{3, 4, 2});
  CHECK(moveaxis(x, {0, 1}, {-1, -2}).shape() == Shape{4, 3, 2});
  CHECK(moveaxis(x, {2, 0}, {0, 1}).shape() == Shape{4, 2, 3});
  CHECK(swapaxes(x, 0, -1).shape() == Shape{4, 3, 2});
  CHECK(all_equal(swapaxes(swapaxes(x, 0, 1), 1, 0), x));
}

TEST_CASE("axes of length 1") {
  CHECK(squeeze(zeros({1, 3, 1})).shape() == Shape{3});
  CHECK(squeeze(zeros({1, 3, 1}), 0).shape() == Shape{3, 1});
  CHECK(squeeze(zeros({1, 3, 1}), {0, -1}).shape() == Shape{3});
  CHECK(squeeze(zeros({1, 1})).shape() == Shape{});
  CHECK(expand_dims(zeros({3}), 0).shape() == Shape{1, 3});
  CHECK(expand_dims(zeros({3}), -1).shape() == Shape{3, 1});
  CHECK(expand_dims(zeros({3, 4}), {0, 2, -1}).shape() == Shape{1, 3, 1, 4, 1});
  Tensor x = transpose(reshape(arange(6), {2, 3}));
  CHECK(is_view(expand_dims(x, 1), x));
  CHECK(is_view(squeeze(expand_dims(x, 1), 1), x));
}

TEST_CASE("copy and contiguous") {
  Tensor x = reshape(arange(6), {2, 3});
  CHECK_FALSE(is_view(copy(x), x));
  CHECK(is_view(contiguous(x), x));
  CHECK_FALSE(is_view(contiguous(transpose(x)), x));
  CHECK(contiguous(transpose(x)).array().is_contiguous());
  CHECK(all_equal(contiguous(transpose(x)), transpose(x)));
}

TEST_CASE("concatenate and stack") {
  Tensor a = tensor({{0, 1}, {2, 3}}), b = tensor({{4, 5}});
  CHECK(all_equal(concatenate({a, b}), tensor({{0, 1}, {2, 3}, {4, 5}})));
  CHECK(all_equal(concatenate({a, transpose(b)}, -1), tensor({{0, 1, 4}, {2, 3, 5}})));
  CHECK(all_equal(concatenate({a}), a));
  CHECK(concatenate({zeros({0, 2}), a}).shape() == Shape{2, 2});
  CHECK(concatenate({arange(2), zeros({1})}).dtype() == f64);
  CHECK(concatenate({arange(2), tensor({true})}).dtype() == i64);
  CHECK(concatenate(std::vector<Tensor>{a, b}).shape() == Shape{3, 2});
  CHECK(all_equal(stack({tensor({1, 2}), tensor({3, 4})}), tensor({{1, 2}, {3, 4}})));
  CHECK(all_equal(stack({tensor({1, 2}), tensor({3, 4})}, 1), tensor({{1, 3}, {2, 4}})));
  CHECK(all_equal(stack({tensor({1, 2}), tensor({3, 4})}, -1), tensor({{1, 3}, {2, 4}})));
  CHECK(all_equal(stack({tensor(1.0, f64), 2.5}), tensor({1, 2.5}, f64)));
  CHECK(stack({tensor(1.0, f64), 0.1}).to_vector() == std::vector<double>{1, 0.1});
  CHECK(stack({tensor(1.0, f64), 2.5}).dtype() == f64);
  CHECK(stack({zeros({0, 2}), zeros({0, 2})}, 1).shape() == Shape{0, 2, 2});
}

TEST_CASE("the same tensor twice, and a constant beside it") {
  Tensor x = variable({1.0, 2.0}, f64);
  concatenate({x, zeros({1}), x}).backward({.seed = tensor({1, 2, 3, 4, 5}, f64)});
  CHECK(all_equal(x.grad(), tensor({5, 7})));
}

TEST_CASE("split and chunk") {
  Tensor x = reshape(arange(12), {2, 6});
  Tensors thirds = split(x, 3, 1);
  CHECK(thirds.size() == 3);
  CHECK(all_equal(thirds[1], tensor({{2, 3}, {8, 9}})));
  CHECK(is_view(thirds[1], x));
  Tensors parts = split(x, {1, 0, 5}, -1);
  CHECK(parts[1].shape() == Shape{2, 0});
  CHECK(parts[2].shape() == Shape{2, 5});
  CHECK(split(x, {2}).size() == 1);
  CHECK(split(zeros({0}), 2).size() == 2);
  Tensors chunks = chunk(arange(7), 3);
  CHECK(chunks.size() == 3);
  CHECK(chunks[2].shape() == Shape{1});
  CHECK(chunk(arange(5), 4).size() == 3);
  CHECK(chunk(zeros({0, 2}), 2).size() == 2);
  CHECK(all_equal(concatenate(split(x, {1, 2, 3}, 1), 1), x));
}

TEST_CASE("a part of a split that no one uses has gradient 0") {
  Tensor x = variable({1.0, 2.0, 3.0}, f64);
  Tensors parts = split(x, {1, 2});
  sum(parts[1] * parts[1]).backward();
  CHECK(all_equal(x.grad(), tensor({0, 4, 6})));
}

TEST_CASE("gradients to the second order") {
  Tensor x = uneven({2, 3, 4});
  check_both(of_cube([](const Tensor& v) { return reshape(v, {6, -1}); }), x);
  check_both(of_cube([](const Tensor& v) { return reshape(transpose(v), {6, 4}); }), x);
  check_both(of_cube([](const Tensor& v) { return flatten(v, 1); }), x);
  check_both(of_cube([](const Tensor& v) { return transpose(v); }), x);
  check_both(of_cube([](const Tensor& v) { return permute(v, {1, 2, 0}); }), x);
  check_both(of_cube([](const Tensor& v) { return moveaxis(v, {0, 2}, {2, 1}); }), x);
  check_both(of_cube([](const Tensor& v) { return swapaxes(v, 0, 1); }), x);
  check_both(of_cube([](const Tensor& v) { return squeeze(expand_dims(v, {0, 2}), 0); }), x);
  check_both(of_cube([](const Tensor& v) { return copy(transpose(v)); }), x);
  check_both(of_cube([](const Tensor& v) { return concatenate({v, 2 * v}, 1); }), x);
  check_both(of_cube([](const Tensor& v) { return stack({v, 2 * v, v}, 1); }), x);
  check_both(of_cube([](const Tensor& v) {
               Tensors parts = split(v, {1, 3}, 2);
               return parts[0] * parts[1];
             }),
             x);
  check_both(of_cube([](const Tensor& v) { return chunk(v, 2, 1)[1]; }), x);
}

TEST_CASE("what these ops complain about") {
  Tensor x = zeros({2, 3});
  const char* here = "shape_test.cpp";
  CHECK(message<ShapeError>([&] { reshape(x, {4}); }, here) == "reshape: 6 elements do not fit (4,)");
  CHECK(message<ShapeError>([&] { reshape(x, {-1, 4}); }) == "reshape: 6 elements do not fit (-1, 4)");
  CHECK(message<ShapeError>([&] { reshape(x, {-1, -1}); }) == "reshape: 6 elements do not fit (-1, -1)");
  CHECK(message<ShapeError>([&] { reshape(x, {-2, 3}); }) == "reshape: 6 elements do not fit (-2, 3)");
  CHECK(message<ShapeError>([&] { reshape(zeros({0}), {-1, 0}); }) == "reshape: 0 elements do not fit (-1, 0)");
  CHECK(message<IndexError>([&] { flatten(x, 2); }, here) == "flatten: axis 2 is out of range for 2 axes");
  CHECK(message<IndexError>([&] { flatten(x, 0, -3); }) == "flatten: axis -3 is out of range for 2 axes");
  CHECK(message<ValueError>([&] { flatten(x, 1, 0); }, here) == "flatten: axis 1 comes after axis 0");
  CHECK(message<ValueError>([&] { transpose(x, {0}); }, here) == "transpose: (0,) names 1 of 2 axes");
  CHECK(message<ValueError>([&] { permute(x, {0, 0}); }) == "permute: an axis is named twice in (0, 0)");
  CHECK(message<ValueError>([&] { permute(x, {1}); }) == "permute: (1,) names 1 of 2 axes");
  CHECK(message<IndexError>([&] { permute(x, {0, 2}); }) == "permute: axis 2 is out of range for 2 axes");
  CHECK(message<ValueError>([&] { moveaxis(x, {0, 1}, 0); }, here) == "moveaxis: 2 axes to move to 1 places");
  CHECK(message<IndexError>([&] { moveaxis(x, 0, 2); }) == "moveaxis: axis 2 is out of range for 2 axes");
  CHECK(message<ValueError>([&] { moveaxis(x, {0, -2}, {0, 1}); }) == "moveaxis: an axis is named twice in (0, -2)");
  CHECK(message<IndexError>([&] { swapaxes(x, 0, 5); }, here) == "swapaxes: axis 5 is out of range for 2 axes");
  CHECK(message<ShapeError>([&] { squeeze(x, 1); }, here) == "squeeze: axis 1 has length 3, not 1");
  CHECK(message<IndexError>([&] { expand_dims(x, 3); }, here) == "expand_dims: axis 3 is out of range for 3 axes");
  CHECK(message<ValueError>([&] { expand_dims(x, {0, 0}); }) == "expand_dims: an axis is named twice in (0, 0)");
  CHECK(message<ValueError>([&] { concatenate({}); }) == "concatenate: there are no tensors to join");
  CHECK(message<ValueError>([&] { stack(std::vector<Tensor>()); }) == "stack: there are no tensors to join");
  CHECK(message<ShapeError>(
            [&] {
              concatenate({x, zeros({2, 2})});
            },
            here) == "concatenate: shapes differ elsewhere than along axis 0: (2, 3) and (2, 2)");
  CHECK(message<ShapeError>([&] {
          concatenate({x, zeros({3})}, 1);
        }) == "concatenate: shapes differ elsewhere than along axis 1: (2, 3) and (3,)");
  CHECK(message<IndexError>([&] {
          concatenate({tensor(1), tensor(2)});
        }) == "concatenate: axis 0 is out of range for 0 axes");
  CHECK(message<ShapeError>([&] { stack({x, zeros({2, 2})}); }, here) == "stack: shapes differ: (2, 3) and (2, 2)");
  CHECK(message<IndexError>([&] { stack({x}, 3); }) == "stack: axis 3 is out of range for 3 axes");
  CHECK(message<ShapeError>([&] { split(x, 2, 1); }, here) == "split: axis 1 of length 3 has no 2 equal parts");
  CHECK(message<ShapeError>(
            [&] {
              split(x, {1, 1}, 1);
            },
            here) == "split: parts of (1, 1) do not make up axis 1 of length 3");
  CHECK(message<ShapeError>([&] {
          split(x, {4, -1}, 1);
        }) == "split: parts of (4, -1) do not make up axis 1 of length 3");
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(message<ShapeError>([&] {
          split(x, {most, most, 5}, 1);
        }).find("do not make up axis 1 of length 3") != std::string::npos);
  CHECK(chunk(x, most, 1).size() == 3);
  CHECK(message<ValueError>([&] { split(x, 0); }, here) == "split: cannot split into 0 parts");
  CHECK(message<IndexError>([&] { split(x, 1, 2); }) == "split: axis 2 is out of range for 2 axes");
  CHECK(message<ValueError>([&] { chunk(x, -1); }, here) == "chunk: cannot split into -1 parts");
  CHECK(message<IndexError>([&] { chunk(x, 1, -3); }) == "chunk: axis -3 is out of range for 2 axes");
}
