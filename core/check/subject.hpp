// The function under a gradient check, and the two ways to its derivatives.
#pragma once

#include <string>
#include <vector>

#include "../transform/function.hpp"
#include "gradcheck.hpp"

namespace xg::detail {

/// A check ends here: what was found, and the likely cause.
struct Failure {
  std::string what, cause;
};

/// Numbers that lie about as far from 0 as 1 does, of both signs.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
  double number();
  double sign() { return number() < 0 ? -1 : 1; }
  Tensor tensor(const Shape& shape, DType dtype);

 private:
  std::uint64_t state_;
};

/// One thing that derivatives are taken in: an input, or a parameter that f captures.
struct Slot {
  Tensor given;
  std::string name;  // "input 0", "input `x`", "parameter `hidden.weight`"
  bool is_parameter = false;
  std::size_t position = 0;  // among the inputs
  Array values;              // in the layout of `given`; differences write here

  std::int64_t size() const { return values.size(); }
  double get(std::int64_t element) const;
  void set(std::int64_t element, double value) const;
};

/// What a call returned: every number of the outputs that take gradients.
struct Values {
  std::vector<double> numbers;
  std::vector<Shape> shapes;
  std::vector<DType> dtypes;  // of all outputs
};

class Subject {
 public:
  Subject(const char* check, FunctionRef f, const Tensors& x, const GradCheckOptions& options, const Site& site);

  std::vector<Slot> slots;
  /// Of the outputs, once `start` has run: how they are called in a report, and their op.
  std::vector<std::string> output_names;
  std::string op;

  /// f at the slots' values, not recorded. Throws Failure when shapes or dtypes are not those of the first call.
  Values evaluate();
  /// Checks that f does the same twice, then records it.
  void start();

  const Values& values() const { return first_; }
  std::int64_t output_size() const { return static_cast<std::int64_t>(first_.numbers.size()); }
  /// "[1]", or "[0, 2] of output 1".
  std::string output_place(std::int64_t element) const;

  /// One zero cotangent an output, or random ones.
  Tensors zero_cotangents() const;
  Tensors random_cotangents(Dice& dice) const;
  Tensors one_hot(std::int64_t element) const;
  /// The gradients of all slots, by backward. Throws Failure when a rule throws.
  std::vector<std::vector<double>> pull(const Tensors& cotangents);
  /// ∂f/∂slot[element] by differences: over both sides (0), or one (±1).
  std::vector<double> difference(const Slot& slot, std::int64_t element, double eps, int side = 0);
  /// ∂f/∂direction by central differences; the direction has a sign an element of the slot.
  std::vector<double> difference_along(const Slot& slot, const std::vector<double>& direction, double eps);

 private:
  Tensors call(const Tensors& x);
  Values read(const Tensors& y) const;

  const char* check_;
  FunctionRef f_;
  Tensors inputs_;
  Site site_;
  bool is_narrow_ = false;  // f32 takes part
  Values first_;
  std::vector<std::size_t> places_;  // of the outputs that take gradients
  Tensors variables_, outputs_;
};

/// Flat numbers of a tensor as f64.
std::vector<double> numbers_of(const Tensor& x);
/// "3.0", "0.333333", "inf"
std::string number_text(double value);

}  // namespace xg::detail
