// The optimizers that change each number by itself: what they remember, and the one pass that does a step.
#pragma once

#include "optimizer.hpp"

namespace xg::nn::detail {

inline constexpr std::size_t most_arrays = 3, most_numbers = 10;

/// Changes `count` neighbours: of the parameter, its gradient, and the arrays of the rule.
using UpdateKernel = void (*)(const double* numbers, std::byte* const* pointers, std::int64_t count);

/// How the parameters of a group are changed.
struct UpdateRule {
  UpdateKernel f32, f64;
  unsigned arrays;     // bit k: the kernel takes array k
  double initial = 0;  // what an array is filled with at first
};

/// How many steps a parameter made, and what else goes with their number.
struct StepCount {
  std::int64_t steps = 0;
  double product = 1;
  bool operator==(const StepCount&) const = default;
};

/// An optimizer whose rule is a kernel over a parameter, its gradient, and up to three arrays of what is remembered of
/// it. A step is one pass over all parameters, on several threads where there are many numbers; the result does not
/// depend on their number.
class ElementwiseOptimizer : public Optimizer {
 public:
  void state(StateVisitor& visitor) override;

 protected:
  struct Memory {
    StepCount count;
    Array arrays[most_arrays];
  };
  /// What the arrays are called in a state.
  using ArrayNames = const char* const (&)[most_arrays];

  ElementwiseOptimizer(const char* name, ArrayNames names) : Optimizer(name), array_names_(names) {}

  virtual UpdateRule rule(std::size_t group) const = 0;
  /// Counts one step more and works out the numbers that the kernel is given.
  virtual void advance_numbers(std::size_t group, StepCount& count, double* numbers) const = 0;

  std::vector<Memory>& memories() { return memories_; }

 private:
  double advance(const Closure* closure, const Site& site) final;

  struct Update {
    UpdateKernel kernel;
    std::int64_t size, element_bytes;
    std::size_t operands;
    std::byte* pointers[2 + most_arrays];
    double numbers[most_numbers];
    Memory* memory;
    std::size_t group;
  };
  void prepare(std::size_t group, std::size_t i, const UpdateRule& rule, const Site& site);
  void run() const;

  const char* const (&array_names_)[most_arrays];
  std::vector<Memory> memories_;
  std::vector<Update> updates_;    // of the step under way
  std::vector<Array> contiguous_;  // gradients that were views
};

/// The same with options of a type, one set a group.
template <class Options>
class OptimizerOf : public ElementwiseOptimizer {
 public:
  /// The options of a group. Throws IndexError.
  const Options& options(std::size_t group = 0, Site site = Site::here()) const {
    return options_[checked_group(group, site)];
  }
  /// Replaces the options of a group. Throws as the constructor does, and IndexError.
  void set_options(const Options& options, std::size_t group = 0, Site site = Site::here()) {
    check_(OptionCheck(name_, site), options);
    options_[checked_group(group, site)] = options;
  }

 protected:
  using Groups = std::vector<ParameterGroup<Options>>;
  using Check = void (*)(const OptionCheck& check, const Options& options);

  OptimizerOf(const char* name, ArrayNames names, Check check, const Groups& groups, const Site& site)
      : ElementwiseOptimizer(name, names), check_(check) {
    OptionCheck option_check(name, site);
    option_check.require(!groups.empty(), "there are no groups of parameters to train");
    for (const ParameterGroup<Options>& group : groups) {
      check(option_check, group.options);
      add_group(group.parameters, site);
      options_.push_back(group.options);
    }
  }

  Knobs knobs(std::size_t group) final {
    Options& turned = options_[group];
    double* momentum = nullptr;
    if constexpr (requires { turned.momentum; }) momentum = &turned.momentum;
    else if constexpr (requires { turned.beta1; }) momentum = &turned.beta1;
    return {&turned.lr, momentum};
  }

 private:
  Check check_;
  std::vector<Options> options_;
};

}  // namespace xg::nn::detail
