// KeepValues: writes down a forward pass, so that the graph it leaves can be shown with values and places.
#pragma once

#include "../../core/inspect/graph.hpp"
#include "paths.hpp"

namespace xg::inspect {

struct KeepOptions {
  /// Keep the output of each op; they stay in memory as long as this does. Without, only places, times and bytes.
  bool values = true;
};

/// While it lives, every op recorded on this thread is written down: in which module it ran, its value, its time, and
/// how much memory it took. Hand it to `explain`, `graph_of`, `write_dot` and `write_report` as `.values`.
///
///     inspect::KeepValues keep(model);
///     Tensor loss = nn::mse(model(x), y);
///     fmt::print("{}", inspect::explain(loss, {.values = &keep}));
///
/// Times are those from one op to the next. An op in a plain struct that does not tell of its calls (nn::ModuleCall) is
/// placed by the layers that run before and after it.
class KeepValues : public ForwardLog, Observer {
 public:
  KeepValues() : path_(map_), scope_(*this) {}
  explicit KeepValues(const nn::AnyModel& model, const KeepOptions& options = {})
      : options_(options), map_(model), path_(map_), scope_(*this) {
    nn::named_parameters(model);  // names them
    restart();
  }

 private:
  void op_computed(const ComputedOp& op) override;
  void backward_started(const Tensors&) override { ++passes_; }
  void backward_ended() override;
  void module_entered(const CalledModule& module, const Tensors&) override;
  void module_left(const CalledModule& module, Tensors&) override;
  void restart();

  KeepOptions options_;
  ModelMap map_;
  ModulePath path_;
  int passes_ = 0;
  double started_ = 0;
  std::int64_t bytes_ = 0;
  std::string left_;                    // the module that returned last
  std::vector<std::uint64_t> between_;  // what was recorded since
  Observing scope_;
};

}  // namespace xg::inspect
