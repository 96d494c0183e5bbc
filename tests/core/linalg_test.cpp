// Matrix products: values against plain loops, gradients against finite differences.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

/// Numbers without pattern in (-1, 1).
Tensor noise(const Shape& shape, DType dtype = f64, unsigned seed = 1) {
  Array result(shape, f64);
  std::uint32_t state = 2463534242u + 7919u * seed;
  for (std::int64_t i = 0; i < result.size(); ++i) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    result.fill<double>()[i] = state / 2147483648.0 - 1;
  }
  return Tensor(result.cast(dtype));
}

Tensor with_shape(const Tensor& x, const Shape& shape) { return Tensor(x.array().reshaped(shape)); }

double worst(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  auto x = a.to_vector(), y = b.to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

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

double total(const Tensor& x) {
  double sum = 0;
  for (double v : x.to_vector()) sum += v;
  return sum;
}

using Function = std::function<Tensor(const Tensors&)>;

/// Σ f(x) c with c fixed noise: a number that depends on every element of f(x).
Tensor probe(const Function& f, const Tensors& x) {
  Tensor y = f(x);
  return sum_to(y * noise(y.shape(), f64, 99), {});
}

/// Gradients of f against central differences, and gradients of a probe of the gradients likewise.
void check_gradients(const Function& f, const Tensors& values, int order = 2, double tolerance = 1e-7) {
  Tensors x;
  for (const Tensor& value : values) x.push_back(variable(value));
  Tensor at_values = probe(f, x);
  Tensors found;
  if (at_values.requires_grad())
    found = grad(Tensors{at_values}, x, {}, {.create_graph = order > 1, .allow_unused = true});
  found.resize(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!found[k].defined()) found[k] = Tensor(Array::zeros(x[k].shape(), f64));
    auto g = found[k].to_vector();
    for (std::int64_t i = 0; i < x[k].size(); ++i) {
      auto moved = [&](double h) {
        Tensors y = values;
        Array changed = values[k].array().copy();
        changed.fill<double>()[i] += h;
        y[k] = Tensor(changed);
        return probe(f, y).item();
      };
      double h = 1e-6, difference = (moved(h) - moved(-h)) / (2 * h);
      CHECK(std::abs(g[i] - difference) <= tolerance * std::max(1.0, std::abs(difference)));
    }
  }
  if (order == 1) return;
  check_gradients(
      [&](const Tensors& y) {
        Tensors at;
        for (const Tensor& value : y) at.push_back(value.requires_grad() ? value : variable(value));
        Tensors d = grad(Tensors{probe(f, at)}, at, {}, {.create_graph = true, .allow_unused = true});
        Tensor sum = Tensor(Array(0.0, f64));
        for (const Tensor& g : d)
          if (g.defined()) sum = sum + sum_to(g * noise(g.shape(), f64, 77), {});
        return sum;
      },
      values, 1, 30 * tolerance);
}

template <class E, class F>
std::string message(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}
bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

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
    Tensor flat = with_shape(y, {count, m, n});
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
  sum_to(y, {}).backward();
  CHECK(a.grad().dtype() == f32);
  CHECK(b.grad().dtype() == f64);
  CHECK(matmul(noise({2, 2}, f32), astype(noise({2, 2}), i64)).dtype() == f64);
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
  CHECK(linear(noise({3, 0}), noise({2, 0}), noise({2})).shape() == Shape{3, 2});
  CHECK(linear(noise({3, 4}), noise({0, 4})).shape() == Shape{3, 0});
}

TEST_CASE("matrix_transpose, dot and outer") {
  Tensor x = noise({2, 3, 4});
  CHECK(matrix_transpose(x).shape() == Shape{2, 4, 3});
  CHECK(worst(matrix_transpose(matrix_transpose(x)), x) == 0);
  check_gradients([](const Tensors& v) { return matrix_transpose(v[0]) * noise({4, 3}, f64, 5); }, {x});
  Tensor a = noise({3}), b = noise({3}, f64, 2);
  CHECK(dot(a, b).item() == doctest::Approx(total(a * b)));
  check_gradients([](const Tensors& v) { return dot(v[0], v[1]); }, {a, b});
  Tensor y = outer(a, noise({2, 2}));
  CHECK(y.shape() == Shape{3, 4});
  CHECK(worst(y, with_shape(a, {3, 1}) * with_shape(noise({2, 2}), {4})) == 0);
  check_gradients([](const Tensors& v) { return outer(v[0], v[1]); }, {a, noise({2, 2})});
  CHECK(outer(noise({}), noise({2})).shape() == Shape{1, 2});
}

TEST_CASE("messages of matrix products") {
  std::string text = message<ShapeError>([] { matmul(noise({32, 784}, f32), noise({512, 10}, f32)); });
  CHECK(starts_with(text, "matmul: inner sizes differ: 784 and 512\n  a  f32 (32, 784)"));
  CHECK(contains(text, "linalg_test.cpp:"));
  CHECK(contains(text, "second to last axis of b"));
  CHECK(
      starts_with(message<ShapeError>([] { matmul(noise({3}), noise({4})); }), "matmul: inner sizes differ: 3 and 4"));
  CHECK(starts_with(message<ShapeError>([] { matmul(2, noise({3})); }), "matmul: a 0-d operand has no axis"));
  CHECK(starts_with(message<ShapeError>([] {
                      matmul(noise({2, 3, 4}), noise({3, 4, 5}));
                    }),
                    "matmul: leading axes do not broadcast: (2,) and (3,)"));
  CHECK(starts_with(message<ShapeError>([] { matrix_transpose(noise({3})); }),
                    "matrix_transpose: needs at least two axes, not 1"));
  CHECK(starts_with(message<ShapeError>([] {
                      linear(noise({2, 5}), noise({3, 4}), noise({3}));
                    }),
                    "linear: x has 5 features, the weight takes 4"));
  CHECK(starts_with(message<ShapeError>([] {
                      linear(noise({2, 5}), noise({5}));
                    }),
                    "linear: the weight has shape (5,), not (out, in)"));
  CHECK(starts_with(message<ShapeError>([] { linear(3.0, noise({3, 4})); }), "linear: x has no axes"));
  CHECK(starts_with(message<ShapeError>([] {
                      linear(noise({2, 4}), noise({3, 4}), noise({4}));
                    }),
                    "linear: the bias has shape (4,), the weight gives 3 outputs"));
  CHECK(starts_with(message<ShapeError>([] { dot(noise({2}), noise({3})); }),
                    "dot: takes two vectors of one length, not (2,) and (3,)"));
}
