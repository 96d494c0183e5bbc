// Embedding: rows, gradients that add up, padding, and what is out of range.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

namespace {

Tensor table() { return astype(arange(12), f64) * astype(arange(12), f64); }

}  // namespace

TEST_CASE("an embedding is rows of its weight") {
  Tensor w = reshape(table(), {4, 3}), ids = tensor({{1, 0, 3}, {3, 3, 2}}, i64);
  Tensor y = embedding(ids, w);
  CHECK(y.shape() == Shape{2, 3, 3});
  CHECK(all_equal(y, w(ids)));
  CHECK(embedding(tensor(2, i64), w).to_vector() == std::vector<double>{36, 49, 64});
  CHECK(embedding(zeros({2, 0}, i64), w).shape() == Shape{2, 0, 3});
  CHECK(embedding(zeros({2}, i64), zeros({4, 0})).shape() == Shape{2, 0});
  CHECK(all_equal(embedding(ids, transpose(reshape(table(), {3, 4}))), transpose(reshape(table(), {3, 4}))(ids)));
  CHECK(all_equal(embedding(ids, w, 3), y));  // padding changes the gradient only
}

TEST_CASE("repeated indices add up and the padding row stays without a gradient") {
  Tensor w = variable(zeros({4, 2})), ids = tensor({1, 1, 3, 1, 0}, i64);
  sum(embedding(ids, w)).backward();
  CHECK(w.grad().to_vector() == std::vector<double>{1, 1, 3, 3, 0, 0, 1, 1});
  for (std::int64_t padding : {1, -3}) {
    w.zero_grad();
    sum(embedding(ids, w, padding)).backward();
    CHECK(w.grad().to_vector() == std::vector<double>{1, 1, 0, 0, 0, 0, 1, 1});
  }
}

TEST_CASE("the gradients of embedding") {
  Tensor ids = tensor({{1, 0, 3}, {3, 3, 1}}, i64);
  auto plain = [&](const Tensor& w) { return embedding(ids, w); };
  CHECK_GRADIENTS(plain, randn({4, 3}, f64));
  CHECK_SECOND_GRADIENTS([&](const Tensor& w) { return tanh(plain(w)); }, randn({4, 3}, f64));
  // With padding the derivative is by convention not the true one; the second one is of what there is.
  Tensor w = variable(randn({4, 3}, f64)), g = randn({2, 3, 3}, f64);
  Tensor u = variable(g), dw = grad(Tensors{embedding(ids, w, 3)}, Tensors{w}, Tensors{u}, create_graph)[0];
  Tensor du = grad(Tensors{dw}, Tensors{u}, Tensors{ones({4, 3}, f64)})[0];
  CHECK(du.to_vector() == astype(expand_dims(ids != 3, -1) * ones({3}), f64).to_vector());
}

TEST_CASE("a large gradient has the same bits with any number of threads") {
  int before = threads();
  Rng rng(1);
  Tensor ids = randint(0, 50, {4000}, rng), g = randn({4000, 64}, rng), w = variable(zeros({50, 64}));
  std::vector<double> expected;
  for (int count : {1, 2, 3}) {
    set_threads(count);
    std::vector<double> found = grad(Tensors{embedding(ids, w)}, Tensors{w}, Tensors{g})[0].to_vector();
    if (expected.empty()) expected = found;
    CHECK(found == expected);
  }
  set_threads(before);
  CHECK(all_close(tensor(expected), flatten(matmul(transpose(one_hot(ids, 50)), g)), 1e-4, 1e-4));
}

TEST_CASE("the layer starts normal, its padding row at zeros") {
  seed(2);
  nn::Embedding layer{300, 100, {.padding_idx = -1}};
  CHECK(all_equal(layer.weight(299), zeros({100})));
  Tensor rest = layer.weight(range(0, 299));
  CHECK(std::abs(mean(rest).item()) < 0.02);
  CHECK(xg::std(rest).item() == doctest::Approx(1).epsilon(0.02));
  CHECK(nn::named_parameters(layer)[0].name == "weight");
  sum(layer(tensor({299, 1}, i64))).backward();
  CHECK(sum(layer.weight.grad()).item() == 100);
  nn::Embedding same{300, 100};
  seed(2);
  CHECK(all_equal(nn::Embedding(300, 100).weight(range(0, 299)), rest));
}

TEST_CASE("what Embedding refuses") {
  struct Model {
    nn::Embedding token{5, 2};
  } model;
  nn::parameters(model);
  CHECK_THROWS_WITH_AS(model.token(tensor({{1, 2}, {5, 0}}, i64)),
                       doctest::Contains("embedding: index 5 at [1, 0] is none of 5 rows\n  layer  token\n"),
                       IndexError);
  CHECK_THROWS_WITH_AS(model.token(tensor(-1, i64)), doctest::Contains("index -1 at [] is none of 5 rows"), IndexError);
  CHECK_THROWS_WITH_AS(model.token(tensor({7}, i64)), doctest::Contains("  at  embedding_test.cpp:"), IndexError);
  CHECK_THROWS_WITH_AS(model.token(tensor({1.0})), doctest::Contains("embedding: indices are i64, not f32"),
                       DTypeError);
  CHECK_THROWS_WITH_AS(embedding(zeros({1}, i64), zeros({5})),
                       doctest::Contains("the weight has shape (5,), not (rows, size)"), ShapeError);
  CHECK_THROWS_WITH_AS(embedding(zeros({1}, i64), zeros({5, 2}), 5),
                       doctest::Contains("embedding: padding_idx 5 is none of 5 rows"), IndexError);
  CHECK_THROWS_WITH_AS(nn::Embedding(-1, 2), doctest::Contains("Embedding: sizes cannot be negative: rows -1, size 2"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Embedding(3, 2, {.padding_idx = -4}),
                       doctest::Contains("Embedding: padding_idx -4 is none of 3 rows\n  at  embedding_test.cpp:"),
                       IndexError);
}
