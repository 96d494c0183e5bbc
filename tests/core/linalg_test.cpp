// Matrix products: values against plain loops, gradients against finite differences.
#include "linalg_check.hpp"
#include "message.hpp"

using namespace xg;
using namespace xg_test;

namespace {

/// The product of two matrices (no batch) by its definition.
Tensor by_definition(const Tensor& a, const Tensor& b) {
  std::int64_t m = a.shape()[0], k = a.shape()[1], n = b.shape()[1];
  auto x = a.to_vector(), y = b.to_vector();
  Array result = Array::zeros({m, n}, f64);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t l = 0; l < k; ++l) result.fill<double>()[i * n + j] += x[i * k + l] * y[l * n + j];
  return Tensor(result);
}

/// A view of (rows, columns) in some layout, of the same values whatever the layout.
Tensor laid_out(const Tensor& x, int layout) {
  std::int64_t rows = x.shape()[0], columns = x.shape()[1];
  Array padded;
  switch (layout) {
    case 0: return x;
    case 1: return Tensor(x.array().transposed().copy().transposed());
    case 2:  // every third column of a wider array
      padded = Array::zeros({rows, 3 * columns + 1}, x.dtype()).view({rows, columns}, {3 * columns + 1, 3});
      break;
    case 3:  // rows with a gap
      padded = Array::zeros({rows, columns + 3}, x.dtype()).view({rows, columns}, {columns + 3, 1});
      break;
    case 4:  // columns with a gap
      padded = Array::zeros({columns, rows + 2}, x.dtype()).view({rows, columns}, {1, rows + 2});
      break;
    default:  // backwards
      padded = Array::zeros({rows, columns}, x.dtype())
                   .view({rows, columns}, {-columns, -1}, std::max<std::int64_t>(0, rows * columns - 1));
  }
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      visit(x.dtype(), [&](auto t) {
        using T = decltype(t);
        auto at = [&](const Array& array) {
          return const_cast<T*>(array.data<T>()) + i * array.strides()[0] + j * array.strides()[1];
        };
        *at(padded) = *at(x.array());
      });
  return Tensor(padded);
}

}  // namespace

TEST_CASE("matmul of every layout and size equals its definition") {
  struct Size {
    std::int64_t m, k, n;
  };
  for (Size s : {Size{1, 1, 1},
                 {1, 4, 16},
                 {16, 4, 1},
                 {1, 16, 3},
                 {3, 1, 16},
                 {2, 3, 5},
                 {7, 9, 37},
                 {5, 40, 4},
                 {4, 33, 33},
                 {1, 300, 70},
                 {70, 300, 1},
                 {33, 34, 35},
                 {64, 20, 50},
                 {0, 3, 4},
                 {3, 0, 4},
                 {3, 4, 0}})
    for (DType dtype : {f32, f64, i64})
      for (int left = 0; left < 6; ++left)
        for (int right = 0; right < 6; ++right) {
          Tensor a = noise({s.m, s.k}, f64, 3), b = noise({s.k, s.n}, f64, 4);
          if (dtype == i64) a = a * 10, b = b * 10;
          a = astype(a, dtype), b = astype(b, dtype);
          Tensor y = matmul(laid_out(a, left), laid_out(b, right));
          CHECK(y.dtype() == dtype);
          CHECK(worst(y, by_definition(a, b)) <= (dtype == f32 ? 1e-5 : 1e-13));
        }
}

TEST_CASE("matmul of booleans is the union of intersections") {
  Tensor a = noise({3, 4}) > 0.4, b = noise({4, 5}, f64, 2) > 0.4;
  Tensor y = matmul(a, b);
  CHECK(y.dtype() == boolean);
  CHECK(worst(y, by_definition(a, b) > 0) == 0);
}

TEST_CASE("matmul broadcasts leading axes and takes vectors") {
  struct Case {
    Shape a, b, y;
  };
  for (const Case& c : {Case{{3}, {3}, {}},
                        {{3}, {3, 2}, {2}},
                        {{2, 3}, {3}, {2}},
                        {{4, 2, 3}, {3}, {4, 2}},
                        {{3}, {4, 3, 2}, {4, 2}},
                        {{4, 2, 3}, {3, 5}, {4, 2, 5}},
                        {{2, 3}, {4, 3, 5}, {4, 2, 5}},
                        {{4, 1, 2, 3}, {6, 3, 5}, {4, 6, 2, 5}},
                        {{1, 2, 3}, {4, 3, 5}, {4, 2, 5}},
                        {{4, 1, 3}, {1, 3, 5}, {4, 1, 5}},
                        {{2, 3}, {0, 3, 5}, {0, 2, 5}},
                        {{2, 0}, {4, 0, 5}, {4, 2, 5}}}) {
    CAPTURE(to_string(c.a) + to_string(c.b));
    Tensor a = noise(c.a), b = noise(c.b, f64, 2), y = matmul(a, b);
    REQUIRE(y.shape() == c.y);
    // One batch entry at a time.
    Shape sa = c.a, sb = c.b, batch;
    if (sa.size() == 1) sa.insert(0, 1);
    if (sb.size() == 1) sb.push_back(1);
    Shape ba(sa.begin(), sa.end() - 2), bb(sb.begin(), sb.end() - 2);
    broadcast_shapes(ba, bb, batch);
    std::int64_t m = sa[sa.size() - 2], k = sa.back(), n = sb.back(), count = batch.elements();
    auto entry = [&](const Tensor& x, const Shape& shape, std::int64_t rows, std::int64_t columns, std::int64_t i) {
      Shape wide = batch;
      wide.push_back(rows), wide.push_back(columns);
      Array all = x.array().reshaped(shape).broadcast_to(wide).copy();
      return Tensor(all.view({rows, columns}, {columns, 1}, i * rows * columns));
    };
    Tensor flat = reshape(y, {count, m, n});
    for (std::int64_t i = 0; i < count; ++i)
      CHECK(worst(Tensor(flat.array().view({m, n}, {n, 1}, i * m * n)),
                  by_definition(entry(a, sa, m, k, i), entry(b, sb, k, n, i))) <= 1e-14);
    check_gradients([](const Tensors& x) { return matmul(x[0], x[1]); }, {a, b});
  }
}

TEST_CASE("matmul of a tensor with itself, and with views") {
  check_gradients([](const Tensors& x) { return matmul(x[0], x[0]); }, {noise({3, 3})});
  check_gradients([](const Tensors& x) { return matmul(matrix_transpose(x[0]), x[0]); }, {noise({2, 4, 3})});
}

TEST_CASE("matmul promotes and sends gradients back in each operand's dtype") {
  Tensor a = variable(noise({2, 3}, f32)), b = variable(noise({3, 2}, f64));
  Tensor y = matmul(a, b);
  CHECK(y.dtype() == f64);
  sum(y).backward();
  CHECK(a.grad().dtype() == f32);
  CHECK(b.grad().dtype() == f64);
  CHECK(matmul(noise({2, 2}, f32), astype(noise({2, 2}), i64)).dtype() == f64);
}

TEST_CASE("large products begin with the bias, whatever is left of blocks and registers") {
  for (std::int64_t rows : {9, 64, 300})
    for (std::int64_t in : {40, 300})
      for (std::int64_t out : {5, 33, 128, 200}) {
        Tensor x = noise({rows, in}), w = noise({out, in}), b = noise({2 * out})(range(none, none, 2));
        CHECK(worst(linear(x, w, b), matmul(x, matrix_transpose(w)) + b) <= 1e-12);
      }
}

TEST_CASE("linear is x times the transposed weight plus bias") {
  for (const Shape& lead : {Shape{}, {1}, {5}, {0}, {2, 3}, {200}})
    for (bool biased : {true, false}) {
      Shape in = lead, out = lead;
      in.push_back(4), out.push_back(7);
      Tensor x = noise(in), w = noise({7, 4}, f64, 2), b = biased ? noise({7}, f64, 3) : Tensor();
      Tensor y = linear(x, w, b);
      REQUIRE(y.shape() == out);
      Tensor expected = matmul(x, matrix_transpose(w));
      if (biased) expected = expected + b;
      CHECK(worst(y, expected) <= 1e-14);
      if (lead.elements() > 10) continue;
      if (biased) check_gradients([](const Tensors& v) { return linear(v[0], v[1], v[2]); }, {x, w, b});
      else check_gradients([](const Tensors& v) { return linear(v[0], v[1]); }, {x, w});
    }
  Tensor x = Tensor(noise({4, 3}).array().transposed());  // a view
  CHECK(worst(linear(x, noise({2, 4})), matmul(x, matrix_transpose(noise({2, 4})))) <= 1e-15);
  x = transpose(noise({5, 3, 2}));  // (2, 3, 5), not row-major
  CHECK(worst(linear(x, noise({2, 5})), matmul(x, matrix_transpose(noise({2, 5})))) <= 1e-15);
  check_gradients([](const Tensors& v) { return linear(transpose(v[0]), transpose(v[1])); },
                  {noise({5, 3, 2}), noise({5, 2})});
  CHECK(linear(noise({3, 0}), noise({2, 0}), noise({2})).shape() == Shape{3, 2});
  CHECK(linear(noise({3, 4}), noise({0, 4})).shape() == Shape{3, 0});
}

TEST_CASE("products with a long vector are the same bits for any number of threads") {
  int before = threads();
  Tensor x = randn({1, 700}), w = randn({3000, 700}), a = randn({1024, 512}), b = randn({1, 512});
  std::vector<std::vector<double>> results;
  for (int count : {1, 2, 3}) {
    set_threads(count);
    std::vector<double> all;
    for (const Tensor& one :
         {linear(x, w), matmul(linear(x, w), w), linear(a, b), matmul(matrix_transpose(linear(a, b)), a)})
      for (double value : one.to_vector()) all.push_back(value);
    results.push_back(all);
  }
  set_threads(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("matrix_transpose, dot and outer") {
  Tensor x = noise({2, 3, 4});
  CHECK(matrix_transpose(x).shape() == Shape{2, 4, 3});
  CHECK(worst(matrix_transpose(matrix_transpose(x)), x) == 0);
  check_gradients([](const Tensors& v) { return matrix_transpose(v[0]) * noise({4, 3}, f64, 5); }, {x});
  Tensor a = noise({3}), b = noise({3}, f64, 2);
  CHECK(dot(a, b).item() == doctest::Approx(sum(a * b).item()));
  check_gradients([](const Tensors& v) { return dot(v[0], v[1]); }, {a, b});
  Tensor y = outer(a, noise({2, 2}));
  CHECK(y.shape() == Shape{3, 4});
  CHECK(worst(y, reshape(a, {3, 1}) * reshape(noise({2, 2}), {4})) == 0);
  check_gradients([](const Tensors& v) { return outer(v[0], v[1]); }, {a, noise({2, 2})});
  CHECK(outer(noise({}), noise({2})).shape() == Shape{1, 2});
}

TEST_CASE("messages of matrix products") {
  std::string full;
  try {
    matmul(noise({32, 784}, f32), noise({512, 10}, f32));
  } catch (const ShapeError& error) {
    full = error.what();
  }
  CHECK(full.find("matmul: inner sizes differ: 784 and 512\n  a  f32 (32, 784)") == 0);
  CHECK(full.find("second to last axis of b") != full.npos);

  const char* here = "linalg_test.cpp";
  CHECK(message<ShapeError>([] { matmul(noise({3}), noise({4})); }, here) == "matmul: inner sizes differ: 3 and 4");
  CHECK(message<ShapeError>([] { matmul(2, noise({3})); }, here) == "matmul: a 0-d operand has no axis to sum over");
  CHECK(message<ShapeError>(
            [] {
              matmul(noise({2, 3, 4}), noise({3, 4, 5}));
            },
            here) == "matmul: leading axes do not broadcast: (2,) and (3,)");
  CHECK(message<ShapeError>([] { matrix_transpose(noise({3})); }, here) ==
        "matrix_transpose: needs at least two axes, not 1");
  CHECK(message<ShapeError>(
            [] {
              linear(noise({2, 5}), noise({3, 4}), noise({3}));
            },
            here) == "linear: x has 5 features, the weight takes 4");
  CHECK(message<ShapeError>(
            [] {
              linear(noise({2, 5}), noise({5}));
            },
            here) == "linear: the weight has shape (5,), not (out, in)");
  CHECK(message<ShapeError>([] { linear(3.0, noise({3, 4})); }, here) == "linear: x has no axes, so no features");
  CHECK(message<ShapeError>(
            [] {
              linear(noise({2, 4}), noise({3, 4}), noise({4}));
            },
            here) == "linear: the bias has shape (4,), the weight gives 3 outputs");
  CHECK(message<ShapeError>([] { dot(noise({2}), noise({3})); }, here) ==
        "dot: takes two vectors of one length, not (2,) and (3,)");
}
