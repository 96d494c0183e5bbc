// A look at the gradients of a model.
#pragma once

#include <string>

#include "../module/module.hpp"

namespace xg::nn {

/// A table of a model's parameters: name, shape, the 2-norms of gradient and weight, and their ratio; a ratio far from
/// the others' tells of a layer that learns too fast or not at all. A parameter without gradient shows a dash, a frozen
/// one says so.
std::string gradient_table(const AnyModel& model);

}  // namespace xg::nn
