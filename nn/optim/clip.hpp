// Bounding gradients before a step.
#pragma once

#include <limits>
#include <vector>

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// Scales the gradients of the parameters together so that their norm is at most `max_norm`, by
/// min(1, max_norm / (norm + 1e-6)); returns the norm as it was (PyTorch `clip_grad_norm_`). The norm is
/// (Σ |g|^p)^(1/p) over all numbers, the largest |g| for p = infinity; parameters without a gradient count for nothing.
/// Gradients whose norm is NaN or infinite cannot be scaled to anything meaningful and stay as they are: ask
/// `std::isfinite` of what is returned to leave out the step. Throws ValueError unless max_norm ≥ 0 and p > 0.
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, double p = 2, Site site = Site::here());

/// Moves each number of the gradients into [−limit, limit]; NaN stays (PyTorch `clip_grad_value_`). Throws ValueError
/// unless limit ≥ 0.
void clip_grad_value(const std::vector<Tensor>& parameters, double limit, Site site = Site::here());

}  // namespace xg::nn
