#include "gradients.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

#include "../../core/array/index_text.hpp"
#include "../../core/error/error.hpp"
#include "../../core/inspect/module_path.hpp"
#include "../../core/inspect/table.hpp"
#include "../module/state.hpp"
#include "../optim/optimizer.hpp"
#include "activations.hpp"
#include "kept_leaves.hpp"
#include "paths.hpp"
#include "why.hpp"

namespace xg::inspect {
namespace {

/// |a − b| / |b| over the elements.
template <class T>
double relative_distance(const T* now, const T* before, std::int64_t count) {
  double distance = 0, size = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    double x = static_cast<double>(now[i]), y = static_cast<double>(before[i]);
    distance += (x - y) * (x - y);
    size += y * y;
  }
  return distance == 0 ? 0 : std::sqrt(distance / size);
}

/// For each index along `axis`, whether all elements there are 0.
std::vector<bool> zero_along(const Array& x, std::int64_t axis) {
  Array values = x.cast(f64).contiguous();
  std::int64_t count = x.shape()[static_cast<std::size_t>(axis)], inner = 1;
  for (std::int64_t i = axis + 1; i < x.rank(); ++i) inner *= x.shape()[static_cast<std::size_t>(i)];
  std::vector<bool> zero(static_cast<std::size_t>(count), true);
  for (std::int64_t i = 0; i < values.size(); ++i)
    if (values.data<double>()[i] != 0) zero[static_cast<std::size_t>(i / inner % count)] = false;
  return zero;
}

std::string share(std::int64_t part, std::int64_t whole) {
  return fmt::format("{:.0f} %",
                     100 * static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1)));
}

std::string short_size(double value) { return std::isnan(value) ? "–" : fmt::format("{:.2e}", value); }
/// One of the numbers, which leave out what is not finite.
std::string short_size(double value, const Statistics& of) {
  return of.count > 0 && of.nans + of.infinities == of.count ? "nan" : short_size(value);
}

/// The update ratios of a step that is made on trial.
void try_step(nn::Optimizer& optimizer, std::vector<ParameterLook>& looks, const std::vector<Tensor>& parameters,
              const Site& site) {
  std::vector<nn::NamedArray> state = nn::state_of(optimizer, site);
  for (nn::NamedArray& one : state) one.array = one.array.copy();
  KeptLeaves leaves(optimizer.parameters());
  auto restore = [&] {
    leaves.restore();
    nn::set_state(optimizer, state, site);
  };
  try {
    Snapshot snapshot(parameters);
    optimizer.step(site);
    std::set<const void*> held;
    for (const Tensor& parameter : optimizer.parameters()) held.insert(parameter.impl().get());
    for (std::size_t i = 0; i < looks.size(); ++i) {
      looks[i].is_not_stepped = held.count(parameters[i].impl().get()) == 0;
      if (looks[i].has_gradient) looks[i].update_ratio = snapshot.update_ratio(parameters[i]);
    }
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

/// The gradients that a look at the graph saw arrive at parameters.
void take_gradients(const Graph& graph, std::vector<ParameterLook>& looks, const std::vector<Tensor>& parameters) {
  std::map<std::uint64_t, const GraphNode*> leaves;
  for (const GraphNode& node : graph.nodes)
    if (node.is_leaf) leaves.emplace(node.sequence, &node);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (!parameters[i].requires_grad()) continue;
    auto leaf = leaves.find(parameters[i].impl()->node->sequence);
    if (leaf == leaves.end() || !leaf->second->outputs[0].has_cotangent) continue;
    looks[i].has_gradient = true;
    looks[i].gradient = leaf->second->outputs[0].cotangent;
  }
}

std::string bad_numbers(const char* what, const Statistics& numbers, const Shape& shape) {
  return fmt::format("{}: {} NaN and {} infinite of {}, the first at {}", what, numbers.nans, numbers.infinities,
                     numbers.count, xg::detail::index_text(numbers.first_bad, shape));
}

}  // namespace

const char* name_of(Verdict verdict) {
  static const char* names[] = {"",          "frozen",     "no gradient", "not finite", "zero",    "vanishing",
                                "exploding", "dead units", "saturated",   "too fast",   "too slow"};
  return names[static_cast<int>(verdict)];
}

Snapshot::Snapshot(const nn::AnyModel& model) { take(nn::parameters(model)); }
Snapshot::Snapshot(const std::vector<Tensor>& parameters) { take(parameters); }

void Snapshot::take(const std::vector<Tensor>& parameters) {
  for (const Tensor& p : parameters) kept_.push_back({p, p.array().copy()});
}

double Snapshot::update_ratio(const Tensor& parameter) const {
  for (const Kept& kept : kept_)
    if (kept.parameter.impl().get() == parameter.impl().get()) {
      if (kept.before.shape() != parameter.shape() || kept.before.dtype() != parameter.dtype()) return NAN;
      Array now = parameter.array().contiguous();
      return now.dtype() == f32 ? relative_distance(now.data<float>(), kept.before.data<float>(), now.size())
                                : relative_distance(now.data<double>(), kept.before.data<double>(), now.size());
    }
  return NAN;
}

namespace detail {

ParameterLook look_at(const std::string& name, const Tensor& parameter) {
  ParameterLook look;
  look.name = name;
  look.shape = parameter.shape();
  look.dtype = parameter.dtype();
  look.is_frozen = !parameter.requires_grad();
  look.value = statistics(parameter.array());
  if (const Tensor* g = parameter.find_grad()) {
    look.has_gradient = true;
    look.gradient = statistics(g->array());
  }
  return look;
}

std::vector<std::string> transposed_weights(const nn::AnyModel& model) {
  struct Visitor final : nn::Walker {
    void module(const void*, std::string_view type) override {
      if (short_type(type).starts_with("ConvTranspose"))
        names.push_back(path().empty() ? "weight" : path() + ".weight");
    }
    std::vector<std::string> names;
  } visitor;
  model.walk(visitor);
  return visitor.names;
}

void count_dead_units(std::vector<ParameterLook>& looks, const std::vector<Tensor>& parameters,
                      const std::vector<std::string>& transposed) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < looks.size(); ++i) places[looks[i].name] = i;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    ParameterLook& weight = looks[i];
    std::size_t at = weight.name.rfind("weight");
    if (weight.shape.rank() < 2 || !weight.has_gradient || at == std::string::npos) continue;
    // The bias tells units from the rows of an embedding, and in a layer that nobody knows which axis they are on.
    auto found = places.find(weight.name.substr(0, at) + "bias" + weight.name.substr(at + 6));
    if (found == places.end() || !looks[found->second].has_gradient) continue;
    ParameterLook& bias = looks[found->second];
    if (bias.shape.rank() != 1) continue;
    bool is_transposed = std::find(transposed.begin(), transposed.end(), weight.name) != transposed.end();
    std::int64_t axis = !is_transposed && weight.shape[0] == bias.shape[0] ? 0
                        : weight.shape[1] == bias.shape[0]                 ? 1
                                                                           : -1;
    if (axis < 0 || weight.shape.elements() == 0) continue;
    weight.units = bias.units = bias.shape[0];
    if (weight.gradient.zeros == 0 || bias.gradient.zeros == 0) continue;
    const Tensor *weights = parameters[i].find_grad(), *biases = parameters[found->second].find_grad();
    if (!weights || !biases) continue;  // of a graph only the sums are known
    std::vector<bool> dead = zero_along(weights->array(), axis), dead_bias = zero_along(biases->array(), 0);
    for (std::size_t unit = 0; unit < dead.size(); ++unit) weight.dead_units += dead[unit] && dead_bias[unit];
    bias.dead_units = weight.dead_units;
  }
}

void judge(std::vector<ParameterLook>& looks, const VerdictLimits& limits) {
  // A bias before a normalization has no gradient to speak of: it is the layer that vanishes, not one parameter.
  struct Sum {
    double squares = 0, count = 0;
    double mean() const { return count > 0 ? std::sqrt(squares / count) : 0; }
  };
  std::map<std::string, Sum> layers;
  for (const ParameterLook& look : looks)
    if (look.has_gradient) {
      Sum& sum = layers[parent_path(look.name)];
      sum.squares += look.gradient.norm * look.gradient.norm;
      sum.count += static_cast<double>(look.gradient.count);
    }
  double most = 0;
  std::string largest;
  for (const auto& [name, sum] : layers)
    if (std::isfinite(sum.mean()) && sum.mean() > most) most = sum.mean(), largest = name;

  for (ParameterLook& look : looks) {
    const Statistics &g = look.gradient, &w = look.value;
    auto say = [&](Verdict verdict, std::string why) {
      look.verdict = verdict;
      look.why = std::move(why);
    };
    say(Verdict::fine, "");
    if (!w.finite()) say(Verdict::not_finite, bad_numbers("its values", w, look.shape));
    else if (look.is_frozen) say(Verdict::frozen, "");
    else if (!look.has_gradient) say(Verdict::no_gradient, "backward left no gradient here");
    else if (!g.finite()) say(Verdict::not_finite, bad_numbers("its gradient", g, look.shape));
    else if (g.count > 0 && g.zeros == g.count)
      say(Verdict::zero, fmt::format("all {} elements of its gradient are exactly 0", g.count));
    else if (look.dead_share() >= limits.dead)
      say(Verdict::dead_units,
          fmt::format("{} of {} units got no gradient ({}): what follows the layer lets none through", look.dead_units,
                      look.units, share(look.dead_units, look.units)));
    // Beside values that start at zero, as a bias does, any gradient is large.
    else if (g.norm > limits.exploding * w.norm && g.root_mean_square() > limits.exploding * (w.norm > 0 ? 1e-3 : 1))
      say(Verdict::exploding, fmt::format("|gradient| is {:.1e}, |values| {:.1e}", g.norm, w.norm));
    else if (double size = layers[parent_path(look.name)].mean(); g.count > 0 && size < limits.vanishing * most)
      say(Verdict::vanishing, fmt::format("the layer's gradients are {:.1e} in the mean, those of {} {:.1e}", size,
                                          largest.empty() ? "the model itself" : "`" + largest + "`", most));
    else if (look.is_not_stepped)
      say(Verdict::too_slow, "the optimizer does not hold it: was it made from a copy of the model?");
    else if (look.update_ratio > limits.too_fast && w.norm > 0)
      say(Verdict::too_fast, fmt::format("a step changes it by {:.0f} %", 100 * look.update_ratio));
    else if (look.update_ratio < limits.too_slow)
      say(Verdict::too_slow, fmt::format("a step changes it by {:.0e} of its size", look.update_ratio));
  }
}

}  // namespace detail

const ParameterLook& Gradients::operator[](const std::string& name) const {
  std::string names;
  for (const ParameterLook& look : parameters) {
    if (look.name == name) return look;
    names += (names.empty() ? "" : ", ") + look.name;
  }
  Complaint("gradients", fmt::format("no parameter is called `{}`", name))
      .fact("names", names.empty() ? "none" : names)
      .raise<ValueError>();
}

bool Gradients::healthy() const {
  return std::all_of(parameters.begin(), parameters.end(), [](const ParameterLook& look) {
    return look.verdict == Verdict::fine || look.verdict == Verdict::frozen;
  });
}

Gradients detail::gradients(const nn::AnyModel& model, const GradientsOptions& options, const Graph* graph,
                            const Site& site) {
  Gradients found;
  std::vector<Tensor> tensors;
  bool any = false;
  for (const nn::NamedTensor& named : nn::named_parameters(model)) {
    found.parameters.push_back(look_at(named.name, named.tensor));
    tensors.push_back(named.tensor);
    if (options.before) found.parameters.back().update_ratio = options.before->update_ratio(named.tensor);
    any = any || found.parameters.back().has_gradient;
  }
  if (any) graph = nullptr;
  if (graph) take_gradients(*graph, found.parameters, tensors);
  if (options.optimizer) try_step(*options.optimizer, found.parameters, tensors, site);
  count_dead_units(found.parameters, tensors, transposed_weights(model));
  judge(found.parameters, options.limits);
  if (options.loss.defined()) {
    Reasons reasons(options.loss, options.recording, graph);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      ParameterLook& look = found.parameters[i];
      if (look.verdict == Verdict::no_gradient || look.verdict == Verdict::zero)
        look.why = reasons.why_no_gradient(tensors[i]);
    }
  }
  if (options.recording) judge(found.parameters, *options.recording, options.limits);
  return found;
}

Gradients gradients(const nn::AnyModel& model, const GradientsOptions& options, Site site) {
  return detail::gradients(model, options, nullptr, site);
}

std::string to_string(const Gradients& gradients) {
  if (gradients.parameters.empty()) return "no parameters\n";
  bool updates = false;
  for (const ParameterLook& look : gradients.parameters) updates = updates || !std::isnan(look.update_ratio);
  std::vector<std::string> head = {"parameter", "shape",     ">|gradient|", ">mean",   ">deviation",
                                   ">least",    ">greatest", ">zeros",      ">|value|"};
  if (updates) head.push_back(">update");
  head.push_back("verdict");
  Table table(head);
  std::string reasons;
  for (const ParameterLook& look : gradients.parameters) {
    const Statistics& g = look.gradient;
    bool has = look.has_gradient;
    std::vector<std::string> row = {look.name,
                                    to_string(look.shape),
                                    has ? short_size(g.norm, g) : "–",
                                    short_size(g.mean, g),
                                    short_size(g.deviation, g),
                                    short_size(g.least, g),
                                    short_size(g.greatest, g),
                                    has ? share(g.zeros, g.count) : "–",
                                    short_size(look.value.norm, look.value)};
    if (updates) row.push_back(std::isnan(look.update_ratio) ? "–" : fmt::format("{:.1e}", look.update_ratio));
    row.push_back(name_of(look.verdict));
    table.add(row);
    if (look.why.empty()) continue;
    // Weight and bias of a layer often have one reason.
    std::string reason = one_line(fmt::format(": {}: {}", name_of(look.verdict), look.why)) + "\n";
    if (reasons.ends_with(reason)) reasons.insert(reasons.size() - reason.size(), ", " + one_line(look.name));
    else reasons += one_line(look.name) + reason;
  }
  return table.text() + (reasons.empty() ? "" : "\n" + reasons);
}

std::ostream& operator<<(std::ostream& out, const Gradients& gradients) { return out << to_string(gradients); }

}  // namespace xg::inspect
