// What is done with every row of the op table, and the test that no op lacks a row.
#include "op_table.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "core/array/copy.hpp"
#include "core/graph/observer.hpp"
#include "core/transform/trace.hpp"

namespace op_table {
namespace {

using List = std::vector<double>;

/// Numbers in [0, 1) in the order of the golden ratio's multiples: all different, the same in every run.
class Sequence {
 public:
  explicit Sequence(int start = 0) : at_(0.137 * start + 0.31) {}
  double next() { return at_ = std::fmod(at_ + 0.6180339887498949, 1.0); }

 private:
  double at_;
};

double drawn(const Domain& domain, Sequence& sequence) {
  double x = domain.low + (domain.high - domain.low) * sequence.next();
  if (!is_differentiable(domain.dtype)) return std::floor(x);
  for (double point : domain.avoid)
    if (std::abs(x - point) < 0.05) x = point + (x < point ? -0.05 : 0.05);
  return x;
}

Tensor filled(const Shape& shape, const List& values, DType dtype) {
  Array array(shape, f64);
  std::copy(values.begin(), values.end(), array.fill<double>());
  return Tensor(array.cast(dtype));
}

Tensors inputs_of(const Row& row, const Shapes& shapes) {
  Tensors x;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Sequence sequence(static_cast<int>(i));
    List values(static_cast<std::size_t>(shapes[i].elements()));
    for (double& value : values) value = drawn(row.domains[i], sequence);
    x.push_back(filled(shapes[i], values, row.domains[i].dtype));
  }
  return x;
}

Tensor cotangent(const Tensor& y, int start) {
  Sequence sequence(start);
  List values(static_cast<std::size_t>(y.size()));
  for (double& value : values) value = 2 * sequence.next() - 1;
  return filled(y.shape(), values, y.dtype());
}

Tensors cotangents(const Tensors& y, int start) {
  Tensors g;
  for (const Tensor& one : y)
    g.push_back(one.defined() && is_differentiable(one.dtype()) ? cotangent(one, start++) : Tensor());
  return g;
}

/// The op on variables.
struct Run {
  Tensors x, y;
};
Run recorded(const Row& row, const Tensors& inputs) {
  Run run;
  for (const Tensor& x : inputs) run.x.push_back(is_differentiable(x.dtype()) ? variable(x) : x);
  run.y = row.op(run.x);
  return run;
}

Tensors gradients(const Run& run, const Tensors& g, bool create = false) {
  return detail::pull_back(run.y, run.x, g, create, Site::here());
}

/// Gradients of Σ ⟨gradient, v⟩ in the inputs.
Tensors second_gradients(const Run& run, const Tensors& g) {
  Tensors first = gradients(run, g, true);
  return detail::pull_back(first, run.x, cotangents(first, 7), false, Site::here());
}

List numbers(const Tensor& x) { return x.defined() ? astype(detach(x), f64).to_vector() : List(); }

void check_close(const Tensors& found, const Tensors& expected, double tolerance, const char* what) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    CAPTURE(std::string(what));
    CAPTURE(k);
    REQUIRE(found[k].defined() == expected[k].defined());
    if (!found[k].defined()) continue;
    CHECK(found[k].shape() == expected[k].shape());
    List a = numbers(found[k]), b = numbers(expected[k]);
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i])))
        worst = std::max(worst, std::abs(a[i] - b[i]) / (1 + std::abs(b[i])));
    CHECK(worst <= tolerance);
  }
}

std::string text(const Shapes& shapes) {
  std::string all;
  for (const Shape& shape : shapes) all += to_string(shape) + " ";
  return all;
}

/// Calls `f(row, inputs)` for every row and shape. A throw fails the row and not the table.
template <class F>
void for_each(const Rows& rows, const F& f) {
  for (const Row& row : rows)
    for (const Shapes& shapes : row.shapes) {
      CAPTURE(row.name);
      CAPTURE(text(shapes));
      try {
        f(row, inputs_of(row, shapes));
      } catch (const Error& error) {
        FAIL_CHECK(std::string(error.what()));
      }
    }
}

/// The same values seen through reversed strides.
Tensor through_transposed(const Tensor& x) {
  Shape reversed, axes;
  for (std::int64_t i = x.rank(); i-- > 0;) {
    reversed.push_back(x.shape()[i]);
    axes.push_back(i);
  }
  Array view = Array(reversed, x.dtype()).permuted(axes);
  copy_into(x.array(), view);
  return Tensor(view);
}

/// The same values in every second place, the first axis backwards.
Tensor through_stepped(const Tensor& x) {
  Shape wide = x.shape();
  for (std::int64_t& length : wide) length *= 2;
  wide.push_back(2);
  Array buffer = Array::full(wide, 1, x.dtype());
  Strides strides;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) strides.push_back(2 * buffer.strides()[axis]);
  std::int64_t offset = 1;
  if (x.rank() > 0 && x.size() > 0) {
    offset += (x.shape()[0] - 1) * strides[0];
    strides[0] = -strides[0];
  }
  if (x.size() == 0) return x;
  Array view = buffer.view(x.shape(), strides, offset);
  copy_into(x.array(), view);
  return Tensor(view);
}

bool any_real(const Tensors& list) {
  return std::any_of(list.begin(), list.end(), [](const Tensor& t) { return is_differentiable(t.dtype()); });
}

}  // namespace

Domain integers(double low, double high) { return {low, high, {}, i64}; }
Domain booleans() { return {0, 2, {}, boolean}; }

std::vector<Shapes> any_shapes() { return {{{}}, {{3}}, {{2, 3}}, {{2, 1, 3}}, {{2, 1, 2, 2}}, {{0}}, {{2, 0, 3}}}; }
std::vector<Shapes> last_axis_shapes() { return {{{4}}, {{2, 3}}, {{2, 1, 3}}, {{2, 1, 2, 3}}, {{0, 3}}, {{2, 0, 3}}}; }
std::vector<Shapes> broadcasting_shapes() {
  return {{{}, {}},     {{3}, {3}},   {{2, 3}, {2, 3}},    {{2, 3}, {3}},          {{3}, {2, 3}}, {{2, 1}, {1, 3}},
          {{}, {2, 2}}, {{2, 2}, {}}, {{2, 1, 3}, {2, 1}}, {{1, 2}, {2, 2, 1, 2}}, {{0, 3}, {3}}, {{2, 1}, {2, 0}}};
}

Row unary(std::string name, Tensors (*op)(const Tensors&), Domain domain) {
  return {std::move(name), op, {std::move(domain)}, any_shapes(), true, true};
}
Row binary(std::string name, Tensors (*op)(const Tensors&), Domain first, Domain second) {
  return {std::move(name), op, {std::move(first), std::move(second)}, broadcasting_shapes(), true, true};
}
Row without_gradient(Row row) {
  row.is_differentiable = row.is_strong_zero = false;
  return row;
}

std::set<std::string> recorded_ops(const Rows& rows) {
  struct Names final : Observer {
    void op_computed(const ComputedOp& op) override {
      if (op.node()) list.insert(op.name);
    }
    std::set<std::string> list;
  } names;
  Observing scope(names);
  for_each(rows, [&](const Row& row, const Tensors& inputs) {
    Run run = recorded(row, inputs);
    if (row.is_differentiable && any_real(run.x)) gradients(run, cotangents(run.y, 0), true);
  });
  return names.list;
}

void check_orders(const Rows& rows) {
  constexpr double tight = 1e-12;
  for_each(rows, [&](const Row& row, const Tensors& inputs) {
    if (!row.is_differentiable) {
      Run once = recorded(row, inputs), again = recorded(row, inputs);
      check_close(once.y, again.y, 0, "twice");
      for (const Tensor& y : once.y) CHECK_FALSE(y.requires_grad());
      return;
    }
    GradCheckOptions options{.atol = 1e-6, .rtol = 1e-5};
    CHECK(gradcheck(row.op, inputs, options));
    CHECK(gradgradcheck(row.op, inputs, options));
    // A backward pass that is recorded runs other code than one that is not.
    Run run = recorded(row, inputs);
    Tensors g = cotangents(run.y, 3);
    check_close(gradients(run, g, true), gradients(run, g), tight, "recorded backward");
  });
}

void check_f32(const Rows& rows) {
  for_each(rows, [](const Row& row, const Tensors& inputs) {
    auto with_dtype = [&](DType dtype) {
      Tensors x;
      for (const Tensor& input : inputs)
        x.push_back(is_differentiable(input.dtype()) ? astype(astype(input, f32), dtype) : input);
      return x;
    };
    Run narrow = recorded(row, with_dtype(f32)), wide = recorded(row, with_dtype(f64));
    for (std::size_t k = 0; k < narrow.y.size(); ++k)
      CHECK(narrow.y[k].dtype() == (wide.y[k].dtype() == f64 && any_real(inputs) ? f32 : wide.y[k].dtype()));
    check_close(narrow.y, wide.y, row.f32_tolerance, "values");
    if (!row.is_differentiable) return;
    Tensors g = cotangents(wide.y, 3), g32;
    for (const Tensor& one : g) g32.push_back(one.defined() ? astype(one, f32) : one);
    Tensors found = gradients(narrow, g32);
    for (const Tensor& one : found) CHECK((!one.defined() || one.dtype() == f32));
    check_close(found, gradients(wide, g), 10 * row.f32_tolerance, "gradients");
    check_close(second_gradients(narrow, g32), second_gradients(wide, g), 100 * row.f32_tolerance, "second gradients");
  });
}

void check_views(const Rows& rows) {
  for_each(rows, [](const Row& row, const Tensors& inputs) {
    Run plain = recorded(row, inputs);
    for (auto* through : {through_transposed, through_stepped}) {
      Tensors views;
      for (const Tensor& x : inputs) views.push_back(through(x));
      Run run = recorded(row, views);
      check_close(run.y, plain.y, 1e-13, "values");
      if (!row.is_differentiable) continue;
      Tensors g = cotangents(plain.y, 3), strided;
      for (const Tensor& one : g) strided.push_back(one.defined() ? through(one) : one);
      check_close(gradients(run, strided), gradients(plain, g), 1e-12, "gradients");
      check_close(second_gradients(run, strided), second_gradients(plain, g), 1e-11, "second gradients");
    }
  });
}

void check_same_tensor_twice(const Rows& rows) {
  for_each(rows, [](const Row& row, const Tensors& inputs) {
    if (inputs.size() < 2 || inputs[0].shape() != inputs[1].shape() || inputs[0].dtype() != inputs[1].dtype()) return;
    Tensors same = inputs;
    same[1] = same[0];
    Run apart = recorded(row, same), run;
    run.x = apart.x;
    run.x[1] = run.x[0];
    run.y = row.op(run.x);
    check_close(run.y, apart.y, 0, "values");
    if (!row.is_differentiable) return;
    Tensors g = cotangents(run.y, 3), parts = gradients(apart, g);
    Tensors whole = detail::pull_back(run.y, {run.x[0]}, g, false, Site::here());
    check_close(whole, {parts[0] + parts[1]}, 1e-12, "gradient");
  });
}

void check_special_values(const Rows& rows) {
  const List special{NAN, HUGE_VAL, -HUGE_VAL, 0.0, -0.0, 1.0, -1.0, 5e-324, -1e-300, 1e300, -1e300, 300, -300, 0.5};
  auto count = static_cast<std::int64_t>(special.size());
  for_each(rows, [&](const Row& row, const Tensors& drawn) {
    // Into whatever shapes the row has, from another start for each input.
    Tensors inputs;
    for (std::size_t k = 0; k < drawn.size(); ++k) {
      List values = numbers(drawn[k]);
      if (is_differentiable(drawn[k].dtype()))
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = special[(i + 5 * k) % special.size()];
      inputs.push_back(filled(drawn[k].shape(), values, drawn[k].dtype()));
    }
    Run run;
    try {
      run = recorded(row, inputs);
      if (!row.is_differentiable) return;
      gradients(run, cotangents(run.y, 3));
      second_gradients(run, cotangents(run.y, 3));
    } catch (const ValueError&) {  // a matrix of NaN may be refused, but not crash
    }
  });
  for (const Row& row : rows) {
    if (!row.is_strong_zero) continue;
    CAPTURE(row.name);
    for (DType dtype : {f32, f64}) {
      // Every combination of special values.
      Shape shape;
      for (std::size_t k = 0; k < row.domains.size(); ++k) shape.push_back(count);
      Tensors inputs;
      for (std::size_t k = 0; k < row.domains.size(); ++k) {
        if (!is_differentiable(row.domains[k].dtype)) {
          inputs.push_back(Tensor(Array::full(shape, 1, row.domains[k].dtype)));
          continue;
        }
        Shape one(row.domains.size(), 1);
        one[k] = count;
        inputs.push_back(Tensor(filled(one, special, dtype).array().broadcast_to(shape).copy()));
      }
      Run run = recorded(row, inputs);
      Tensors zero, alternating;
      for (const Tensor& y : run.y) {
        List values(static_cast<std::size_t>(y.size()));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 2);
        zero.push_back(Tensor(Array::zeros(y.shape(), y.dtype())));
        alternating.push_back(filled(y.shape(), values, y.dtype()));
      }
      for (bool create : {false, true}) {
        CAPTURE(create);
        for (const Tensor& g : gradients(run, zero, create))
          for (double value : numbers(g)) CHECK(value == 0);
        for (const Tensor& g : gradients(run, alternating, create)) {
          List values = numbers(g);
          for (std::size_t i = 0; i < values.size(); i += 2) CHECK(values[i] == 0);
        }
      }
    }
  }
}

void check_forward_mode(const Rows& rows) {
  for_each(rows, [](const Row& row, const Tensors& inputs) {
    if (!row.is_differentiable) return;
    Run run = recorded(row, inputs);
    Tensors v = cotangents(run.y, 3), u = cotangents(run.x, 11), w;
    for (const Tensor& one : v) w.push_back(one.defined() ? variable(one) : one);
    auto dot = [](const Tensors& a, const Tensors& b) {
      double total = 0, size = 1;
      for (std::size_t k = 0; k < a.size(); ++k) {
        if (!a[k].defined() || !b[k].defined()) continue;
        List p = numbers(a[k]), q = numbers(b[k]);
        for (std::size_t i = 0; i < p.size(); ++i) total += p[i] * q[i], size += std::abs(p[i] * q[i]);
      }
      return std::pair(total, size);
    };
    Tensors duals, reverse = gradients(run, v), pulled = gradients(run, w, true);
    for (const Tensor& one : w)
      if (one.defined()) duals.push_back(one);
    Tensors forward = detail::pull_back(pulled, duals, u, false, Site::here()), v_real;
    for (const Tensor& one : v)
      if (one.defined()) v_real.push_back(one);
    auto [left, size] = dot(v_real, forward);
    CHECK(std::abs(left - dot(reverse, u).first) <= 1e-12 * size);
  });
}

}  // namespace op_table

namespace {

std::set<std::string> names_in_the_table() {
  using namespace op_table;
  std::set<std::string> names;
  for (const Rows* rows :
       {&elementwise_rows(), &activation_rows(), &reduction_rows(), &layer_rows(), &linalg_rows(),
        &normalization_rows(), &recurrent_rows(), &shape_rows(), &convolution_rows(), &attention_rows()})
    for (const Row& row : *rows) names.insert(row.name);
  return names;
}

/// Functions of an operand that the headers of core/ops declare for users.
std::set<std::string> names_in_the_headers() {
  const std::regex function(R"(^(?:Tensors?|[A-Z]\w+) (\w+)\(const Operands?& )");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("core/ops")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream file(entry.path());
    bool is_detail = false;
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("namespace", 0) == 0) is_detail = line.find("detail") != std::string::npos;
      if (line.rfind("}  // namespace", 0) == 0) is_detail = false;
      std::smatch found;
      if (!is_detail && std::regex_search(line, found, function) && found[1] != "operator") names.insert(found[1]);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("every op has a row") {
  std::set<std::string> rows = names_in_the_table(), headers = names_in_the_headers();
  CHECK(headers.size() > 60);
  for (const std::string& name : headers) {
    CAPTURE(name);
    CHECK(rows.count(name) == 1);
  }
  // What must be there, whatever the headers say.
  std::istringstream wanted(
      "add subtract multiply divide negative pow square sqrt rsqrt reciprocal abs sign exp exp2 expm1 log log2 "
      "log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 hypot erf erfc lgamma digamma "
      "xlogy logaddexp floor ceil round trunc fmod remainder maximum minimum clamp where sigmoid logsigmoid relu "
      "relu6 leaky_relu elu selu celu gelu silu mish softplus softsign hardtanh hardsigmoid hardswish prelu equal "
      "not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not isnan isinf "
      "isfinite sum mean prod var std norm cumsum cumprod sort argsort topk amax amin max min argmax argmin logsumexp "
      "softmax log_softmax all "
      "any matmul dot outer einsum "
      "matrix_transpose trace diag tril triu solve triangular_solve inv cholesky det slogdet reshape flatten "
      "transpose permute moveaxis squeeze expand_dims broadcast_to concatenate stack split index take gather "
      "take_along_axis scatter_add masked_fill pad flip roll tile repeat one_hot zeros ones full eye arange "
      "linspace rand randn randint zeros_like ones_like full_like rand_like randn_like tensor variable");
  for (std::string name; wanted >> name;) {
    CAPTURE(name);
    CHECK(rows.count(name) == 1);
  }
}
