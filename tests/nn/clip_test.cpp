// Clipping gradients by their norm and by value.
#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

using Values = std::vector<double>;

Tensor with_gradient(const Tensor& g) {
  Tensor w = variable(zeros(g.shape(), g.dtype()));
  w.set_grad(g);
  return w;
}

}  // namespace

TEST_CASE("gradients are scaled together to the norm that is allowed") {
  Tensor a = with_gradient(tensor({3.0, 0.0}, f64)), b = with_gradient(tensor({{0.0}, {-4.0}}, f64));
  Tensor none = variable(1.0), frozen = tensor(2.0);
  std::vector<Tensor> parameters = {a, none, b, frozen};
  CHECK(nn::clip_grad_norm(parameters, 10) == 5);
  CHECK(a.grad().to_vector() == Values{3, 0});
  CHECK(nn::clip_grad_norm(parameters, 1) == 5);
  double scale = 1 / (5 + 1e-6);
  CHECK(a.grad().to_vector() == Values{3 * scale, 0});
  CHECK(b.grad().to_vector() == Values{0, -4 * scale});
  CHECK_FALSE(none.has_grad());
  CHECK(nn::clip_grad_norm(parameters, 0) == doctest::Approx(1));
  CHECK(b.grad().to_vector() == Values{0, 0});
  CHECK(nn::clip_grad_norm(parameters, 0) == 0);
  CHECK(nn::clip_grad_norm({}, 1) == 0);
  CHECK(nn::clip_grad_norm({with_gradient(zeros({0, 3}))}, 1) == 0);
}

TEST_CASE("clipping by other norms") {
  auto norm = [](double p) {
    return nn::clip_grad_norm({with_gradient(tensor({3.0, -4.0}, f64)), with_gradient(tensor(-12.0, f64))}, 1, p);
  };
  CHECK(norm(1) == doctest::Approx(19).epsilon(1e-15));
  CHECK(norm(2) == doctest::Approx(13).epsilon(1e-15));
  CHECK(norm(3) == doctest::Approx(std::cbrt(27 + 64 + 1728)).epsilon(1e-15));
  CHECK(norm(INFINITY) == 12);
}

TEST_CASE("a norm whose powers overflow or vanish is right all the same") {
  Tensor w = with_gradient(tensor({3e30, -4e30}, f32));
  CHECK(nn::clip_grad_norm({w}, 1) == doctest::Approx(5e30));
  CHECK(w.grad().to_vector()[1] == doctest::Approx(-0.8));
  CHECK(nn::clip_grad_norm({with_gradient(tensor({3e-30, -4e-30}, f32))}, 1) == doctest::Approx(5e-30));
  CHECK(nn::clip_grad_norm({with_gradient(tensor({3e200, 4e200}, f64))}, 1) == doctest::Approx(5e200));
}

TEST_CASE("gradients without a finite norm stay as they are") {
  for (double bad : {std::nan(""), double(INFINITY), -double(INFINITY)})
    for (double p : {2.0, 3.0, double(INFINITY)}) {
      Tensor a = with_gradient(tensor({3.0, bad}, f64)), b = with_gradient(tensor({100.0}, f64));
      double norm = nn::clip_grad_norm({a, b}, 1, p);
      CHECK_FALSE(std::isfinite(norm));
      CHECK(std::isnan(norm) == std::isnan(bad));
      CHECK(a.grad().to_vector()[0] == 3);
      CHECK(b.grad().item() == 100);
    }
}

TEST_CASE("clipping leaves tensors that share the gradient alone") {
  Tensor w = variable(ones({2}, f64));
  w.set_grad(broadcast_to(tensor(8.0, f64), {2}));
  Tensor kept = w.grad();
  nn::clip_grad_value({w}, 0.5);
  CHECK(w.grad().to_vector() == Values{0.5, 0.5});
  CHECK(kept.to_vector() == Values{8, 8});
  w.set_grad(kept);
  nn::clip_grad_norm({w}, 1);
  CHECK(kept.to_vector() == Values{8, 8});
}

TEST_CASE("clipping by value") {
  Tensor w = with_gradient(tensor({-3.0, -0.5, 0.25, 9.0, NAN}, f64)), none = variable(1.0);
  nn::clip_grad_value({w, none}, 1);
  Values clipped = w.grad().to_vector();
  CHECK(std::isnan(clipped.back()));
  clipped.pop_back();
  CHECK(clipped == Values{-1, -0.5, 0.25, 1});
}

TEST_CASE("what clipping refuses") {
  Tensor w = with_gradient(tensor(4.0));
  CHECK_THROWS_WITH_AS(nn::clip_grad_norm({w}, -1),
                       doctest::Contains("clip_grad_norm: max_norm must be at least 0 and finite, not -1\n"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::clip_grad_norm({w}, NAN), doctest::Contains("at  clip_test.cpp:"), ValueError);
  CHECK_THROWS_WITH_AS(nn::clip_grad_norm({w}, 1, 0), doctest::Contains("clip_grad_norm: p must be above 0"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::clip_grad_value({w}, -1), doctest::Contains("clip_grad_value: limit must be at least 0"),
                       ValueError);
  CHECK(w.grad().item() == 4);
}
