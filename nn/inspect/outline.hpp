// Models and optimizers as text.
#pragma once

#include <concepts>
#include <string>

#include "../../core/ops/print.hpp"
#include "../module/module.hpp"
#include "../optim/optimizer.hpp"

namespace xg::inspect {

/// A model as a tree: each module with its type and the shapes of its own parameters and buffers. The model is not
/// called; `summary` tells what it computes.
std::string outline(const nn::AnyModel& model);

}  // namespace xg::inspect

namespace xg::nn {

/// "Adam of 4 parameters (139 numbers), lr 0.001, momentum 0.9, after 20 steps"; of several groups, each one's rate.
std::string to_string(const Optimizer& optimizer);
std::ostream& operator<<(std::ostream& out, const Optimizer& optimizer);

}  // namespace xg::nn

template <std::derived_from<xg::nn::Optimizer> O>
struct fmt::formatter<O> : xg::detail::Formatter {
  template <class Context>
  auto format(const O& optimizer, Context& context) const {
    return write(xg::detail::padded(xg::nn::to_string(optimizer), specification), context);
  }
};
