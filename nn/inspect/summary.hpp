// summary(): a model as a tree, with what each module computes and costs.
#pragma once

#include <string>
#include <vector>

#include "../../core/ops/print.hpp"
#include "../module/module.hpp"

namespace xg::inspect {

/// One module of a model.
struct ModuleSummary {
  /// "blocks.0.attention"; "" for the model.
  std::string path;
  /// "Linear".
  std::string type;
  /// How many modules it is within.
  int depth = 0;
  /// How often it was called; 0 too for a plain struct that does not tell of its calls.
  std::int64_t calls = 0;
  /// Shapes of the tensors that its last call returned.
  std::vector<Shape> outputs;
  /// Numbers in its parameters and in those of the modules in it, each parameter counted once; and how many of them are
  /// trained.
  std::int64_t parameters = 0, trained = 0;
  /// Of matrix products, convolutions, attention and recurrences, one for each multiplication that is followed by an
  /// addition; of all its calls, as all that follows.
  std::int64_t multiply_adds = 0;
  /// Seconds; NaN where unknown.
  double forward = 0, backward = 0;
  /// Bytes that were live when it had run, beyond those that were when it began: what is kept for backward.
  std::int64_t activation_bytes = 0;
};

/// A model and its modules, outer ones first.
struct Summary {
  std::vector<ModuleSummary> modules;

  const ModuleSummary& total() const { return modules[0]; }
  /// A module by its path; throws ValueError listing the paths.
  const ModuleSummary& operator[](const std::string& path) const;
};

namespace detail {
struct Forward {
  void* context;
  Tensors (*run)(void* context);
};
Summary summarize(const nn::AnyModel& model, const CalledModule& root, Forward forward);
}  // namespace detail

/// Calls a model, twice to measure it warm, and tells of every module its output shapes, parameters, multiply-adds,
/// time forward and backward, and activation memory. Prints as a tree. Parameters, their gradients, buffers and the
/// default random numbers are as before.
///
/// A plain struct that is called from another's code is seen by the layers in it only: its times are the sums of
/// theirs. nn::ModuleCall in it tells the rest.
template <class M, class... X>
Summary summary(const M& model, const X&... inputs) {
  auto call = [&] {
    Tensors outputs;
    nn::ModuleCall told = nn::ModuleCall::of_part(model, 0, inputs...);
    auto y = told(model(inputs...));
    nn::detail::for_each_output(y, [&](const Tensor& t) { outputs.push_back(t); });
    return outputs;
  };
  return detail::summarize(model, {&model, type_name<M>()},
                           {&call, [](void* context) { return (*static_cast<decltype(call)*>(context))(); }});
}

std::string to_string(const Summary& summary);
std::ostream& operator<<(std::ostream& out, const Summary& summary);

}  // namespace xg::inspect

template <>
struct fmt::formatter<xg::inspect::Summary> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::inspect::Summary& summary, Context& context) const {
    return write(xg::detail::padded(xg::inspect::to_string(summary), specification), context);
  }
};
