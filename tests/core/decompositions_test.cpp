// Linear systems, inverses, determinants, Cholesky factors, diagonals and triangles: identities and differences.
#include <limits>

#include "linalg_check.hpp"
#include "message.hpp"

using namespace xg;
using namespace xg_test;

namespace {

/// Far from singular.
Tensor regular(const Shape& shape, unsigned seed = 1) { return noise(shape, f64, seed) + eye(shape.back(), f64) * 2; }
Tensor positive(const Shape& shape, unsigned seed = 1) {
  Tensor a = noise(shape, f64, seed);
  return matmul(a, matrix_transpose(a)) + eye(shape.back(), f64);
}
/// Matrices of one shape side by side along a new first axis.
Tensor batch_of(const std::vector<Tensor>& matrices) {
  Shape shape = matrices[0].shape();
  std::int64_t size = matrices[0].size();
  shape.insert(0, static_cast<std::int64_t>(matrices.size()));
  return filled(shape, [&](std::int64_t i) {
    return matrices[static_cast<std::size_t>(i / size)].to_vector()[static_cast<std::size_t>(i % size)];
  });
}
Tensor symmetric(const Tensor& a) { return (a + matrix_transpose(a)) * 0.5; }

}  // namespace

TEST_CASE("solve solves, for vectors and matrices and batches") {
  struct Case {
    Shape a, b, x;
  };
  for (const Case& c : {Case{{3, 3}, {3}, {3}},
                        {{3, 3}, {3, 2}, {3, 2}},
                        {{1, 1}, {1}, {1}},
                        {{2, 3, 3}, {2, 3}, {2, 3}},
                        {{2, 3, 3}, {2, 3, 2}, {2, 3, 2}},
                        {{2, 3, 3}, {3, 2}, {2, 3, 2}},
                        {{3, 3}, {2, 3, 2}, {2, 3, 2}},
                        {{2, 1, 3, 3}, {4, 3, 2}, {2, 4, 3, 2}},
                        {{2, 3, 3}, {3}, {2, 3}},
                        {{0, 3, 3}, {3, 2}, {0, 3, 2}},
                        {{3, 3}, {3, 0}, {3, 0}},
                        {{0, 0}, {0, 2}, {0, 2}}}) {
    CAPTURE(to_string(c.a) + to_string(c.b));
    Tensor a = regular(c.a), b = noise(c.b, f64, 5), x = solve(a, b);
    REQUIRE(x.shape() == c.x);
    bool vectors = c.x.size() < std::max(c.a.size(), c.b.size()) || c.b.size() == 1;
    Tensor product = vectors ? squeeze(matmul(a, expand_dims(x, -1)), -1) : matmul(a, x);
    CHECK(worst(product, broadcast_to(b, c.x)) <= 1e-13);
    check_gradients([](const Tensors& v) { return solve(v[0], v[1]); }, {a, b}, 2, 1e-6);
  }
  Tensor a = regular({4, 4}), b = noise({4, 3}, f64, 2);
  CHECK(worst(solve(matrix_transpose(a), b), matmul(inv(matrix_transpose(a)), b)) <= 1e-13);
  CHECK(solve(astype(a * 10, i64), b).dtype() == f64);
  CHECK(worst(matmul(astype(a, f32), solve(astype(a, f32), astype(b, f32))), astype(b, f32)) <= 1e-6);
  Tensor large = regular({70, 70}) * 5 + eye(70, f64) * 20;
  CHECK(worst(matmul(large, solve(large, noise({70, 9}))), noise({70, 9})) <= 1e-11);
}

TEST_CASE("batches give the same bits with one thread and with two") {
  Tensor a = regular({300, 12, 12}), b = noise({300, 12, 3}, f64, 2);
  auto results = [&] { return Tensors{solve(a, b), inv(a), cholesky(matmul(a, matrix_transpose(a))), matmul(a, b)}; };
  int before = threads();
  set_threads(1);
  Tensors one = results();
  set_threads(2);
  Tensors two = results();
  set_threads(before);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(same_bits(one[i], two[i]));
}

TEST_CASE("third derivatives of solve reuse its factors") {
  check_gradients([](const Tensors& v) { return solve(v[0], v[1]); }, {regular({2, 2}), noise({2})}, 3, 1e-6);
}

TEST_CASE("triangular_solve of every kind of triangle") {
  for (bool upper : {false, true})
    for (bool transposed : {false, true})
      for (bool unit : {false, true})
        for (bool turned : {false, true})
          for (const Shape& batch : {Shape{}, Shape{2}}) {
            CAPTURE(upper);
            CAPTURE(transposed);
            CAPTURE(unit);
            CAPTURE(turned);
            Shape shape = batch;
            shape.push_back(3), shape.push_back(3);
            Tensor a = regular(shape), b = noise({3, 2}, f64, 3);
            if (turned) a = matrix_transpose(a);
            TriangularOptions options{.upper = upper, .transposed = transposed, .unit_diagonal = unit};
            Tensor x = triangular_solve(a, b, options);
            Tensor t = upper ? triu(a, unit) : tril(a, unit ? -1 : 0);
            if (unit) t = t + eye(3, f64);
            if (transposed) t = matrix_transpose(t);
            CHECK(worst(matmul(t, x), broadcast_to(b, x.shape())) <= 1e-13);
            if (turned) continue;
            check_gradients([&](const Tensors& v) { return triangular_solve(v[0], v[1], options); }, {a, b}, 2, 1e-6);
          }
  CHECK(triangular_solve(regular({3, 3}), noise({3})).shape() == Shape{3});
  CHECK(triangular_solve(regular({0, 0}), noise({0})).shape() == Shape{0});
}

TEST_CASE("inv is the inverse on both sides") {
  for (const Shape& shape : {Shape{3, 3}, {2, 2, 4, 4}, {1, 1}, {0, 0}, {0, 2, 2}}) {
    Tensor a = regular(shape);
    Tensor identity = broadcast_to(eye(shape.back(), f64), shape);
    CHECK(worst(matmul(a, inv(a)), identity) <= 1e-13);
    CHECK(worst(matmul(inv(a), a), identity) <= 1e-13);
    check_gradients([](const Tensors& v) { return inv(v[0]); }, {a}, 2, 1e-6);
  }
  CHECK(all_close(inv(tensor({{1, 2}, {3, 4}}, f64)), tensor({{-2.0, 1.0}, {1.5, -0.5}}, f64), 1e-14));
  CHECK(inv(tensor({{2}}, i64)).item() == 0.5);
}

TEST_CASE("cholesky factors, and its gradient is symmetric") {
  for (const Shape& shape : {Shape{3, 3}, {2, 4, 4}, {1, 1}, {0, 0}}) {
    Tensor a = positive(shape), l = cholesky(a);
    CHECK(worst(matmul(l, matrix_transpose(l)), a) <= 1e-13);
    CHECK(worst(tril(l), l) == 0);
    CHECK(worst(cholesky(tril(a)), l) == 0);  // the other triangle is not read
    check_gradients([](const Tensors& v) { return cholesky(symmetric(v[0])); }, {a}, 2, 1e-6);
    Tensor x = variable(a);
    Tensor g = grad(sum(cholesky(x) * noise(shape, f64, 4)), x);
    CHECK(worst(g, matrix_transpose(g)) <= 1e-15);
  }
  CHECK(all_close(cholesky(tensor({{4, 2}, {2, 10}}, i64)), tensor({{2, 0}, {1, 3}}, i64)));
}

TEST_CASE("det multiplies, and equals small closed forms") {
  CHECK(det(tensor({{1, 2}, {3, 4}}, f64)).item() == doctest::Approx(-2).epsilon(1e-15));
  CHECK(det(tensor({{2, 0, 1}, {1, 3, 2}, {1, 1, 4}}, i64)).item() == doctest::Approx(18).epsilon(1e-15));
  CHECK(det(zeros({0, 0}, f64)).item() == 1);
  CHECK(det(zeros({3, 2, 2}, f64)).to_vector() == std::vector<double>{0, 0, 0});
  Tensor a = regular({2, 3, 3}), b = regular({2, 3, 3}, 2);
  CHECK(worst(det(matmul(a, b)), det(a) * det(b)) <= 1e-12);
  for (const Shape& shape : {Shape{3, 3}, {2, 2, 2}, {1, 1}, {0, 0}, {0, 2, 2}, {3, 0, 0}})
    check_gradients([](const Tensors& v) { return det(v[0]); }, {regular(shape)}, 2, 1e-6);
  check_gradients([](const Tensors& v) { return det(v[0]); }, {regular({3, 3})}, 3, 1e-6);
}

TEST_CASE("det of singular matrices has exact derivatives") {
  Tensor one = tensor({{1, 2, 3}, {2, 4, 6}, {1, 0, 1}}, f64);      // rank 2, an exact zero pivot
  Tensor rounded = tensor({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, f64);  // rank 2, a pivot near 0
  Tensor two = tensor({{1, 2, 3}, {2, 4, 6}, {-1, -2, -3}}, f64);   // rank 1
  for (const Tensor& a : {one, rounded, two, zeros({3, 3}, f64), zeros({2, 2}, f64), zeros({1, 1}, f64),
                          batch_of({one, regular({3, 3}), two})}) {
    check_gradients([](const Tensors& v) { return det(v[0]); }, {a}, 3, 1e-6);
    Tensor x = variable(a);
    Tensor first = grad(sum(det(x)), x), recorded = grad(sum(det(x)), x, create_graph);
    CHECK(worst(first, recorded) <= 1e-13);
  }
  Tensor x = variable(one);
  CHECK(all_close(grad(det(x), x), tensor({{4, 4, -4}, {-2, -2, 2}, {0, 0, 0}}, f64), 0, 1e-14));
}

TEST_CASE("slogdet is the logarithm of det") {
  Tensor a = batch_of({regular({3, 3}), matmul(regular({3, 3}, 2), diag(tensor({-1.0, 1, 1}, f64)))});
  auto [sign, logabsdet] = slogdet(a);
  CHECK(worst(sign, tensor({1.0, -1.0}, f64)) == 0);
  CHECK(worst(sign * exp(logabsdet), det(a)) <= 1e-13);
  check_gradients([](const Tensors& v) { return slogdet(v[0]).logabsdet; }, {a}, 2, 1e-6);
  CHECK_FALSE(slogdet(variable(a)).sign.requires_grad());
  SignAndLog huge = slogdet(eye(400, f64) * 1e9);
  CHECK(huge.logabsdet.item() == doctest::Approx(400 * std::log(1e9)).epsilon(1e-14));
  SignAndLog none = slogdet(zeros({2, 2}, f64));
  CHECK(none.sign.item() == 0);
  CHECK(none.logabsdet.item() == -std::numeric_limits<double>::infinity());
  CHECK(slogdet(zeros({0, 0}, f64)).logabsdet.item() == 0);
  Tensor singular = variable(zeros({2, 2}, f64));
  CHECK_FALSE(std::isfinite(sum(grad(slogdet(singular).logabsdet, singular)).item()));
  // A singular matrix that does not count does no harm.
  Tensor both = variable(batch_of({eye(2, f64), zeros({2, 2}, f64)}));
  Tensor g = grad(sum(where(tensor({true, false}), slogdet(both).logabsdet, 0)), both);
  CHECK(worst(g, batch_of({eye(2, f64), zeros({2, 2}, f64)})) == 0);
}

TEST_CASE("diag, trace, tril and triu") {
  CHECK(all_equal(diag(tensor({1, 2}, i64), 1), tensor({{0, 1, 0}, {0, 0, 2}, {0, 0, 0}}, i64)));
  CHECK(all_equal(diag(tensor({1, 2}, i64), -1), tensor({{0, 0, 0}, {1, 0, 0}, {0, 2, 0}}, i64)));
  Tensor x = reshape(arange(12), {3, 4});
  CHECK(all_equal(diag(x), tensor({0, 5, 10}, i64)));
  CHECK(all_equal(diag(x, 2), tensor({2, 7}, i64)));
  CHECK(all_equal(diag(x, -2), tensor({8}, i64)));
  CHECK(diag(x, 4).shape() == Shape{0});
  CHECK(diag(x, -7).shape() == Shape{0});
  CHECK(diag(zeros({0})).shape() == Shape{0, 0});
  CHECK(trace(x).item() == 15);
  CHECK(trace(x, 1).item() == 18);
  CHECK(trace(x > 4).dtype() == i64);
  CHECK(all_equal(trace(reshape(arange(8), {2, 2, 2})), tensor({3, 11}, i64)));
  CHECK(all_equal(tril(x), tensor({{0, 0, 0, 0}, {4, 5, 0, 0}, {8, 9, 10, 0}}, i64)));
  CHECK(all_equal(triu(x), tensor({{0, 1, 2, 3}, {0, 5, 6, 7}, {0, 0, 10, 11}}, i64)));
  for (std::int64_t k : {-100, -3, -1, 0, 2, 3, 100}) {
    CHECK(all_equal(tril(x, k) + triu(x, k + 1), x));
    check_gradients([k](const Tensors& v) { return tril(v[0], k) + triu(v[0], k - 1) * v[0]; }, {noise({2, 3, 4})});
    check_gradients([k](const Tensors& v) { return trace(v[0] * v[0], k); }, {noise({2, 3, 4})});
  }
  for (std::int64_t k : {-2, 0, 1}) {
    check_gradients([k](const Tensors& v) { return diag(v[0] * v[0], k); }, {noise({3})});
    check_gradients([k](const Tensors& v) { return diag(v[0] * v[0], k); }, {noise({3, 4})});
  }
  CHECK(tril(zeros({0, 3})).shape() == Shape{0, 3});
  CHECK(all_equal(triu(matrix_transpose(x)), matrix_transpose(tril(x))));
}

TEST_CASE("messages of linear algebra") {
  const char* here = "decompositions_test.cpp";
  auto says = [&](const auto& f) { return message<ShapeError>(f, here); };
  CHECK(says([] { solve(noise({2, 3}), noise({2})); }) == "solve: the matrix is not square: (2, 3)");
  CHECK(says([] { solve(noise({3}), noise({3})); }) == "solve: needs at least two axes, not 1");
  CHECK(says([] { solve(noise({3, 3}), noise({2})); }) == "solve: a has 3 rows, b 2");
  CHECK(says([] { solve(noise({3, 3}), 1.0); }) == "solve: b has no axes, so no rows");
  CHECK(says([] {
          solve(noise({2, 3, 3}), noise({4, 3, 1}));
        }) == "solve: leading axes do not broadcast: (2,) and (4,)");
  CHECK(says([] { triangular_solve(noise({3, 3}), noise({4, 1})); }) == "triangular_solve: a has 3 rows, b 4");
  CHECK(says([] { inv(noise({2, 3})); }) == "inv: the matrix is not square: (2, 3)");
  CHECK(says([] { det(noise({4})); }) == "det: needs at least two axes, not 1");
  CHECK(says([] { slogdet(noise({2, 3})); }) == "slogdet: the matrix is not square: (2, 3)");
  CHECK(says([] { cholesky(noise({2, 3})); }) == "cholesky: the matrix is not square: (2, 3)");
  CHECK(says([] { diag(noise({2, 3, 4})); }) == "diag: takes a vector or a matrix, not (2, 3, 4)");
  CHECK(says([] { diag(1.0); }) == "diag: takes a vector or a matrix, not ()");
  CHECK(says([] { trace(noise({3})); }) == "trace: needs at least two axes, not 1");
  CHECK(says([] { tril(noise({3})); }) == "tril: needs at least two axes, not 1");
  CHECK(says([] { triu(noise({})); }) == "triu: needs at least two axes, not 0");

  auto value = [&](const auto& f) { return message<ValueError>(f, here); };
  Tensor singular = tensor({{1, 2}, {2, 4}}, f64);
  CHECK(value([&] { solve(singular, noise({2})); }) == "solve: the matrix is singular: pivot 1 of its LU factors is 0");
  CHECK(value([&] {
          inv(batch_of({eye(2, f64), singular}));
        }) == "inv: the matrix at (1,) is singular: pivot 1 of its LU factors is 0");
  CHECK(value([&] {
          triangular_solve(batch_of({eye(2, f64), diag(tensor({1.0, 0.0}, f64))}), noise({2, 1}));
        }) == "triangular_solve: the matrix at (1,) is singular: diagonal element 1 is 0");
  CHECK(value([&] {
          cholesky(tensor({{1, 2}, {2, 1}}, f64));
        }) == "cholesky: the matrix is not positive definite: its leading minor of order 2 is not positive");
  CHECK(value([&] {
          cholesky(batch_of({eye(2, f64), eye(2, f64), -eye(2, f64)}));
        }) == "cholesky: the matrix at (2,) is not positive definite: its leading minor of order 1 is not positive");
}
