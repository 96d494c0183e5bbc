// Losses between distributions: negative log-likelihoods and the Kullback-Leibler divergence.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

struct KlDivOptions {
  /// The target is given as its logarithm too.
  bool log_target = false;
  Reduction reduction = Reduction::mean;
};

/// y (log y − x), averaged over all elements, of log-probabilities x and a target y (PyTorch `kl_div`; its "batchmean"
/// is the sum over the batch size). d/dx = −y; d/dy = log y + 1 − x. Where the target is 0 the loss and its gradient
/// are 0. Shapes are equal: throws ShapeError.
Tensor kl_div(const Operand& log_prediction, const Operand& target, const KlDivOptions& options = {});

struct GaussianNllOptions {
  /// Adds the constant log(2π) / 2.
  bool full = false;
  /// Variances below this count as this.
  double eps = 1e-6;
  Reduction reduction = Reduction::mean;
};

/// (log v + (x − y)² / v) / 2, averaged, of means x, a target y and variances v (PyTorch `gaussian_nll_loss`). d/dx =
/// (x − y) / v; d/dv = (1 − (x − y)² / v) / (2v), also where v was raised to eps. v broadcasts to x: (n, 1) is one
/// variance a row. Throws ShapeError; ValueError for a negative variance and unless eps > 0.
Tensor gaussian_nll(const Operand& mean, const Operand& target, const Operand& variance,
                    const GaussianNllOptions& options = {});

struct PoissonNllOptions {
  /// The prediction is the logarithm of the rate.
  bool log_input = true;
  /// Adds Stirling's approximation of log y!, y log y − y + log(2πy) / 2, where y > 1.
  bool full = false;
  /// Added to a rate before its logarithm is taken.
  double eps = 1e-8;
  Reduction reduction = Reduction::mean;
};

/// exp(x) − y x of the logarithm x of a rate, or x − y log(x + eps) of a rate, averaged, of counts y (PyTorch
/// `poisson_nll_loss`). d/dx = exp(x) − y, or 1 − y / (x + eps). Shapes are equal: throws ShapeError; ValueError unless
/// eps ≥ 0.
Tensor poisson_nll(const Operand& prediction, const Operand& target, const PoissonNllOptions& options = {});

}  // namespace xg::nn
