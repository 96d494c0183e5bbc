// Losses of margins and of distributions: gradients, kinks, misuse. Their values are in goldens_losses_test.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;
using nn::Reduction;

namespace {

using Values = std::vector<double>;

Tensor values(std::initializer_list<double> list) { return tensor(std::vector<double>(list), f64); }

const Tensor signs = values({1, -1, -1, 1});

/// The gradient of a loss with respect to its first argument.
template <class F>
Values slope(const F& f, const Tensor& at) {
  Tensor x = variable(at);
  sum(f(x)).backward();
  return x.grad().to_vector();
}

}  // namespace

TEST_CASE("gradients of the losses of margins") {
  seed(3);
  Tensor a = randn({4, 3}, f64), b = randn({4, 3}, f64), c = randn({4, 3}, f64), x = values({0.3, 0.4, -2, 1.7});
  auto hinge = [](const Tensor& s) { return nn::hinge(s, signs); };
  auto embedding = [](const Tensor& s) { return nn::hinge_embedding(s, signs); };
  auto ranking = [](const Tensor& s, const Tensor& t) { return nn::margin_ranking(s, t, signs, {.margin = 0.5}); };
  auto cosine = [](const Tensor& s, const Tensor& t) { return nn::cosine_embedding(s, t, signs, {.margin = -1.5}); };
  auto triplet = [](const Tensor& s, const Tensor& t, const Tensor& u) {
    return nn::triplet_margin(s, t, u, {.margin = 4, .swap = true});
  };
  CHECK_GRADIENTS(hinge, x);
  CHECK_GRADIENTS(embedding, x);
  CHECK_GRADIENTS(ranking, x, x * 0.7 + 0.2);
  CHECK_GRADIENTS(cosine, a, b);
  CHECK_SECOND_GRADIENTS(cosine, a, b);
  CHECK_GRADIENTS(triplet, a, b, c);
  CHECK_SECOND_GRADIENTS(triplet, a, b, c);
}

TEST_CASE("gradients of the losses of distributions") {
  seed(4);
  Tensor x = randn({3, 4}, f64), y = randn({3, 4}, f64), p = rand({3, 4}, f64) + 0.1, v = rand({3, 1}, f64) + 0.3;
  auto kl = [](const Tensor& s, const Tensor& t) { return nn::kl_div(s, t); };
  auto log_kl = [](const Tensor& s, const Tensor& t) { return nn::kl_div(s, t, {.log_target = true}); };
  auto gaussian = [](const Tensor& s, const Tensor& t, const Tensor& u) { return nn::gaussian_nll(s, t, u); };
  auto poisson = [](const Tensor& s, const Tensor& t) { return nn::poisson_nll(s, t, {.full = true}); };
  auto rates = [](const Tensor& s, const Tensor& t) { return nn::poisson_nll(s, t, {.log_input = false}); };
  CHECK_GRADIENTS(kl, x, p);
  CHECK_SECOND_GRADIENTS(kl, x, p);
  CHECK_GRADIENTS(log_kl, x, y);
  CHECK_SECOND_GRADIENTS(log_kl, x, y);
  CHECK_GRADIENTS(gaussian, x, y, v);
  CHECK_SECOND_GRADIENTS(gaussian, x, y, v);
  CHECK_GRADIENTS(poisson, x, p + 1.5);
  CHECK_SECOND_GRADIENTS(poisson, x, p + 1.5);
  CHECK_GRADIENTS(rates, p, y);
  CHECK_SECOND_GRADIENTS(rates, p, y);
}

TEST_CASE("smooth_l1 and huber are one up to their scale") {
  Tensor x = randn({20}, f64) * 3, y = randn({20}, f64);
  CHECK(nn::huber(x, y, {.delta = 0.7}).item() ==
        doctest::Approx(0.7 * nn::smooth_l1(x, y, {.beta = 0.7}).item()).epsilon(1e-14));
  CHECK(nn::smooth_l1(x, y, {.beta = 0}).item() == nn::l1(x, y).item());
  CHECK(nn::huber(x, y, {.delta = 1e9}).item() == doctest::Approx(nn::mse(x, y).item() / 2).epsilon(1e-12));
  CHECK(nn::smooth_l1(x, 1, {.reduction = Reduction::none}).shape() == Shape{20});
  auto smooth = [](const Tensor& s, const Tensor& t) { return nn::smooth_l1(s, t, {.beta = 0.6}); };
  CHECK_GRADIENTS(smooth, x, y);
  CHECK_SECOND_GRADIENTS(smooth, x, y);
}

TEST_CASE("where the losses have no derivative") {
  auto smooth = [](double beta) { return [=](const Tensor& x) { return nn::smooth_l1(x, 0, {.beta = beta}); }; };
  CHECK(slope(smooth(1), tensor(0.0, f64)) == Values{0});
  CHECK(slope(smooth(0), tensor(0.0, f64)) == Values{0});
  CHECK(slope([](const Tensor& x) { return nn::huber(x, 0); }, tensor(0.0, f64)) == Values{0});
  CHECK(slope([](const Tensor& x) { return nn::huber(x, 0); }, tensor(-1.0, f64)) == Values{-1});
  CHECK(slope([](const Tensor& x) { return nn::hinge(x, 1); }, tensor(1.0, f64)) == Values{0});
  CHECK(slope([](const Tensor& x) { return nn::hinge_embedding(x, -1); }, tensor(1.0, f64)) == Values{0});

  Tensor equal = values({1, 2});
  Tensor same = variable(reshape(equal, {1, 2}));
  nn::triplet_margin(same, same, same, {.eps = 0}).backward();
  CHECK(same.grad().to_vector() == Values{0, 0});
  Tensor zero = variable(zeros({1, 2}, f64));
  Tensor loss = nn::cosine_embedding(zero, ones({1, 2}, f64), 1);
  CHECK(loss.item() == 1);
  loss.backward();
  CHECK(std::isfinite(zero.grad().to_vector()[0]));
}

TEST_CASE("a target of 0 costs nothing, whatever is predicted") {
  double inf = INFINITY;
  Tensor x = variable(values({-inf, -3, -1, -2})), y = variable(values({0, 0, 1, 0.5}));
  Tensor loss = nn::kl_div(x, y, {.reduction = Reduction::sum});
  CHECK(loss.item() == doctest::Approx(1 + 0.5 * (std::log(0.5) + 2)));
  loss.backward();
  CHECK(x.grad().to_vector() == Values{0, 0, -1, -0.5});
  CHECK(y.grad().to_vector()[0] == 0);
  CHECK(y.grad().to_vector()[1] == 0);
  Tensor z = variable(values({-inf, 0})), w = variable(values({-2, 0}));
  loss = nn::kl_div(w, z, {.log_target = true, .reduction = Reduction::sum});
  CHECK(loss.item() == 0);
  loss.backward();
  CHECK(z.grad().to_vector() == Values{0, 1});
  CHECK(nn::gaussian_nll(tensor(1.0, f64), tensor(1.0, f64), tensor(0.0, f64)).item() ==
        doctest::Approx(0.5 * std::log(1e-6)));
}

TEST_CASE("labels may be integers, and a plain number stands for all of them") {
  Tensor x = values({0.3, 0.4, -2, 1.7});
  Tensor integers = tensor({1, -1, -1, 1}, i64);
  CHECK(nn::hinge(x, integers).item() == nn::hinge(x, signs).item());
  CHECK(nn::hinge(astype(x, f32), integers).dtype() == f32);
  CHECK(nn::hinge(x, 1).item() == nn::hinge(x, ones({4}, f64)).item());
  CHECK(std::isnan(nn::hinge(zeros({0}), zeros({0})).item()));
  CHECK(nn::triplet_margin(zeros({2, 0}), zeros({2, 0}), zeros({2, 0})).item() == 1);
  CHECK(nn::cosine_embedding(values({1, 2}), values({2, 4}), 1).item() == doctest::Approx(0));
}

TEST_CASE("what the losses of margins and distributions refuse") {
  Tensor x = zeros({4}), two = zeros({2, 3}), bad = tensor({1, 0, -1, 1}, i64);
  CHECK_THROWS_WITH_AS(nn::hinge(x, bad),
                       doctest::Contains("hinge: label 0 at [1] is neither 1 nor -1\n  labels  i64 (4,)"), ValueError);
  CHECK_THROWS_WITH_AS(nn::hinge_embedding(x, bad), doctest::Contains("try  2 * labels - 1"), ValueError);
  CHECK_THROWS_WITH_AS(nn::margin_ranking(x, x, bad), doctest::Contains("margin_ranking: label"), ValueError);
  CHECK_THROWS_WITH_AS(nn::cosine_embedding(zeros({4, 2}), zeros({4, 2}), bad),
                       doctest::Contains("cosine_embedding: label"), ValueError);
  CHECK_THROWS_WITH_AS(nn::hinge(x, 0.5), doctest::Contains("at  margin_losses_test.cpp:"), ValueError);
  CHECK_THROWS_WITH_AS(nn::hinge(x, ones({4, 1})),
                       doctest::Contains("hinge: labels of shape (4, 1) do not fit: (4,) is needed"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::cosine_embedding(two, two, ones({3})), doctest::Contains("(2,) is needed"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::cosine_embedding(two, x, ones({2})),
                       doctest::Contains("cosine_embedding: vectors of different shapes: (2, 3) and (4,)"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::triplet_margin(two, two, x), doctest::Contains("triplet_margin: vectors of different"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(nn::triplet_margin(tensor(1.0), tensor(1.0), tensor(1.0)),
                       doctest::Contains("along the last axis, not a 0-d tensor"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::margin_ranking(x, two, 1), doctest::Contains("margin_ranking: prediction and target differ"),
                       ShapeError);
  for (auto loss : {+[](const Tensor& a, const Tensor& b) { return nn::kl_div(a, b); },
                    +[](const Tensor& a, const Tensor& b) { return nn::poisson_nll(a, b); },
                    +[](const Tensor& a, const Tensor& b) { return nn::smooth_l1(a, b); },
                    +[](const Tensor& a, const Tensor& b) { return nn::huber(a, b); },
                    +[](const Tensor& a, const Tensor& b) { return nn::gaussian_nll(a, b, 1); }})
    CHECK_THROWS_WITH_AS(loss(x, two), doctest::Contains("prediction and target differ in shape"), ShapeError);
  CHECK_THROWS_WITH_AS(
      nn::gaussian_nll(two, two, ones({2})),
      doctest::Contains("gaussian_nll: variances of shape (2,) do not fit predictions of shape (2, 3)"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::gaussian_nll(two, two, tensor({{1.0}, {-0.5}})),
                       doctest::Contains("gaussian_nll: the variance at [1, 0] is -0.5"), ValueError);
  CHECK_THROWS_WITH_AS(nn::gaussian_nll(x, x, x, {.eps = 0}), doctest::Contains("gaussian_nll: eps cannot be 0\n"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::poisson_nll(x, x, {.eps = -1}), doctest::Contains("poisson_nll: eps cannot be"), ValueError);
  CHECK_THROWS_WITH_AS(nn::smooth_l1(x, x, {.beta = -1}), doctest::Contains("smooth_l1: beta cannot be -1\n"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::huber(x, x, {.delta = 0}), doctest::Contains("huber: delta cannot be 0\n"), ValueError);
  CHECK_THROWS_WITH_AS(nn::hinge(x, 1, {.margin = NAN}), doctest::Contains("hinge: margin cannot be nan"), ValueError);
  CHECK_THROWS_WITH_AS(nn::triplet_margin(two, two, two, {.p = 0}), doctest::Contains("triplet_margin: p cannot be"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::triplet_margin(two, two, two, {.eps = -1}), doctest::Contains("eps cannot be"), ValueError);
}
