// Stops at the first number that is not finite.
#pragma once

#include <limits>
#include <map>

#include "../../core/graph/observer.hpp"
#include "placed_observer.hpp"

namespace xg::inspect {

struct AnomalyOptions {
  /// Finite numbers of a larger size are anomalies too.
  double limit = std::numeric_limits<double>::infinity();
};

/// While it lives, each value that an op of this thread computes and each gradient that a rule gives is looked at; the
/// first NaN or infinity throws a GradError that names the op, the shapes, the first bad index and the inputs there,
/// the user's line in forward, and the layer (PyTorch `detect_anomaly`, which looks at backward only).
///
/// An infinity that is among an op's inputs may be among its outputs, as in attention masks. Numbers within a rule are
/// not looked at, only what it returns. Install it before the forward pass: a backward pass alone knows less. Costs
/// another pass over all numbers, and keeps the inputs of ops as long as their graph is needed.
///
///     inspect::DetectAnomaly guard(model);  // without a model, layers go by the names of their parameters
class DetectAnomaly : detail::PlacedObserver {
 public:
  explicit DetectAnomaly(const AnomalyOptions& options = {}) : options_(options), observing_(*this) {}
  explicit DetectAnomaly(const nn::AnyModel& model, const AnomalyOptions& options = {})
      : PlacedObserver(model), options_(options), observing_(*this) {}

 private:
  void op_computed(const ComputedOp& op) override;
  void backward_started(const Tensors& outputs) override;
  void rule_started(const xg::detail::Node& node, const Tensors& cotangents) override;
  void rule_ended(const xg::detail::Node& node, const Tensors& cotangents, const Tensors& gradients) override;
  void backward_ended() override;

  /// What is known of an op that was recorded.
  struct Known {
    Ref<xg::detail::Node> node;
    std::vector<Array> inputs;  // empty arrays for numbers
    std::string path;
  };
  const Known* find(const xg::detail::Node& node) const;
  /// Forgets ops of graphs that backward ran through, or that nobody else holds any more.
  void sweep();

  AnomalyOptions options_;
  std::map<std::uint64_t, Known> known_;  // by the sequence numbers of the nodes
  std::size_t sweep_at_ = 64;             // when there are so many
  Observing observing_;
};

}  // namespace xg::inspect
