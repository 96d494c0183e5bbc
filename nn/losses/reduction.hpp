// How the losses of the elements become one.
#pragma once

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// What a loss returns: the mean over all elements or positions (the default), their sum, or one number each.
enum class Reduction { mean, sum, none };

namespace detail {
/// The mean or sum of `losses`, or themselves.
Tensor reduced(const Tensor& losses, Reduction reduction);
/// Refuses a prediction and a target of different shapes, which would broadcast into a wrong loss: ShapeError. A plain
/// number fits any shape.
void check_same_shape(const char* op, const Operand& prediction, const Operand& target);
/// Throws ValueError naming the option unless `good` and `value` is finite.
void check_option(const char* op, const char* option, double value, bool good, const Site& site);
}  // namespace detail

}  // namespace xg::nn
