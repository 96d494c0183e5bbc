#include "anomaly.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "../../core/array/index_text.hpp"
#include "../../core/error/error.hpp"
#include "../../core/inspect/statistics.hpp"

namespace xg::inspect {
namespace {

/// The first NaN, and the first number beyond a limit that is no NaN; −1 for none.
struct Bad {
  std::int64_t nan = -1, beyond = -1;
};

template <class T>
Bad find_bad(const T* x, std::int64_t count, double limit) {
  auto most = static_cast<T>(std::min(limit, static_cast<double>(std::numeric_limits<T>::max())));
  Bad bad;
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < count; ++i) wrong += !(std::abs(x[i]) <= most);
  for (std::int64_t i = 0; wrong > 0 && i < count; ++i) {
    if (std::abs(x[i]) <= most) continue;
    --wrong;
    std::int64_t& first = std::isnan(x[i]) ? bad.nan : bad.beyond;
    if (first < 0) first = i;
  }
  return bad;
}

Bad find_bad(const Array& values, double limit) {
  if (!is_differentiable(values.dtype())) return {};
  Array dense = values.contiguous();
  return dense.dtype() == f32 ? find_bad(dense.data<float>(), dense.size(), limit)
                              : find_bad(dense.data<double>(), dense.size(), limit);
}

double element(const Array& values, std::int64_t row_major) {
  return values.cast(f64).contiguous().data<double>()[row_major];
}

std::string kind_of(double value, double limit) {
  if (std::isfinite(value)) return fmt::format("{:.3g}, which is beyond the limit of {:.3g}", value, limit);
  return std::isnan(value) ? "a NaN" : "an infinity";
}

/// "f32 (2, 3), 1 NaN and 2 infinite, the first at [0, 1]".
std::string bad_array(const Array& values, std::int64_t at) {
  Statistics known = statistics(values);
  std::string text = fmt::format("{} {}", name_of(values.dtype()), to_string(values.shape()));
  if (!known.finite()) text += fmt::format(", {} NaN and {} infinite", known.nans, known.infinities);
  return text + fmt::format(", the first at {}", xg::detail::index_text(at, values.shape()));
}

/// "f32 (2, 3), from −1 to 2; 0 at [0, 1]": an input of an op whose output of shape `shape` is bad at `at`.
std::string input_there(const Array& values, const Shape& shape, std::int64_t at) {
  Statistics known = statistics(values);
  std::string text = fmt::format("{} {}", name_of(values.dtype()), to_string(values.shape()));
  if (known.count == 0) return text;
  text += std::isnan(known.least) ? ", nothing finite"
                                  : fmt::format(", from {:.6g} to {:.6g}", known.least, known.greatest);
  if (known.nans > 0) text += fmt::format(", {} NaN", known.nans);
  if (known.infinities > 0) text += fmt::format(", {} infinite", known.infinities);
  Shape wide;
  if (!broadcast_shapes(values.shape(), shape, wide) || wide != shape) return text;
  std::string index = values.shape() == shape ? xg::detail::index_text(at, shape) : "that index";
  return text + fmt::format("; {:.6g} at {}", element(values.broadcast_to(shape), at), index);
}

/// What keeps an op from doing it again.
const char* advice(std::string_view op) {
  if (op == "log" || op == "log2" || op == "log10")
    return "keep its argument above 0: log(clamp(x, 1e-7)), or a loss on logits";
  if (op == "sqrt" || op == "rsqrt" || op == "pow" || op == "norm")
    return "keep its argument away from 0: sqrt(x + 1e-8)";
  if (op == "divide" || op == "reciprocal") return "keep the divisor away from 0: x / (y + 1e-8)";
  if (op == "exp" || op == "exp2" || op == "cosh" || op == "sinh")
    return "subtract the largest exponent first, or use softmax, logsumexp or a loss on logits";
  if (op == "linear" || op == "matmul" || op == "multiply" || op == "conv2d" || op == "sum")
    return "a smaller learning rate, clip_grad_norm, a normalization, or smaller initial values";
  return nullptr;
}

[[noreturn]] void finish(Complaint& complaint, const std::string& path, const Site& site, const char* hint) {
  if (!path.empty()) complaint.fact("layer", path);
  complaint.at(site);
  if (hint) complaint.mend(hint);
  complaint.raise<GradError>();
}

}  // namespace

void DetectAnomaly::op_computed(const ComputedOp& op) {
  if (in_backward()) return;
  for (const Tensor& y : op.outputs) {
    Bad bad = find_bad(y.array(), options_.limit);
    if (bad.nan < 0 && bad.beyond < 0) continue;
    const Operand* source = nullptr;  // an input that was bad before
    bool passed_on = false;
    for (const Operand& x : op.inputs) {
      Bad before = find_bad(x.array(), options_.limit);
      if (before.nan >= 0 && !source) source = &x;
      passed_on = passed_on || before.beyond >= 0;
    }
    if (bad.nan < 0 && passed_on) continue;
    std::int64_t at = bad.nan >= 0 ? bad.nan : bad.beyond;
    double value = element(y.array(), at);
    std::string what = "computed " + kind_of(value, options_.limit);
    if (std::isnan(value)) {
      if (source) what = "a NaN came in with an input";
      else if (passed_on) what += " from an infinity";
    }
    Complaint complaint(op.name, what);
    complaint.fact("y", bad_array(y.array(), at));
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Operand& x = op.inputs[i];
      std::string text = input_there(x.array(), y.shape(), at);
      if (!x.is_number() && !x.tensor().name().empty()) text += "  `" + x.tensor().name() + "`";
      complaint.fact(op.inputs.size() == 1 ? "x" : fmt::format("x{}", i).c_str(), text);
    }
    finish(complaint, path_of(op.inputs), op.site,
           source ? "look at the data: isnan(x) tells where they are" : advice(op.name));
  }
  xg::detail::Node* node = op.node();
  if (!node) return;
  if (known_.size() >= sweep_at_) sweep();
  Known& known = known_[node->sequence];
  known.node = Ref(node);
  known.inputs.clear();
  for (const Operand& x : op.inputs) known.inputs.push_back(x.array());
  known.path = path_of(op.inputs);
}

const DetectAnomaly::Known* DetectAnomaly::find(const xg::detail::Node& node) const {
  auto found = known_.find(node.sequence);
  return found == known_.end() ? nullptr : &found->second;
}

void DetectAnomaly::sweep() {
  // Newer nodes hold older ones: a graph that is gone goes from its end.
  for (auto at = known_.end(); at != known_.begin();) {
    const Known& known = (--at)->second;
    if (!known.node->rule || known.node.unique()) at = known_.erase(at);
  }
  sweep_at_ = std::max<std::size_t>(64, 2 * known_.size());
}

void DetectAnomaly::backward_ended() {
  PlacedObserver::backward_ended();
  if (!in_backward()) sweep();
}

void DetectAnomaly::backward_started(const Tensors& outputs) {
  PlacedObserver::backward_started(outputs);
  for (const Tensor& y : outputs) {
    Bad bad = find_bad(y.array(), std::numeric_limits<double>::infinity());
    if (bad.nan < 0) continue;
    Complaint complaint("backward", "what is to be differentiated is not a number");
    complaint.fact("y", describe(y));
    finish(complaint, "", y.site(), "install DetectAnomaly before the forward pass: it stops where the NaN arises");
  }
}

void DetectAnomaly::rule_started(const xg::detail::Node& node, const Tensors& cotangents) {
  for (const Tensor& g : cotangents) {
    if (!g.defined()) continue;
    Bad bad = find_bad(g.array(), options_.limit);
    std::int64_t at = bad.nan >= 0 ? bad.nan : bad.beyond;
    if (at < 0) continue;
    Complaint complaint(node.name,
                        "the cotangent of its output holds " + kind_of(element(g.array(), at), options_.limit));
    complaint.fact("cotangent", bad_array(g.array(), at));
    const Known* known = find(node);
    finish(complaint, known ? known->path : "", node.site,
           "the rules before it gave finite gradients: look at the seed, at hooks, and at sums of large gradients");
  }
}

void DetectAnomaly::rule_ended(const xg::detail::Node& node, const Tensors& cotangents, const Tensors& gradients) {
  const Known* known = find(node);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;
    const Array& g = gradients[i].array();
    Bad bad = find_bad(g, options_.limit);
    std::int64_t at = bad.nan >= 0 ? bad.nan : bad.beyond;
    if (at < 0) continue;
    Complaint complaint(node.name, "its rule gave, as a gradient, " + kind_of(element(g, at), options_.limit));
    complaint.fact("gradient", bad_array(g, at));
    for (const Tensor& cotangent : cotangents)
      if (cotangent.defined()) complaint.fact("cotangent", input_there(cotangent.array(), g.shape(), at));
    if (known) {
      const std::vector<Array>& inputs = known->inputs;
      for (std::size_t k = 0; k < inputs.size(); ++k)
        complaint.fact(inputs.size() == 1 ? "x" : fmt::format("x{}", k).c_str(), input_there(inputs[k], g.shape(), at));
    }
    finish(complaint, known ? known->path : "", node.site, advice(node.name));
  }
}

}  // namespace xg::inspect
