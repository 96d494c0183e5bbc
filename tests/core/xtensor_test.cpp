// The bridge: values, layouts and ownership survive the way from xtensor and back.
#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/xgrad.hpp>
#include <xgrad/xtensor.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xeval.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>

using namespace xg;

namespace {

template <class T>
std::vector<T> values(const Tensor& x) {
  return x.to_vector<T>();
}

}  // namespace

TEST_CASE("an expression is evaluated, whatever its layout") {
  xt::xarray<double> a = xt::arange<double>(6.).reshape({2, 3});
  Tensor x = from_xt(a + 1);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.dtype() == f64);
  CHECK(values<double>(x) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(values<double>(from_xt(xt::transpose(a))) == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(values<double>(from_xt(xt::view(a, 1, xt::range(2, 0, -1)))) == std::vector<double>{5, 4});
  CHECK(values<double>(from_xt(xt::strided_view(a, {xt::all(), xt::range(0, 3, 2)}))) ==
        std::vector<double>{0, 2, 3, 5});
  CHECK(values<double>(from_xt(xt::cumsum(a, 1))) == std::vector<double>{0, 1, 3, 3, 7, 12});
  CHECK(from_xt(xt::xarray<float>(1.5f)).shape() == Shape{});
  CHECK(from_xt(xt::xtensor<float, 2>::from_shape({0, 3})).shape() == Shape{0, 3});
}

TEST_CASE("element types keep their dtype, and small integers become i64") {
  CHECK(from_xt(xt::xarray<float>{1, 2}).dtype() == f32);
  CHECK(from_xt(xt::xarray<bool>{true, false}).dtype() == boolean);
  CHECK(from_xt(xt::xarray<std::int64_t>{1, 2}).dtype() == i64);
  Tensor x = from_xt(xt::xarray<std::uint8_t>{200, 7});
  CHECK(x.dtype() == i64);
  CHECK(values<std::int64_t>(x) == std::vector<std::int64_t>{200, 7});
}

TEST_CASE("a moved-in container is taken over, not copied, and freed with the last tensor") {
  std::int64_t before = memory_stats().live_buffers;
  {
    xt::xarray<double> a = xt::ones<double>({3, 4});
    const double* data = a.data();
    Tensor x = from_xt(std::move(a));
    CHECK(x.array().data<double>() == data);
    Tensor y = x;
    x = Tensor();
    CHECK(values<double>(y) == std::vector<double>(12, 1.0));
  }
  CHECK(memory_stats().live_buffers == before);
  xt::xtensor<float, 2, xt::layout_type::column_major> c{{1, 2, 3}, {4, 5, 6}};
  const float* data = c.data();
  Tensor z = from_xt(std::move(c));
  CHECK(z.array().data<float>() == data);
  CHECK(z.array().strides() == Strides{1, 2});
  CHECK(values<float>(z) == std::vector<float>{1, 2, 3, 4, 5, 6});
  xt::xarray<double> kept{1, 2};
  Tensor copied = from_xt(kept);
  kept(0) = 9;
  CHECK(values<double>(copied) == std::vector<double>{1, 2});
}

TEST_CASE("views out share the buffer, keep strides, and outlive the tensor") {
  Tensor x = from_xt(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  auto view = xt_view<double>(x);
  CHECK(view.data() == x.array().data<double>());
  CHECK(view(1, 2) == 6);
  Tensor t(x.array().permuted({1, 0}));
  auto transposed = xt_view<double>(t);
  CHECK(transposed(2, 1) == 6);
  CHECK(transposed.shape()[0] == 3);
  xt::xarray<double> doubled = transposed * 2;
  CHECK(doubled(0, 1) == 8);
  Tensor reversed(x.array().view({3}, {-1}, 2));
  CHECK(xt::xarray<double>(xt_view<double>(reversed)) == xt::xarray<double>{3, 2, 1});
  Tensor wide(x.array().broadcast_to({2, 2, 3}));
  CHECK(xt::eval(xt::sum(xt_view<double>(wide)))() == 42);
  CHECK(xt_view<double, 2>(x)(0, 1) == 2);
  auto kept = xt_view<double>(from_xt(xt::xarray<double>{7, 8}));
  CHECK(kept(1) == 8);
  CHECK(to_xt<double>(t) == xt::xarray<double>{{1, 4}, {2, 5}, {3, 6}});
}

TEST_CASE("there and back") {
  xt::xarray<double> a{{1, 2}, {3, 4}};
  Tensor x = from_xt(a * 2);                     // any expression, evaluated once
  auto view = xt_view<double>(x);                // read-only, without a copy; keeps the buffer alive
  xt::xarray<double> b = to_xt<double>(exp(x));  // a copy of your own
  Tensor taken = from_xt(std::move(a));          // takes the container over
  CHECK(view(1, 1) == 8);
  CHECK(b(0, 0) == doctest::Approx(std::exp(2.0)));
  CHECK(all_equal(2 * taken, x));
}

TEST_CASE("xt::eval gives xarrays under C++20") {  // xtensor issue 1970
  xt::xarray<double> a{{1, 2}, {3, 4}};
  auto b = xt::eval(a + a);
  CHECK(b.dimension() == 2);
  auto s = xt::sum(a, {0}, xt::evaluation_strategy::immediate);
  CHECK(s.dimension() == 1);
  CHECK(s(1) == 6);
}

TEST_CASE("a wrong type or rank is an error that names both") {
  Tensor x = from_xt(xt::xarray<double>{1, 2});
  CHECK_THROWS_WITH_AS(xt_view<float>(x), doctest::Contains("the tensor is f64, the view wants f32"), DTypeError);
  CHECK_THROWS_WITH_AS((xt_view<double, 2>(x)), doctest::Contains("the tensor has 1 axes, the view wants 2"),
                       ShapeError);
}
