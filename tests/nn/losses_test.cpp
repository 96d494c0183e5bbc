// Losses: values and gradients against PyTorch 1.13's, closed forms and finite differences; conventions; errors.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;
using nn::Reduction;

namespace {

using Values = std::vector<double>;

void check_close(const Tensor& t, const Values& expected) {
  Values values = t.to_vector();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == doctest::Approx(expected[i]).epsilon(1e-12));
}

const Tensor logits = tensor({{1.0, -2.0, 0.5}, {0.1, 0.2, 0.3}, {3.0, 1.0, -1.0}, {0.0, 0.0, 0.0}}, f64);
const Tensor labels = tensor({2, 0, -100, 1}, i64);
const Tensor class_weight = tensor({0.5, 2.0, 1.5}, f64);
const Tensor probabilities = tensor({{0.2, 0.3, 0.5}, {1.0, 0.0, 0.0}, {0.0, 0.5, 0.5}, {0.1, 0.1, 0.8}}, f64);

struct Case {
  Reduction reduction;
  double smoothing;
  bool weighted;
  Values loss, gradient, of_probabilities;
};

// From torch.nn.functional.cross_entropy.
const std::vector<Case> cases = {
    {Reduction::mean,
     0,
     false,
     {1.1017173464132124},
     {0.20124963204954194, 0.010019629189858006, -0.21126926123939993, -0.23313013154809087, 0.11074166451111578,
      0.12238846703697516, 0.0, 0.0, 0.0, 0.1111111111111111, -0.2222222222222222, 0.1111111111111111},
     {1.7745209169348843}},
    {Reduction::mean,
     0.1,
     true,
     {1.114233956174948},
     {0.21972354898844876, -0.005519829192949632, -0.21420371979549913, -0.07282776588562309, 0.03178281155694649,
      0.041044954328676636, 0.0, 0.0, 0.0, 0.15694444444444444, -0.3055555555555556, 0.1486111111111111},
     {2.562606019972751}},
    {Reduction::sum,
     0,
     true,
     {4.305091354964267},
     {0.9056233442229387, 0.045088331354361036, -0.9507116755772997, -0.34969519732213633, 0.16611249676667367,
      0.18358270055546275, 0.0, 0.0, 0.0, 0.6666666666666666, -1.3333333333333335, 0.6666666666666666},
     {10.350755100954517}},
    {Reduction::none,
     0.1,
     false,
     {1.07126356900895, 1.1919428482292442, 0.0, 1.0986122886681098},
     {0.5704155628152925, -0.00327444576375931, -0.5671411170515331, -0.632723727977606, 0.298891660200014,
      0.33383206777759217, 0.0, 0.0, 0.0, 0.3, -0.6000000000000001, 0.3},
     {1.65626356900895, 1.191942848229244, 3.0429316284999, 1.09861228866811}},
};

nn::CrossEntropyOptions options_of(const Case& c) {
  return {.weight = c.weighted ? class_weight : Tensor(), .label_smoothing = c.smoothing, .reduction = c.reduction};
}

}  // namespace

TEST_CASE("cross entropy as PyTorch computes it") {
  for (const Case& c : cases) {
    nn::CrossEntropyOptions options = options_of(c);
    Tensor x = variable(logits);
    Tensor loss = nn::cross_entropy(x, labels, options);
    check_close(loss, c.loss);
    sum(loss).backward();
    check_close(x.grad(), c.gradient);
    check_close(nn::cross_entropy(logits, probabilities, options), c.of_probabilities);
    Tensor f32_loss = nn::cross_entropy(astype(logits, f32), labels, options);
    CHECK(f32_loss.dtype() == f32);
    CHECK(f32_loss.to_vector()[0] == doctest::Approx(c.loss[0]).epsilon(1e-6));
    if (c.smoothing != 0) continue;
    check_close(nn::nll(log_softmax(logits, -1), labels, options), c.loss);
  }
}

TEST_CASE("the gradients of cross entropy") {
  for (const Case& c : cases) {
    nn::CrossEntropyOptions options = options_of(c);
    auto of_labels = [&](const Tensor& x) { return nn::cross_entropy(x, labels, options); };
    CHECK_GRADIENTS(of_labels, logits);
    CHECK_SECOND_GRADIENTS(of_labels, logits);
    auto of_probabilities = [&](const Tensor& x, const Tensor& q) { return nn::cross_entropy(x, q, options); };
    Tensor q = tensor({{0.2, 0.3, 0.5}, {0.9, 0.05, 0.05}, {0.1, 0.4, 0.5}, {0.1, 0.1, 0.8}}, f64);
    CHECK_GRADIENTS(of_probabilities, logits, q);
    CHECK_SECOND_GRADIENTS(of_probabilities, logits, q);
    if (c.smoothing != 0) continue;
    auto of_logarithms = [&](const Tensor& x) { return nn::nll(x, labels, options); };
    CHECK_GRADIENTS(of_logarithms, logits);
    CHECK_SECOND_GRADIENTS([&](const Tensor& x) { return nn::nll(x * x, labels, options); }, logits);
  }
}

TEST_CASE("positions of any shape, classes on any axis") {
  Tensor x = randn({2, 3, 4, 5}, f64);
  Tensor y = randint(0, 5, {2, 3, 4});
  Tensor flat = nn::cross_entropy(reshape(x, {24, 5}), reshape(y, {24}));
  CHECK(nn::cross_entropy(x, y).item() == doctest::Approx(flat.item()).epsilon(1e-14));
  CHECK(nn::cross_entropy(x, y, {.reduction = Reduction::none}).shape() == Shape{2, 3, 4});
  Tensor torch_layout = moveaxis(x, -1, 1);
  CHECK(nn::cross_entropy(torch_layout, y, {.axis = 1}).item() == doctest::Approx(flat.item()).epsilon(1e-14));
  CHECK(nn::nll(log_softmax(torch_layout, 1), y, {.axis = 1}).item() == doctest::Approx(flat.item()).epsilon(1e-14));
  CHECK(nn::cross_entropy(torch_layout, softmax(torch_layout, 1), {.axis = 1}).shape() == Shape{});
  auto f = [&](const Tensor& t) { return nn::cross_entropy(t, y, {.axis = 1}); };
  CHECK_GRADIENTS(f, torch_layout);
  CHECK(nn::cross_entropy(tensor({1.0, 2.0}, f64), tensor(1, i64)).item() ==
        doctest::Approx(std::log1p(std::exp(-1.0))));
}

TEST_CASE("cross entropy at the edge") {
  Tensor x = variable({{1000.0, -1000.0}, {-1000.0, 1000.0}}, f64);
  Tensor loss = nn::cross_entropy(x, tensor({1, 1}, i64));
  CHECK(loss.item() == 1000);
  loss.backward();
  check_close(x.grad(), {0.5, -0.5, 0, 0});

  Tensor z = variable(logits);
  Tensor ignored = tensor({-100, -100, -100, -100}, i64);
  Tensor mean = nn::cross_entropy(z, ignored);
  CHECK(std::isnan(mean.item()));
  mean.backward();
  check_close(z.grad(), Values(12, 0));
  CHECK(nn::cross_entropy(z, ignored, {.reduction = Reduction::sum}).item() == 0);
  CHECK(std::isnan(nn::cross_entropy(zeros({0, 3}), zeros({0}, i64)).item()));

  double inf = INFINITY;
  Tensor masked = variable({{-inf, -inf}, {-inf, 0.0}}, f64);
  Tensor sum = nn::cross_entropy(masked, tensor({0, 1}, i64), {.reduction = Reduction::none});
  CHECK(sum.to_vector() == Values{inf, 0});
  xg::sum(sum).backward();
  check_close(masked.grad(), {0, 0, 0, 0});
  CHECK(nn::cross_entropy(tensor({{-inf, 0.0}}, f64), tensor({{0.0, 1.0}}, f64)).item() == 0);
}

TEST_CASE("what cross entropy refuses") {
  Tensor x = zeros({2, 3, 4});
  CHECK_THROWS_WITH_AS(
      nn::cross_entropy(x, tensor({{0, 1, 2}, {3, 4, 0}}, i64)),
      doctest::Contains("cross_entropy: label 4 at [1, 1] is out of range for 4 classes\n  logits  f32 (2, 3, 4)"),
      IndexError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, tensor({{0, 1, 2}, {3, 4, 0}}, i64)),
                       doctest::Contains("  at  losses_test.cpp:"), IndexError);
  CHECK_THROWS_WITH_AS(nn::nll(x, tensor({{0, -1, 2}, {3, 3, 0}}, i64)),
                       doctest::Contains("nll: label -1 at [0, 1] is out of range for 4 classes"), IndexError);
  CHECK_THROWS_WITH_AS(
      nn::cross_entropy(x, zeros({2, 4}, i64)),
      doctest::Contains("cross_entropy: labels of shape (2, 4) do not fit logits of shape (2, 3, 4): (2, 3) is needed"),
      ShapeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, zeros({2, 3})),
                       doctest::Contains("cross_entropy: labels are i64, not f32\n  logits  f32 (2, 3, 4)"),
                       DTypeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, zeros({2, 3}, i64), {.weight = zeros({3})}),
                       doctest::Contains("a weight of shape (3,) does not fit 4 classes"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, zeros({2, 3}, i64), {.weight = variable(ones({4}))}),
                       doctest::Contains("no gradient passes through the weight"), GradError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(x, zeros({2, 3}, i64), {.label_smoothing = 1.5}),
                       doctest::Contains("label_smoothing must be from 0 to 1, not 1.5"), ValueError);
  CHECK_THROWS_AS(nn::cross_entropy(x, zeros({2, 3}, i64), {.axis = 3}), IndexError);
  CHECK_THROWS_AS(nn::cross_entropy(tensor(1.0), tensor(0)), IndexError);
  CHECK_THROWS_WITH_AS(nn::nll(x, zeros({2, 3}, i64), {.label_smoothing = 0.1}),
                       doctest::Contains("nll: label smoothing needs logits"), ValueError);
}

TEST_CASE("binary cross entropy") {
  Tensor p = variable({0.0, 1.0, 0.25, 0.9}, f64);
  Tensor y = tensor({0.0, 0.0, 1.0, 0.5}, f64);
  Tensor loss = nn::binary_cross_entropy(p, y);
  CHECK(loss.item() == doctest::Approx(25.64756679136146).epsilon(1e-12));
  loss.backward();
  check_close(p.grad(), {0, 2.5e11, -1, 1.1111111111111114});
  check_close(nn::binary_cross_entropy(p, y, {.reduction = Reduction::none}),
              {0, 100, -std::log(0.25), -0.5 * std::log(0.9) - 0.5 * std::log1p(-0.9)});
  CHECK(nn::binary_cross_entropy(p, y, {.weight = tensor({0.0, 0.0, 2.0, 0.0}, f64), .reduction = Reduction::sum})
            .item() == doctest::Approx(-2 * std::log(0.25)));
  auto f = [](const Tensor& a, const Tensor& b) { return nn::binary_cross_entropy(a, b); };
  CHECK_GRADIENTS(f, rand({3, 4}, f64) * 0.8 + 0.1, rand({3, 4}, f64));
  CHECK_SECOND_GRADIENTS(f, rand({3, 4}, f64) * 0.8 + 0.1, rand({3, 4}, f64));
  CHECK(nn::binary_cross_entropy(tensor({0.5}), 1).item() == doctest::Approx(std::log(2.0)));

  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(tensor({0.5, 1.5}), tensor({0.0, 1.0})),
                       doctest::Contains("a probability is 1.5"), ValueError);
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(zeros({4, 1}), zeros({4})),
                       doctest::Contains("prediction and target differ in shape: (4, 1) and (4,)\n  prediction  f32"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(zeros({4, 1}), zeros({4})),
                       doctest::Contains("try  reshape(target, (4, 1))"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(zeros({4}), zeros({4}), {.positive_weight = ones({4})}),
                       doctest::Contains("a positive weight goes with logits"), ValueError);
}

TEST_CASE("binary cross entropy of logits") {
  Tensor x = variable({-1000.0, 1000.0, 0.25, -3.0}, f64);
  Tensor y = tensor({0.0, 0.0, 1.0, 0.5}, f64), three = tensor(3.0, f64);
  Tensor loss = nn::binary_cross_entropy_with_logits(x, y, {.reduction = Reduction::sum});
  CHECK(loss.item() == doctest::Approx(1002.1245267714526).epsilon(1e-13));
  loss.backward();
  check_close(x.grad(), {0, 1, -0.43782349911420193, -0.4525741268224332});
  x.zero_grad();
  loss = nn::binary_cross_entropy_with_logits(x, y, {.positive_weight = three, .reduction = Reduction::sum});
  CHECK(loss.item() == doctest::Approx(1006.324992962784).epsilon(1e-13));
  loss.backward();
  check_close(x.grad(), {0, 1, -1.313470497342606, -1.4051482536448665});

  Tensor a = randn({3, 4}, f64), b = rand({3, 4}, f64), c = rand({4}, f64);
  CHECK(nn::binary_cross_entropy_with_logits(a, b).item() ==
        doctest::Approx(nn::binary_cross_entropy(1 / (1 + exp(-a)), b).item()).epsilon(1e-12));
  auto plain = [](const Tensor& s, const Tensor& t) { return nn::binary_cross_entropy_with_logits(s, t); };
  auto weighted = [](const Tensor& s, const Tensor& t, const Tensor& u) {
    return nn::binary_cross_entropy_with_logits(s, t, {.positive_weight = u});
  };
  CHECK_GRADIENTS(plain, a, b);
  CHECK_SECOND_GRADIENTS(plain, a, b);
  CHECK_GRADIENTS(weighted, a, b, c);
  CHECK_SECOND_GRADIENTS(weighted, a, b, c);
  Tensor far = variable({-1000.0, 1000.0}, f64);
  Tensor slope = grad(nn::binary_cross_entropy_with_logits(far, tensor({1.0, 0.0}, f64)), far, create_graph);
  check_close(grad(sum(slope), far), {0, 0});
}

TEST_CASE("squared and absolute errors") {
  Tensor x = tensor({{1.0, 2.0}, {3.0, -4.0}}, f64), y = tensor({{1.0, 0.0}, {4.0, -1.0}}, f64);
  CHECK(nn::mse(x, y).item() == (0 + 4 + 1 + 9) / 4.0);
  CHECK(nn::mse(x, y, Reduction::sum).item() == 14);
  CHECK(nn::mse(x, y, Reduction::none).to_vector() == Values{0, 4, 1, 9});
  CHECK(nn::l1(x, y).item() == 1.5);
  CHECK(nn::mse(x, 1).item() == (0 + 1 + 4 + 25) / 4.0);
  Tensor v = variable(x);
  nn::l1(v, y, Reduction::sum).backward();
  CHECK(v.grad().to_vector() == Values{0, 1, -1, -1});
  auto squared = [](const Tensor& a, const Tensor& b) { return nn::mse(a, b); };
  CHECK_GRADIENTS(squared, x, y);
  CHECK_SECOND_GRADIENTS(squared, x, y + 0.1);
  CHECK_GRADIENTS([](const Tensor& a, const Tensor& b) { return nn::l1(a, b); }, x, y + 0.1);
  CHECK_THROWS_WITH_AS(nn::mse(zeros({2, 1}), zeros({2})), doctest::Contains("mse: prediction and target differ"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(nn::l1(zeros({2, 1}), zeros({3})), doctest::Contains("l1: prediction and target differ"),
                       ShapeError);
}

TEST_CASE("the user's line is on the graph of a loss") {
  int line = __LINE__ + 1;
  CHECK(nn::mse(variable(zeros({2})), ones({2})).site().line == line);
  CHECK(nn::cross_entropy(variable(zeros({2, 2})), zeros({2}, i64)).site().line == line + 1);
}

TEST_CASE("weights that do not fit") {
  Tensor p = full({3}, 0.5), wide = ones({4, 3});
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(p, p, {.weight = wide}),
                       doctest::Contains("a weight of shape (4, 3) does not fit losses of shape (3,)"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy_with_logits(p, p, {.weight = wide}),
                       doctest::Contains("binary_cross_entropy_with_logits: a weight of shape (4, 3)"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(zeros({4, 3}), full({4, 3}, 1.0 / 3), {.weight = ones({4, 1})}),
                       doctest::Contains("a weight of shape (4, 1) does not fit 3 classes"), ShapeError);
}
