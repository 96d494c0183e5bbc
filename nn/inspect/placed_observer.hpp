// An observer that knows in which module of a model each op is.
#pragma once

#include <string>

#include "paths.hpp"

namespace xg::inspect::detail {

/// Follows the calls of modules. Without a model, a layer goes by the name its parameters were given when the model's
/// parameters were listed, as an optimizer does.
class PlacedObserver : public Observer {
 public:
  void module_entered(const CalledModule& module, const Tensors& inputs) override;
  void module_left(const CalledModule& module, Tensors& outputs) override;
  void backward_started(const Tensors& outputs) override;
  void backward_ended() override;

 protected:
  PlacedObserver() : path_(map_) {}
  /// Gives the model's parameters their paths as names, see named_parameters.
  explicit PlacedObserver(const nn::AnyModel& model) : map_(model), path_(map_), has_model_(true) {
    nn::parameters(model);
  }
  PlacedObserver(const PlacedObserver&) = delete;

  /// The module that an op with these inputs is in: "blocks.0.attention"; "" outside of all.
  std::string path_of(const Operands& inputs) const;
  /// The innermost module now.
  const std::string& path() const { return path_.path(); }
  bool in_backward() const { return passes_ > 0; }

 private:
  ModelMap map_;
  ModulePath path_;
  bool has_model_ = false;
  int passes_ = 0;
};

}  // namespace xg::inspect::detail
