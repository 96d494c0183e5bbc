// Everything that happened in a forward and a backward pass, also what was not recorded in the graph.
#pragma once

#include <cmath>
#include <unordered_map>
#include <vector>

#include "../../core/inspect/statistics.hpp"
#include "placed_observer.hpp"

namespace xg::inspect {

/// An op as a Recording saw it.
struct RecordedOp {
  const char* name;
  Site site;
  /// The module it was in; "" outside of all.
  std::string path;
  Tensors inputs, outputs;
  /// Whether it is part of the graph; if not, whether recording was off (NoGrad).
  bool in_graph = false, was_off = false;
  /// Whether its rule ran; then |cotangent|, and |gradient| of each input (NaN where none is wanted, 0 for zero).
  bool rule_ran = false;
  double cotangent_norm = NAN;
  std::vector<double> gradient_norms;
};

/// While it lives, keeps what this thread computes: each op with its inputs and outputs, whether it was recorded, and
/// what went through its rule. `gradients` and `why_no_gradient` then know where an activation is dead and what cut a
/// path. It keeps every tensor it saw, so let it live for one step:
///
///     inspect::Recording recording(model);
///     Tensor loss = nn::mse(model(x), y);
///     loss.backward();
///     fmt::print("{}\n", inspect::gradients(model, {.loss = loss, .recording = &recording}));
class Recording : detail::PlacedObserver {
 public:
  Recording() : observing_(*this) {}
  /// Names the modules by their paths in the model.
  explicit Recording(const nn::AnyModel& model) : PlacedObserver(model), observing_(*this) {}

  /// In the order they were computed; those within rules are left out.
  const std::vector<RecordedOp>& ops() const { return ops_; }
  /// The op that made a tensor; null if none of these did.
  const RecordedOp* maker(const Tensor& x) const;
  const RecordedOp* find(const xg::detail::Node& node) const;
  /// Forgets all.
  void clear();

 private:
  void op_computed(const ComputedOp& op) override;
  void rule_started(const xg::detail::Node& node, const Tensors& cotangents) override;
  void rule_ended(const xg::detail::Node& node, const Tensors& cotangents, const Tensors& gradients) override;

  std::vector<RecordedOp> ops_;
  std::unordered_map<const xg::detail::Node*, std::size_t> by_node_;
  std::unordered_map<const xg::detail::TensorImpl*, std::size_t> by_output_;
  Observing observing_;
};

}  // namespace xg::inspect
