// One table of ops drives the gradient tests: a row is a name, the op, and its domain. The rows stand in
// op_table_*_test.cpp, one file a family; what is done with every row stands in op_table_test.cpp.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

namespace op_table {

using namespace xg;

/// Where one input is drawn from.
struct Domain {
  double low = -2, high = 2;
  /// Points to stay 0.05 away from: kinks, poles, jumps.
  std::vector<double> avoid = {};
  /// f64 stands for real: f32 runs convert it. i64 and boolean inputs are drawn as such.
  DType dtype = f64;
};
Domain integers(double low, double high);
Domain booleans();

/// Shapes of the inputs of one call.
using Shapes = std::vector<Shape>;

struct Row {
  std::string name;  // the public op's name
  Tensors (*op)(const Tensors&);
  std::vector<Domain> domains;
  std::vector<Shapes> shapes;
  /// False: the op has no gradient (comparisons, indices) or takes none here.
  bool is_differentiable = true;
  /// Elementwise: a cotangent of exactly 0 gives exactly 0, even at inf and NaN.
  bool is_strong_zero = false;
  /// What f32 may be off from f64, relative to 1 + |value|; gradients ten times, second ones a hundred times that.
  double f32_tolerance = 1e-5;
};
using Rows = std::vector<Row>;

/// 0-d to 4-d, and axes of length 0.
std::vector<Shapes> any_shapes();
/// 1-d to 4-d, and an axis of length 0 that is not the last: for ops along the last axis.
std::vector<Shapes> last_axis_shapes();
/// Pairs that are equal, and pairs that broadcast either way.
std::vector<Shapes> broadcasting_shapes();

/// Elementwise ops of one and two inputs.
Row unary(std::string name, Tensors (*op)(const Tensors&), Domain domain = {});
Row binary(std::string name, Tensors (*op)(const Tensors&), Domain first = {}, Domain second = {});
/// The same without a gradient.
Row without_gradient(Row row);

void check_orders(const Rows& rows);
void check_f32(const Rows& rows);
void check_views(const Rows& rows);
void check_same_tensor_twice(const Rows& rows);
void check_special_values(const Rows& rows);
void check_forward_mode(const Rows& rows);
/// The names of all ops that take part in computing the rows and their first gradients, and are recorded.
std::set<std::string> recorded_ops(const Rows& rows);

/// The rows of every family, defined in their files.
const Rows& elementwise_rows();
const Rows& activation_rows();
const Rows& reduction_rows();
const Rows& layer_rows();
const Rows& linalg_rows();
const Rows& normalization_rows();
const Rows& recurrent_rows();
const Rows& shape_rows();
const Rows& convolution_rows();
const Rows& attention_rows();

}  // namespace op_table

/// A row's op: `OP(exp(x[0]))`.
#define OP(...) \
  []([[maybe_unused]] const ::xg::Tensors& x) -> ::xg::Tensors { return ::xg::detail::as_tensors(__VA_ARGS__); }

/// The test cases of one family.
#define OP_TABLE(family, rows)                                                                         \
  TEST_CASE(family ": first and second derivatives") { op_table::check_orders(rows); }                 \
  TEST_CASE(family ": f32 against f64") { op_table::check_f32(rows); }                                 \
  TEST_CASE(family ": transposed and stepped views") { op_table::check_views(rows); }                  \
  TEST_CASE(family ": the same tensor twice") { op_table::check_same_tensor_twice(rows); }             \
  TEST_CASE(family ": NaN, infinities, zeros of both signs") { op_table::check_special_values(rows); } \
  TEST_CASE(family ": vjp against jvp") { op_table::check_forward_mode(rows); }
