// The goldens (tests/goldens/README.md) and the calls of xgrad that must agree with them.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg_test {

using namespace xg;

/// The arguments of one golden case, by name. A wrong name or type throws.
class Arguments {
 public:
  explicit Arguments(const nlohmann::json& json) : json_(&json) {}

  /// Whether there is one of this name that is not null.
  bool given(const char* name) const;
  bool is_list(const char* name) const;
  double real(const char* name) const;
  std::int64_t integer(const char* name) const;
  bool flag(const char* name) const;
  std::string text(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  DType dtype() const;
  /// A number as it was written: an integer or a real.
  Number number(const char* name) const;
  Shape shape(const char* name) const;
  std::vector<Shape> shapes(const char* name) const;
  std::vector<double> reals(const char* name) const;
  /// Arguments within arguments.
  std::vector<Arguments> list(const char* name) const;
  /// The argument "axes"; null is all of them.
  Axes axes() const;
  KeepDims keep() const;
  /// The argument "index", eight long. It points into `inputs`.
  std::vector<Index> index(const Tensors& inputs) const;

 private:
  const nlohmann::json& at(const char* name) const;
  const nlohmann::json* json_;
};

/// How xgrad calls one op of the goldens.
struct GoldenRow {
  const char* op;
  Tensors (*call)(const Tensors& x, const Arguments& args);
  /// Up to which order of derivative each element is right by itself, however small it is. Beyond that, and where
  /// there is no order, an error may be 1e-12 of 1 + the largest element.
  int strict_order = -1;
};

/// Runs every case of tests/goldens/<family>.json in f64: values, first gradients, recorded and not, and second
/// gradients; all of it once more with views for inputs. In f32, values and first gradients are compared with those in
/// f64 at the same rounded inputs. Fails for an op that has no row and for a row that has no case.
void check_goldens(const std::string& family, const std::vector<GoldenRow>& rows);

/// A case that may differ by more than the others, and why. Its tolerance is relative to 1 + the largest element.
struct GoldenException {
  std::string op, name;
  DType dtype;
  double tolerance;
  const char* reason;
  double fused_tolerance = 0;  // another one where a product and its sum are rounded at once; 0: the same
};
const std::vector<GoldenException>& golden_exceptions();

/// The families check_goldens is called with, one test file or more between them.
inline const std::vector<std::string> golden_families = {
    "attention",  "convolution", "creation", "elementwise_binary", "elementwise_unary", "indexing",
    "layers",     "linalg",      "losses",   "normalization",      "optimizers",        "recurrent",
    "reductions", "schedules",   "shape",
};
/// "op/case" of every case of a family.
std::vector<std::string> golden_cases(const std::string& family);

// Calls that many ops share.

template <Tensor (*f)(const Operand&)>
Tensors unary(const Tensors& x, const Arguments&) {
  return {f(x[0])};
}

/// Either operand may be a plain number.
template <Tensor (*f)(const Operand&, const Operand&)>
Tensors binary(const Tensors& x, const Arguments& args) {
  if (args.given("left")) return {f(args.real("left"), x[0])};
  if (args.given("right")) return {f(x[0], args.real("right"))};
  return {f(x[0], x[1])};
}

template <Tensor (*f)(const Operand&, const Axes&, KeepDims)>
Tensors reduction(const Tensors& x, const Arguments& args) {
  return {f(x[0], args.axes(), args.keep())};
}

template <Tensor (*f)(const Operand&, std::int64_t)>
Tensors along_axis(const Tensors& x, const Arguments& args) {
  return {f(x[0], args.integer("axis"))};
}

}  // namespace xg_test
