// Losses between numbers.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

/// (x − y)², averaged (PyTorch `mse_loss`). d/dx = 2 (x − y). Shapes are equal, or the target is a plain number: throws
/// ShapeError, for (n, 1) against (n,) too, which would broadcast to (n, n).
Tensor mse(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);

/// |x − y|, averaged (PyTorch `l1_loss`). d/dx = sign(x − y), 0 where they are equal. Throws ShapeError as `mse` does.
Tensor l1(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);

struct SmoothL1Options {
  double beta = 1;
  Reduction reduction = Reduction::mean;
};

/// With d = x − y: d² / (2 beta) where |d| < beta, else |d| − beta / 2, averaged (PyTorch `smooth_l1_loss`). d/dx = d /
/// beta or sign(d). With beta = 0 it is l1. Throws ShapeError as `mse` does, ValueError unless beta ≥ 0 is finite.
Tensor smooth_l1(const Operand& prediction, const Operand& target, const SmoothL1Options& options = {});

struct HuberOptions {
  double delta = 1;
  Reduction reduction = Reduction::mean;
};

/// With d = x − y: d² / 2 where |d| ≤ delta, else delta (|d| − delta / 2), averaged (PyTorch `huber_loss`). d/dx = d
/// cut off at ±delta. Throws ShapeError as `mse` does, ValueError unless delta > 0 is finite.
Tensor huber(const Operand& prediction, const Operand& target, const HuberOptions& options = {});

}  // namespace xg::nn
