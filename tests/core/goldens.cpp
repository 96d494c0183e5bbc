#include "goldens.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace xg_test {
namespace {

using Json = nlohmann::json;

constexpr double infinity = std::numeric_limits<double>::infinity();

// Infinities and NaN are strings in the files.
double real_of(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return infinity;
  if (text == "-inf") return -infinity;
  throw std::invalid_argument(text + " is no number");
}

DType dtype_named(const std::string& name) {
  for (DType dtype : {f64, i64, boolean})
    if (name == name_of(dtype)) return dtype;
  throw std::invalid_argument(name + " is no dtype");
}

Shape shape_of(const Json& json) { return Shape(json.get<std::vector<std::int64_t>>()); }

/// An undefined tensor for null.
Tensor tensor_of(const Json& json) {
  if (json.is_null()) return Tensor();
  Array array(shape_of(json.at("shape")), dtype_named(json.at("dtype")));
  const Json& data = json.at("data");
  if (static_cast<std::int64_t>(data.size()) != array.size()) throw std::invalid_argument("data does not fill shape");
  visit(array.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = array.fill<T>();
    for (const Json& element : data) {
      if constexpr (std::is_same_v<T, double>) *out++ = real_of(element);
      else *out++ = element.get<T>();
    }
  });
  return Tensor(array);
}

Tensors tensors_of(const Json& json) {
  Tensors tensors;
  for (const Json& one : json) tensors.push_back(tensor_of(one));
  return tensors;
}

Json read_family(const std::string& family) {
  std::string path = "tests/goldens/" + family + ".json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be opened: run the tests from the project's root");
  return Json::parse(file);
}

// Comparing.

struct Tolerance {
  double value;
  int strict_order;
};

bool is_close(double found, double expected, double scale, double tolerance) {
  if (std::isnan(expected)) return std::isnan(found);
  if (std::isinf(expected)) return found == expected;
  // Numbers that a double holds with fewer bits are compared by the last of those.
  return std::abs(found - expected) <= tolerance * scale + 4 * std::numeric_limits<double>::denorm_min();
}

/// What is wrong, or nothing.
std::string difference(const Tensor& found, const Tensor& expected, double tolerance, bool strict) {
  if (found.shape() != expected.shape())
    return "shape " + to_string(found.shape()) + " instead of " + to_string(expected.shape());
  std::vector<double> a = found.to_vector(), b = expected.to_vector();
  double largest = 0;
  for (double value : b)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < b.size(); ++i) {
    double scale = strict ? std::abs(b[i]) : 1 + largest;
    if (is_close(a[i], b[i], scale, tolerance)) continue;
    char text[160];
    std::snprintf(text, sizeof text, "element %zu is %.17g instead of %.17g, off by %.2g of %.3g", i, a[i], b[i],
                  std::abs(a[i] - b[i]) / scale, scale);
    return text;
  }
  return "";
}

// One case.

struct Case {
  std::string op, name, layout;
  Tensors inputs, outputs;
  bool has_grad, has_second;
  Tensors cotangents, grads, directions, second_grads, second_cotangent_grads;
  Arguments args;

  explicit Case(const Json& json)
      : op(json.at("op")), name(json.at("case")), inputs(tensors_of(json.at("inputs"))),
        outputs(tensors_of(json.at("outputs"))), has_grad(!json.value("skip_grad", false)),
        has_second(json.contains("second")), args(json.at("args")) {
    if (!has_grad) return;
    cotangents = tensors_of(json.at("cotangents"));
    grads = tensors_of(json.at("grads"));
    if (!has_second) return;
    const Json& second = json.at("second");
    directions = tensors_of(second.at("directions"));
    second_grads = tensors_of(second.at("grads"));
    second_cotangent_grads = tensors_of(second.at("cotangent_grads"));
  }
};

Tensor as(const Tensor& x, DType dtype) { return x.defined() && x.dtype() == f64 ? Tensor(x.array().cast(dtype)) : x; }

/// The same values in a buffer with its axes in reverse order and gaps between the elements, which hold no number.
Tensor scattered(const Tensor& x) {
  if (!x.defined()) return x;
  return visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Strides strides;
    std::int64_t step = 2;
    for (std::int64_t length : x.shape()) {
      strides.push_back(step);
      step *= length;
    }
    Array buffer = Array::full({step}, std::numeric_limits<T>::quiet_NaN(), x.dtype());
    Array row_major = x.array().contiguous();
    for (std::int64_t i = 0; i < x.size(); ++i) {
      std::int64_t place = 0, rest = i;
      for (std::int64_t axis = x.rank(); axis-- > 0; rest /= x.size(axis)) place += rest % x.size(axis) * strides[axis];
      buffer.fill<T>()[place] = row_major.data<T>()[i];
    }
    return Tensor(buffer.view(x.shape(), strides));
  });
}

/// Whether f32 holds what the case is about: no number of it is too large or too small.
bool fits_f32(const Case& golden) {
  for (const Tensors* list : {&golden.inputs, &golden.outputs, &golden.cotangents, &golden.grads})
    for (const Tensor& x : *list) {
      if (!x.defined()) continue;
      for (double value : x.to_vector())
        if (std::isfinite(value) && value != 0 && (std::abs(value) > 1e37 || std::abs(value) < 1e-37)) return false;
    }
  return std::any_of(golden.inputs.begin(), golden.inputs.end(), [](const Tensor& x) { return x.dtype() == f64; });
}

/// Gradients of outputs as the engine gives them; zeros for undefined ones.
Tensors gradients(const Tensors& outputs, const Tensors& inputs, const Tensors& seeds, bool create) {
  Tensors alive, alive_seeds, found;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].defined() && outputs[i].requires_grad()) {
      alive.push_back(outputs[i]);
      alive_seeds.push_back(seeds[i]);
    }
  if (alive.empty()) found.resize(inputs.size());
  else found = grad(alive, inputs, alive_seeds, {.retain_graph = true, .create_graph = create, .allow_unused = true});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined()) found[i] = zeros_like(inputs[i]);
  return found;
}

/// The inputs with those that are differentiated made leaves, and these by themselves.
std::pair<Tensors, Tensors> leaves_of(const Case& golden, DType dtype) {
  Tensors inputs, leaves;
  for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
    inputs.push_back(as(golden.inputs[i], dtype));
    if (golden.has_grad && golden.grads[i].defined()) leaves.push_back(inputs[i] = variable(inputs[i]));
  }
  return {inputs, leaves};
}

/// The case with inputs and cotangents that are views.
Case scattered(Case golden) {
  golden.layout = ", views,";
  for (Tensors* list : {&golden.inputs, &golden.cotangents, &golden.directions})
    for (Tensor& x : *list) x = scattered(x);
  return golden;
}

/// The case at inputs that f32 holds exactly, as computed in f64.
Case rounded_to_f32(const GoldenRow& row, Case golden) {
  for (Tensors* list : {&golden.inputs, &golden.cotangents})
    for (Tensor& x : *list) x = as(x, f32).defined() ? Tensor(as(x, f32).array().cast(x.dtype())) : x;
  auto [inputs, leaves] = leaves_of(golden, f64);
  golden.outputs = row.call(inputs, golden.args);
  Tensors found = gradients(golden.outputs, leaves, golden.cotangents, false);
  for (std::size_t i = 0, leaf = 0; i < golden.grads.size(); ++i)
    if (golden.grads[i].defined()) golden.grads[i] = found[leaf++];
  golden.has_second = false;
  return golden;
}

/// The differences between xgrad and one case, computed in `dtype`.
std::vector<std::string> differences(const GoldenRow& row, const Case& golden, DType dtype, Tolerance tolerance) {
  std::vector<std::string> wrong;
  auto compare = [&](int order, const char* what, std::size_t i, const Tensor& found, const Tensor& expected) {
    std::string text = difference(found, expected, tolerance.value, order <= tolerance.strict_order);
    if (!text.empty()) wrong.push_back(std::string(what) + " " + std::to_string(i) + ": " + text);
  };

  auto [inputs, leaves] = leaves_of(golden, dtype);
  Tensors outputs = row.call(inputs, golden.args);
  if (outputs.size() != golden.outputs.size())
    return {std::to_string(outputs.size()) + " outputs instead of " + std::to_string(golden.outputs.size())};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    compare(0, "output", i, outputs[i], golden.outputs[i]);
    bool may_widen = dtype == f32 && outputs[i].dtype() == f32;
    if (outputs[i].dtype() != golden.outputs[i].dtype() && !may_widen)
      wrong.push_back("output " + std::to_string(i) + " is " + name_of(outputs[i].dtype()));
  }
  if (!golden.has_grad || !wrong.empty()) return wrong;

  Tensors seeds, seed_leaves;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Tensor seed = golden.cotangents[i];
    if (seed.defined()) seed_leaves.push_back(seed = variable(Tensor(seed.array().cast(outputs[i].dtype()))));
    seeds.push_back(seed);
  }
  auto each_leaf = [&](int order, const char* what, const Tensors& found, const Tensors& expected) {
    for (std::size_t i = 0, leaf = 0; i < expected.size(); ++i)
      if (expected[i].defined()) {
        if (found[leaf].dtype() != dtype) wrong.push_back(std::string(what) + " is " + name_of(found[leaf].dtype()));
        compare(order, what, i, found[leaf++], expected[i]);
      }
  };
  each_leaf(1, "gradient", gradients(outputs, leaves, seeds, false), golden.grads);
  if (leaves.size() > 1) {
    Tensors alone;
    for (const Tensor& leaf : leaves) alone.push_back(gradients(outputs, {leaf}, seeds, false)[0]);
    each_leaf(1, "gradient alone", alone, golden.grads);
  }
  Tensors recorded = gradients(outputs, leaves, seeds, true);
  each_leaf(1, "recorded gradient", recorded, golden.grads);
  if (!golden.has_second) return wrong;

  Tensors directions, wrt = leaves;
  for (const Tensor& direction : golden.directions)
    if (direction.defined()) directions.push_back(direction);
  for (const Tensor& seed : seed_leaves) wrt.push_back(seed);
  Tensors second = gradients(recorded, wrt, directions, false);
  each_leaf(2, "second gradient", second, golden.second_grads);
  for (std::size_t i = 0, k = leaves.size(); i < golden.second_cotangent_grads.size(); ++i)
    if (golden.second_cotangent_grads[i].defined())
      compare(2, "second gradient of cotangent", i, second[k++], golden.second_cotangent_grads[i]);
  return wrong;
}

// Whether the compiler rounds products and their sums at once.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool is_fused = true;
#else
constexpr bool is_fused = false;
#endif

constexpr double usual_tolerance(DType dtype) { return dtype == f64 ? 1e-12 : 4e-6; }

void check_case(const GoldenRow& row, const Case& golden, DType dtype) {
  int strict_order = dtype == f64 ? row.strict_order : -1;
  std::vector<std::string> wrong = differences(row, golden, dtype, {usual_tolerance(dtype), strict_order});
  std::string label = golden.op + "/" + golden.name + golden.layout + " in " + name_of(dtype) + ": ";
  const auto& exceptions = golden_exceptions();
  auto exception = std::find_if(exceptions.begin(), exceptions.end(), [&](const GoldenException& e) {
    return e.op == golden.op && e.name == golden.name && e.dtype == dtype;
  });
  if (exception != exceptions.end()) {
    bool other_rounding = is_fused && exception->fused_tolerance != 0;
    if (wrong.empty() && !other_rounding && exception->tolerance > usual_tolerance(dtype))
      FAIL_CHECK(label << "needs no exception");
    wrong = differences(row, golden, dtype, {other_rounding ? exception->fused_tolerance : exception->tolerance, -1});
  }
  for (const std::string& text : wrong) FAIL_CHECK(label << text);
}

}  // namespace

// An exception that is no longer needed fails where its case is checked.
const std::vector<GoldenException>& golden_exceptions() {
  static const std::vector<GoldenException> exceptions = {
      {"selu", "special", f64, 1e-12, "PyTorch's selu(-1e-300) is 0; ours is right by itself"},
      {"lbfgs", "to_the_end", f64, 1e-11, "a line search magnifies the rounding errors of what it interpolates"},
      {"lbfgs", "to_the_end", f32, 2e-3, "a line search magnifies the rounding errors of what it interpolates", 5e-2},
      {"lbfgs", "plain", f32, 4e-6, "a line search magnifies the rounding errors of what it interpolates", 1e-4},
      {"rmsprop", "decay", f32, 2e-5, "the rounding errors of sixteen steps add up"},
  };
  return exceptions;
}

const Json& Arguments::at(const char* name) const { return json_->at(name); }
bool Arguments::given(const char* name) const { return json_->contains(name) && !at(name).is_null(); }
bool Arguments::is_list(const char* name) const { return at(name).is_array(); }
double Arguments::real(const char* name) const { return real_of(at(name)); }
std::int64_t Arguments::integer(const char* name) const { return at(name).get<std::int64_t>(); }
bool Arguments::flag(const char* name) const { return at(name).get<bool>(); }
std::string Arguments::text(const char* name) const { return at(name).get<std::string>(); }
std::vector<std::string> Arguments::texts(const char* name) const { return at(name).get<std::vector<std::string>>(); }
DType Arguments::dtype() const { return dtype_named(text("dtype")); }
Number Arguments::number(const char* name) const {
  return at(name).is_number_integer() ? Number(integer(name)) : Number(real(name));
}
Shape Arguments::shape(const char* name) const { return shape_of(at(name)); }
std::vector<Shape> Arguments::shapes(const char* name) const {
  std::vector<Shape> shapes;
  for (const Json& one : at(name)) shapes.push_back(shape_of(one));
  return shapes;
}
std::vector<double> Arguments::reals(const char* name) const {
  std::vector<double> reals;
  for (const Json& one : at(name)) reals.push_back(real_of(one));
  return reals;
}
std::vector<Arguments> Arguments::list(const char* name) const {
  std::vector<Arguments> list;
  for (const Json& one : at(name)) list.push_back(Arguments(one));
  return list;
}
Axes Arguments::axes() const { return at("axes").is_null() ? Axes() : Axes(shape("axes")); }
KeepDims Arguments::keep() const { return flag("keepdims") ? KeepDims::yes : KeepDims::no; }

std::vector<Index> Arguments::index(const Tensors& inputs) const {
  auto end = [](const Json& json) { return json.is_null() ? Range::End() : Range::End(json.get<std::int64_t>()); };
  std::vector<Index> index;
  for (const Json& part : at("index")) {
    if (part == "all") index.push_back(all);
    else if (part == "newaxis") index.push_back(newaxis);
    else if (part == "ellipsis") index.push_back(ellipsis);
    else if (part.is_number_integer()) index.push_back(part.get<std::int64_t>());
    else if (part.contains("tensor")) index.push_back(inputs[part.at("tensor").get<std::size_t>()]);
    else {
      const Json& range = part.at("range");
      index.push_back(xg::range(end(range[0]), end(range[1]), range[2].get<std::int64_t>()));
    }
  }
  index.resize(8);
  return index;
}

std::vector<std::string> golden_cases(const std::string& family) {
  std::vector<std::string> names;
  for (const Json& json : read_family(family))
    names.push_back(json.at("op").get<std::string>() + "/" + json.at("case").get<std::string>());
  return names;
}

void check_goldens(const std::string& family, const std::vector<GoldenRow>& rows) {
  CHECK(std::count(golden_families.begin(), golden_families.end(), family) == 1);
  std::map<std::string, GoldenRow> by_op;
  for (const GoldenRow& row : rows) by_op.emplace(row.op, row);
  std::set<std::string> met;
  Json cases = read_family(family);
  CHECK(!cases.empty());
  for (const Json& json : cases) {
    Case golden(json);
    auto row = by_op.find(golden.op);
    if (row == by_op.end()) {
      if (met.insert(golden.op).second) FAIL_CHECK(family << ".json has " << golden.op << ", which has no row");
      continue;
    }
    met.insert(golden.op);
    try {
      check_case(row->second, golden, f64);
      check_case(row->second, scattered(golden), f64);
      if (fits_f32(golden)) check_case(row->second, rounded_to_f32(row->second, golden), f32);
    } catch (const std::exception& error) {
      FAIL_CHECK(golden.op << "/" << golden.name << " threw: " << error.what());
    }
  }
  for (const GoldenRow& row : rows)
    if (!met.count(row.op)) FAIL_CHECK(family << ".json has no case of " << row.op);
}

}  // namespace xg_test
