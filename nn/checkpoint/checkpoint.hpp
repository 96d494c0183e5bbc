// A whole training run in one file.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "../module/module.hpp"
#include "../module/state.hpp"
#include "safetensors.hpp"

namespace xg::nn {

/// All that a training run needs to go on as if it had never stopped:
///
///     nn::Checkpoint run;
///     run.add("model", model);
///     run.add("optimizer", optimizer);
///     run.add("loader", loader);
///     run.add("epoch", epoch);
///     run.save("run.safetensors");  // later, in a program that adds the same: run.load("run.safetensors")
///
/// It refers to what was added, which must stay where it is. The default generator is always part of it, under
/// `default_rng`. The file is a safetensors file with names such as "model.hidden.weight" and "optimizer.steps";
/// `nn::load(model, path, {.prefix = "model."})` takes a model out of it.
class Checkpoint {
 public:
  Checkpoint();
  ~Checkpoint();
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;

  /// Adds a model, anything with `void state(nn::StateVisitor&)` (optimizers, schedules, loaders, moving averages), a
  /// generator, a number, or a vector of i64 or f64 numbers. Throws ValueError when the name is taken or empty.
  template <class T>
    requires(!std::is_const_v<T>)
  Checkpoint& add(const std::string& name, T& object, Site site = Site::here()) {
    if constexpr (std::is_constructible_v<AnyState, T&>) add_state(name, AnyState(object), site);
    else add_model(name, AnyModel(object), site);
    return *this;
  }

  /// Writes the file in one step: a kill or a full disk leaves the old file or the new one. Throws ValueError when two
  /// things have one name, FormatError when the file cannot be written.
  void save(const std::string& path, Site site = Site::here()) const;
  /// Brings everything back. Throws FormatError, nothing being changed, when the file is damaged, or lacks names, has
  /// others or has values that do not fit: all are listed.
  void load(const std::string& path, const SafetensorsOptions& options = {}, Site site = Site::here());

 private:
  void add_state(const std::string& name, const AnyState& state, const Site& site);
  void add_model(const std::string& name, const AnyModel& model, const Site& site);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xg::nn
