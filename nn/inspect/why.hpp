// Why a tensor has no gradient, or one of zeros.
#pragma once

#include <string>

#include "recording.hpp"

namespace xg::inspect {

/// Answers in a sentence or two why `x` has no gradient of `loss`, or one that is zero: x is a constant or frozen, the
/// loss does not depend on it, an op cut the way (detach, an integer op, NoGrad; named with its line), backward has not
/// run, x is no leaf, or its gradient is zero and which op made it so. Also says so when all is well.
///
/// The graph itself knows only of ops that were recorded, and no longer of one that backward ran through. With a
/// Recording that was alive in the forward pass the answer names what cut the way. A graph that is still there is run
/// backward through, without leaving gradients. Throws ValueError for undefined tensors.
std::string why_no_gradient(const Tensor& x, const Tensor& loss, const Recording* recording = nullptr,
                            Site site = Site::here());

namespace detail {
/// The same for a gradient that must not be computed anew.
std::string why_no_gradient(const Tensor& x, const Tensor& loss, const Recording* recording, bool may_run,
                            const Site& site);
}  // namespace detail

}  // namespace xg::inspect
