#include "subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../array/copy.hpp"
#include "../array/index_text.hpp"
#include "../error/error.hpp"
#include "../transform/trace.hpp"

namespace xg::detail {
namespace {

/// A copy with the same strides, so that f sees what the user passed; row-major where elements share memory.
Array copy_in_layout(const Array& x) {
  std::int64_t low = 0, high = 0;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    std::int64_t length = x.shape()[axis], stride = x.strides()[axis];
    if (length > 1 && stride == 0) return x.copy();
    (stride < 0 ? low : high) += (length - 1) * stride;
  }
  if (x.size() == 0 || high - low + 1 < x.size()) return x.copy();
  Array buffer = Array::zeros({high - low + 1}, x.dtype());
  Array copy = buffer.view(x.shape(), x.strides(), -low);
  copy_into(x, copy);
  return copy;
}

std::int64_t offset_of(const Array& x, std::int64_t element) {
  std::int64_t offset = 0;
  for (std::int64_t axis = x.rank() - 1; axis >= 0; --axis) {
    offset += element % x.shape()[axis] * x.strides()[axis];
    element /= x.shape()[axis];
  }
  return offset;
}

/// While it lives, parameters hold the slots' arrays.
class Lend {
 public:
  explicit Lend(std::vector<Slot>& slots) : slots_(slots) {
    for (Slot& slot : slots_) {
      before_.push_back(slot.given.impl()->array);
      if (slot.is_parameter) slot.given.impl()->array = slot.values;
    }
  }
  ~Lend() {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].is_parameter) slots_[i].given.impl()->array = before_[i];
  }

 private:
  std::vector<Slot>& slots_;
  std::vector<Array> before_;
};

std::string described(const Shape& shape, DType dtype) { return std::string(name_of(dtype)) + " " + to_string(shape); }

}  // namespace

double Dice::number() {  // splitmix64, to ±[0.5, 1.5)
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  double size = 0.5 + static_cast<double>(z >> 12) * 0x1p-52;
  return z & 1 ? -size : size;
}

Tensor Dice::tensor(const Shape& shape, DType dtype) {
  Array array(shape, dtype);
  visit_real(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < array.size(); ++i) array.fill<T>()[i] = static_cast<T>(number());
  });
  return Tensor(array);
}

double Slot::get(std::int64_t element) const {
  std::int64_t offset = offset_of(values, element);
  return visit_real(values.dtype(), [&](auto zero) -> double { return values.data<decltype(zero)>()[offset]; });
}

void Slot::set(std::int64_t element, double value) const {
  std::int64_t offset = offset_of(values, element);
  Array shared = values;  // the same buffer
  visit_real(values.dtype(),
             [&](auto zero) { shared.fill<decltype(zero)>()[offset] = static_cast<decltype(zero)>(value); });
}

Subject::Subject(const char* check, FunctionRef f, const Tensors& x, const GradCheckOptions& options, const Site& site)
    : check_(check), f_(f), site_(site) {
  auto add = [&](const Tensor& given, std::string name, bool is_parameter, std::size_t position) {
    if (given.dtype() == DType::f32 && options.eps < 1e-4)
      Complaint(check, name + " is f32, in which differences of " + number_text(options.eps) + " are lost")
          .fact(name.c_str(), describe(given))
          .at(site)
          .mend("astype(x, f64); or state .eps, .atol and .rtol, say 1e-2 each")
          .raise<DTypeError>();
    is_narrow_ = is_narrow_ || given.dtype() == DType::f32;
    slots.push_back({given, std::move(name), is_parameter, position, copy_in_layout(given.impl()->array)});
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    inputs_.push_back(x[i]);
    if (!is_differentiable(x[i].dtype())) continue;
    std::string name = x[i].name().empty() ? "input " + std::to_string(i) : "input `" + x[i].name() + "`";
    add(x[i], std::move(name), false, i);
    inputs_[i] = Tensor(slots.back().values);
  }
  for (const auto& [name, parameter] : options.parameters) {
    if (!parameter.requires_grad() || !parameter.is_leaf())
      Complaint(check, "parameter `" + name + "` is no variable")
          .fact("parameter", describe(parameter))
          .at(site)
          .raise<GradError>();
    add(parameter, "parameter `" + name + "`", true, 0);
  }
  if (slots.empty())
    Complaint(check, "no input takes a gradient: nothing to check")
        .at(site)
        .mend("pass f64 tensors")
        .raise<ValueError>();
}

Tensors Subject::call(const Tensors& x) {
  Tensors y = f_(x);
  for (const Tensor& one : y) one.shape();  // defined?
  return y;
}

Values Subject::read(const Tensors& y) const {
  Values values;
  for (const Tensor& one : y) {
    values.shapes.push_back(one.shape());
    values.dtypes.push_back(one.dtype());
    if (!is_differentiable(one.dtype())) continue;
    std::vector<double> numbers = numbers_of(one);
    values.numbers.insert(values.numbers.end(), numbers.begin(), numbers.end());
  }
  return values;
}

Values Subject::evaluate() {
  NoGrad guard;
  Lend lend(slots);
  Values values = read(call(inputs_));
  if (first_.shapes.empty()) return values;
  if (values.shapes.size() != first_.shapes.size())
    throw Failure{"two calls returned different numbers of tensors: " + std::to_string(first_.shapes.size()) + " and " +
                      std::to_string(values.shapes.size()),
                  "the function is not deterministic, or branches on its input"};
  for (std::size_t k = 0; k < values.shapes.size(); ++k)
    if (values.shapes[k] != first_.shapes[k] || values.dtypes[k] != first_.dtypes[k])
      throw Failure{"the output changes its shape or dtype: " + described(first_.shapes[k], first_.dtypes[k]) +
                        " and " + described(values.shapes[k], values.dtypes[k]),
                    "the shape of the result depends on the values of the input"};
  return values;
}

void Subject::start() {
  auto compare = [&](const Values& again, const char* what, double tolerance) {
    for (std::size_t i = 0; i < first_.numbers.size(); ++i) {
      double a = first_.numbers[i], b = again.numbers[i];
      if (a == b || (a != a && b != b) || std::abs(a - b) <= tolerance * (1 + std::abs(a))) continue;
      throw Failure{fmt::format("{} {} and {} at {}", what, a, b, output_place(static_cast<std::int64_t>(i))),
                    "the function is not deterministic (random numbers? seed them inside it)"};
    }
  };
  first_ = evaluate();
  std::size_t real = 0;
  for (std::size_t k = 0; k < first_.dtypes.size(); ++k)
    if (is_differentiable(first_.dtypes[k])) ++real;
  if (real == 0)
    Complaint(check_, "the function returned nothing that has a gradient: nothing to check")
        .at(site_)
        .raise<ValueError>();
  for (std::size_t k = 0; k < first_.dtypes.size(); ++k)
    if (is_differentiable(first_.dtypes[k])) {
      places_.push_back(k);
      if (output_names.size() < places_.size())
        output_names.push_back(real == 1 ? "the output" : "output " + std::to_string(k));
    }
  compare(evaluate(), "two calls gave", 0);

  NoGrad recording(false);
  Tensors x = inputs_;
  for (const Slot& slot : slots) {
    Tensor leaf = slot.is_parameter ? slot.given : variable(Tensor(copy_in_layout(slot.values)), site_);
    if (!slot.is_parameter) x[slot.position] = leaf;
    variables_.push_back(leaf);
  }
  Tensors y = call(x);
  if (y.size() != first_.shapes.size()) evaluate();  // says so
  // A recorded backward pass, of which second derivatives are made, may round otherwise.
  compare(read(y), "not recorded and recorded, a call gave", is_narrow_ ? 1e-4 : 1e-9);
  for (std::size_t k : places_) outputs_.push_back(y[k]);
  op = outputs_[0].op();
}

std::string Subject::output_place(std::int64_t element) const {
  for (std::size_t k = 0; k < places_.size(); ++k) {
    const Shape& shape = first_.shapes[places_[k]];
    if (element < shape.elements()) return index_text(element, shape) + " of " + output_names[k];
    element -= shape.elements();
  }
  return {};
}

Tensors Subject::zero_cotangents() const {
  Tensors g;
  for (const Tensor& y : outputs_) g.push_back(Tensor(Array::zeros(y.shape(), y.dtype())));
  return g;
}

Tensors Subject::random_cotangents(Dice& dice) const {
  Tensors g;
  for (const Tensor& y : outputs_) g.push_back(dice.tensor(y.shape(), y.dtype()));
  return g;
}

Tensors Subject::one_hot(std::int64_t element) const {
  Tensors g = zero_cotangents();
  for (const Tensor& one : g) {
    if (element < one.size()) {
      Array array = one.array();
      visit_real(array.dtype(), [&](auto zero) { array.fill<decltype(zero)>()[element] = 1; });
      break;
    }
    element -= one.size();
  }
  return g;
}

std::vector<std::vector<double>> Subject::pull(const Tensors& cotangents) {
  try {
    NoGrad guard;
    Tensors gradients = pull_back(outputs_, variables_, cotangents, false, site_);
    std::vector<std::vector<double>> result;
    for (const Tensor& g : gradients) result.push_back(numbers_of(g));
    return result;
  } catch (const ShapeError& error) {
    throw Failure{std::string("a rule threw: ") + error.what(), "a wrong shape"};
  } catch (const DTypeError& error) {
    throw Failure{std::string("a rule threw: ") + error.what(), "a wrong dtype"};
  } catch (const Error& error) {
    for (const Tensor& g : cotangents)
      if (!g.defined())
        throw Failure{std::string("a rule threw: ") + error.what(), "it does not cope with an undefined cotangent"};
    throw Failure{std::string("a rule threw: ") + error.what(), ""};
  }
}

std::vector<double> Subject::difference(const Slot& slot, std::int64_t element, double eps, int side) {
  double x = slot.get(element), size = x < 0 ? -x : x, step = eps * (size > 1 ? size : 1);
  slot.set(element, side < 0 ? x : x + step);
  double high = slot.get(element);
  Values above = evaluate();
  slot.set(element, side > 0 ? x : x - step);
  double low = slot.get(element);
  Values below = evaluate();
  slot.set(element, x);
  for (std::size_t k = 0; k < above.numbers.size(); ++k)
    above.numbers[k] = (above.numbers[k] - below.numbers[k]) / (high - low);
  return above.numbers;
}

std::vector<double> Subject::difference_along(const Slot& slot, const std::vector<double>& direction, double eps) {
  std::vector<double> x = numbers_of(Tensor(slot.values));
  double size = 1;
  for (double one : x) size = std::max(size, std::fabs(one));
  eps *= size;
  auto move = [&](double step) {
    for (std::int64_t i = 0; i < slot.size(); ++i) slot.set(i, x[i] + step * direction[i]);
  };
  move(eps);
  Values above = evaluate();
  move(-eps);
  Values below = evaluate();
  move(0);
  for (std::size_t k = 0; k < above.numbers.size(); ++k)
    above.numbers[k] = (above.numbers[k] - below.numbers[k]) / (2 * eps);
  return above.numbers;
}

std::vector<double> numbers_of(const Tensor& x) {
  Array values = x.array().cast(DType::f64).contiguous();
  return std::vector<double>(values.data<double>(), values.data<double>() + values.size());
}

std::string number_text(double value) {
  std::string text = fmt::format("{:.6g}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

}  // namespace xg::detail
