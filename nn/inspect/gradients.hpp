// How the parameters of a model learn: what a backward pass left at each, and what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "../../core/inspect/statistics.hpp"
#include "../../core/ops/print.hpp"
#include "../module/module.hpp"

namespace xg::nn {
class Optimizer;
}

namespace xg::inspect {

class Recording;
struct Graph;

/// What can be said of a parameter's gradient.
enum class Verdict {
  fine,
  frozen,
  no_gradient,  // backward left none
  not_finite,   // a NaN or an infinity, in the gradient or in the values
  zero,         // every element is exactly 0
  vanishing,    // far smaller than those of the other layers
  exploding,    // far larger than the values
  dead_units,   // most units of the layer get no gradient at all
  saturated,    // an activation behind the layer is flat where it stands
  too_fast,     // a step changes the values by a large part
  too_slow,     // a step changes nothing
};
/// "dead units".
const char* name_of(Verdict verdict);

/// From where on a verdict is given.
struct VerdictLimits {
  /// Root mean square of a layer's gradient beside the largest one of the model.
  double vanishing = 1e-5;
  /// |gradient| / |values|.
  double exploding = 1e3;
  /// Part of the units of a layer.
  double dead = 0.6;
  /// Part of the elements of a sigmoid or tanh where its derivative is below a twentieth of the largest.
  double saturated = 0.8;
  /// |update| / |values|.
  double too_fast = 0.3, too_slow = 1e-8;
};

/// One parameter as it was looked at.
struct ParameterLook {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
  bool is_frozen = false, has_gradient = false;
  /// The optimizer that was given does not hold it.
  bool is_not_stepped = false;
  Statistics value, gradient;
  /// |update| / |values before|; NaN where the update is not known.
  double update_ratio = NAN;
  /// Units of the layer, and how many of them got a gradient that is exactly 0 in weight and bias; 0 where the
  /// parameter has no units.
  std::int64_t units = 0, dead_units = 0;
  Verdict verdict = Verdict::fine;
  /// What the verdict rests on; empty when all is well.
  std::string why;

  double dead_share() const { return units > 0 ? static_cast<double>(dead_units) / static_cast<double>(units) : 0; }
};

/// The parameters of a model before a step, for the update it makes: `Snapshot before(model); optimizer.step();
/// inspect::gradients(model, {.before = &before})`.
class Snapshot {
 public:
  explicit Snapshot(const nn::AnyModel& model);
  explicit Snapshot(const std::vector<Tensor>& parameters);
  /// |now − before| / |before| of a parameter; NaN when it is unknown, or was of another shape or dtype; infinite where
  /// all was 0 before.
  double update_ratio(const Tensor& parameter) const;

 private:
  struct Kept {
    Tensor parameter;
    Array before;
  };
  void take(const std::vector<Tensor>& parameters);
  std::vector<Kept> kept_;
};

struct GradientsOptions {
  /// What backward ran on: of parameters without a gradient it is then said why, see `why_no_gradient`.
  Tensor loss = {};
  /// What was alive in forward and backward: dead and saturated activations are then found by their lines, and lines
  /// where gradients explode, vanish, or are cut off.
  const Recording* recording = nullptr;
  /// Its next step gives the update ratios: it is made on trial, and taken back.
  nn::Optimizer* optimizer = nullptr;
  /// Or the step that was made since.
  const Snapshot* before = nullptr;
  VerdictLimits limits = {};
};

/// What `gradients` found.
struct Gradients {
  std::vector<ParameterLook> parameters;

  /// A parameter by name; throws ValueError listing the names.
  const ParameterLook& operator[](const std::string& name) const;
  /// Whether every verdict is fine or frozen.
  bool healthy() const;
};

/// Looks at each parameter of a model and at the gradient that backward left there: norms, means, extremes, zeros,
/// numbers that are not finite, the size of the update, and a verdict. Prints as a table, with the verdicts that are
/// not fine explained below. A parameter shared by two layers is listed once.
Gradients gradients(const nn::AnyModel& model, const GradientsOptions& options = {}, Site site = Site::here());
std::string to_string(const Gradients& gradients);
std::ostream& operator<<(std::ostream& out, const Gradients& gradients);

namespace detail {
/// The same; where backward left no gradients at all, those that a look at the graph of the loss saw are judged.
Gradients gradients(const nn::AnyModel& model, const GradientsOptions& options, const Graph* graph, const Site& site);
/// Looks at one parameter; no verdict yet.
ParameterLook look_at(const std::string& name, const Tensor& parameter);
/// Counts the units that got no gradient, in looks at the parameters of one model.
void count_dead_units(std::vector<ParameterLook>& looks, const std::vector<Tensor>& parameters,
                      const std::vector<std::string>& transposed);
/// The names of the weights whose units lie along axis 1: those of transposed convolutions.
std::vector<std::string> transposed_weights(const nn::AnyModel& model);
/// Gives the verdicts.
void judge(std::vector<ParameterLook>& looks, const VerdictLimits& limits);
}  // namespace detail

}  // namespace xg::inspect

template <>
struct fmt::formatter<xg::inspect::Gradients> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::inspect::Gradients& gradients, Context& context) const {
    return write(xg::detail::padded(xg::inspect::to_string(gradients), specification), context);
  }
};
