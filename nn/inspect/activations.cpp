#include "activations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "../../core/error/error.hpp"
#include "../../core/inspect/module_path.hpp"

namespace xg::inspect {
namespace {

/// The layer whose parameter an op takes; "" for none.
std::string parameter_layer(const RecordedOp& op) {
  for (const Tensor& x : op.inputs)
    if (x.impl()->label && x.impl()->label->is_path) {
      std::string layer = detail::parent_path(x.name());
      return layer.empty() ? x.name() : layer;
    }
  return "";
}

/// What lies right before an activation, following first inputs.
struct Before {
  /// Of the nearest op with parameters.
  std::string layer;
  /// The axis of `y` along which the units lie; −1 where nobody can tell.
  std::int64_t axis = -1;
};

bool is_among(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The units of an image's layers lie along axis 1, those of others along the last.
std::int64_t unit_axis(const RecordedOp& op, std::int64_t rank) {
  std::string_view name = op.name;
  if (name.starts_with("conv") || is_among(name, {"batch_norm", "batch_norm_eval", "group_norm", "instance_norm"}))
    return 1;
  if (is_among(name, {"linear", "matmul", "bilinear", "layer_norm", "rms_norm", "embedding", "rnn", "gru", "lstm"}))
    return rank - 1;
  return -1;
}

Before before(const Recording& recording, const RecordedOp& op) {
  Before found;
  const Array& y = op.outputs[0].array();
  bool is_moved = false;  // the axes were
  const RecordedOp* at = &op;
  for (int hops = 0; at && !at->outputs.empty() && hops < 16 && (found.axis < 0 || found.layer.empty()); ++hops) {
    if (found.layer.empty()) found.layer = parameter_layer(*at);
    const Shape& shape = at->outputs[0].shape();
    std::int64_t axis = unit_axis(*at, shape.rank());
    if (found.axis < 0 && axis >= 0 && axis < shape.rank()) {
      std::int64_t units = shape[static_cast<std::size_t>(axis)];
      if (y.rank() == 2) axis = 1;
      else if (is_moved) {  // to the only axis of that length, if so
        std::int64_t count = std::count(y.shape().begin() + 1, y.shape().end(), units);
        axis = count == 1 ? std::find(y.shape().begin() + 1, y.shape().end(), units) - y.shape().begin() : -1;
      }
      if (axis < 0) break;
      found.axis = axis;
    }
    is_moved = is_moved || is_among(at->name, {"permute", "transpose", "swapaxes", "moveaxis", "matrix_transpose",
                                               "reshape", "flatten", "expand_dims", "squeeze", "einsum"});
    at = at->inputs.empty() ? nullptr : recording.maker(at->inputs[0]);
  }
  if (found.axis < 0 && (!is_moved || y.rank() == 2)) found.axis = y.rank() == 2 || y.rank() >= 4 ? 1 : y.rank() - 1;
  return found;
}

/// Counts units that are 0 for all samples.
void count_dead(ActivationLook& look, const Array& y, std::int64_t unit_axis) {
  std::int64_t rank = y.rank();
  if (rank < 2 || y.size() == 0 || unit_axis < 1) return;
  auto axis = static_cast<std::size_t>(unit_axis);
  std::int64_t units = y.shape()[axis], inner = 1;
  if (y.size() / units < 4) return;
  look.units = units;
  look.samples = y.size() / units;
  for (std::size_t i = axis + 1; i < static_cast<std::size_t>(rank); ++i) inner *= y.shape()[i];
  Array values = y.cast(f64).contiguous();
  std::vector<bool> alive(static_cast<std::size_t>(units));
  for (std::int64_t i = 0; i < values.size(); ++i)
    if (values.data<double>()[i] != 0) alive[static_cast<std::size_t>(i / inner % units)] = true;
  look.dead = std::count(alive.begin(), alive.end(), false);
}

/// Part of the elements beyond `low` and `high`.
double share_outside(const Array& y, double low, double high) {
  Array values = y.cast(f64).contiguous();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < values.size(); ++i)
    count += values.data<double>()[i] < low || values.data<double>()[i] > high;
  return values.size() > 0 ? static_cast<double>(count) / static_cast<double>(values.size()) : 0;
}

std::string place(const RecordedOp& op) { return fmt::format("`{}` ({})", op.name, describe(op.site)); }
std::string place(const ActivationLook& look) { return fmt::format("`{}` ({})", look.op, describe(look.site)); }

}  // namespace

std::vector<ActivationLook> activations(const Recording& recording) {
  std::vector<ActivationLook> list;
  std::size_t last_layer = 0;
  const std::vector<RecordedOp>& ops = recording.ops();
  for (std::size_t i = 0; i < ops.size(); ++i)
    if (!parameter_layer(ops[i]).empty()) last_layer = i;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const RecordedOp& op = ops[i];
    std::string_view name = op.name;
    bool is_relu = name == "relu" || name == "relu6", is_sigmoid = name == "sigmoid";
    bool is_tanh = name == "tanh" || name == "rnn";
    if ((!is_relu && !is_sigmoid && !is_tanh) || op.outputs.empty()) continue;
    ActivationLook look{.op = op.name, .site = op.site, .layer = {}};
    Before source = before(recording, op);
    look.layer = source.layer;
    look.is_last = i >= last_layer && name != "rnn";
    const Array& y = op.outputs[0].array();
    if (is_relu) count_dead(look, y, source.axis);
    // y (1 − y) < 1/80 and 1 − y² < 1/20.
    if (is_sigmoid) look.saturated = share_outside(y, 0.01266, 0.98734);
    if (is_tanh) look.saturated = share_outside(y, -0.97468, 0.97468);
    list.push_back(std::move(look));
  }
  return list;
}

std::vector<LineGrowth> growth(const Recording& recording) {
  std::vector<LineGrowth> lines;
  std::map<std::pair<std::string_view, int>, std::size_t> places;
  for (const RecordedOp& op : recording.ops()) {
    if (!op.rule_ran || !op.site || !(op.cotangent_norm > 0)) continue;
    double onward = 0;
    for (std::size_t i = 0; i < op.gradient_norms.size() && i < op.inputs.size(); ++i)
      if (!op.inputs[i].is_leaf()) onward = std::max(onward, op.gradient_norms[i]);
    if (!(onward > 0)) continue;
    auto [at, is_new] = places.emplace(std::pair(std::string_view(op.site.file), op.site.line), lines.size());
    if (is_new) lines.push_back({.op = op.name, .site = op.site});
    LineGrowth& line = lines[at->second];
    if (line.op.find(op.name) == std::string::npos) line.op += std::string(", ") + op.name;
    line.factor *= onward / op.cotangent_norm;
    ++line.times;
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const LineGrowth& a, const LineGrowth& b) { return a.factor > b.factor; });
  return lines;
}

void detail::judge(std::vector<ParameterLook>& looks, const Recording& recording, const VerdictLimits& limits) {
  std::vector<ActivationLook> seen = activations(recording);
  std::vector<LineGrowth> lines = growth(recording);
  for (ParameterLook& look : looks) {
    if (look.is_frozen || look.verdict == Verdict::not_finite || look.verdict == Verdict::no_gradient) continue;
    std::string layer = parent_path(look.name);
    if (layer.empty()) layer = look.name;
    for (const ActivationLook& one : seen) {
      if (one.layer != layer) continue;
      if (one.dead_share() >= limits.dead) {
        look.verdict = Verdict::dead_units;
        look.why = fmt::format("dead ReLU: {} gave 0 for all {} samples in {} of {} units", place(one), one.samples,
                               one.dead, one.units);
        break;
      } else if (one.saturated >= limits.saturated && !one.is_last && look.verdict != Verdict::exploding) {
        look.verdict = Verdict::saturated;
        look.why = fmt::format("{} is flat at {:.0f} % of its values", place(one), 100 * one.saturated);
        break;
      }
    }
    if (look.verdict == Verdict::exploding && !lines.empty() && lines.front().factor > 10) {
      const LineGrowth& most = lines.front();
      look.why += fmt::format("; backward, the gradient grew {:.0e} times in {} calls at {}", most.factor, most.times,
                              describe(most.site));
    }
    if (look.verdict == Verdict::vanishing && !lines.empty() && lines.back().factor < 0.1) {
      const LineGrowth& least = lines.back();
      look.why += fmt::format("; backward, the gradient shrank to {:.0e} of its size in {} calls at {}", least.factor,
                              least.times, describe(least.site));
    }
    if (look.verdict != Verdict::exploding && look.verdict != Verdict::vanishing && look.verdict != Verdict::too_fast)
      continue;
    for (const RecordedOp& op : recording.ops())
      if (std::any_of(op.inputs.begin(), op.inputs.end(), [&](const Tensor& x) { return x.name() == look.name; })) {
        look.why += fmt::format("; used by {}", place(op));
        break;
      }
  }
}

}  // namespace xg::inspect
