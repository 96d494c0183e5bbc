// Dropout: elements or whole channels left out at random while a model is trained.
#pragma once

#include "../array/random.hpp"
#include "../graph/tensor.hpp"

namespace xg {

/// x with each element 0 with probability p and divided by 1 − p otherwise, so that its expectation stays x. d/dx is
/// the same mask. p = 0 gives x, p = 1 zeros. The same bits with any number of threads. Throws ValueError unless 0 ≤ p
/// ≤ 1. Source: Srivastava et al., Dropout, 2014.
Tensor dropout(const Operand& x, double p = 0.5, Rng& rng = default_rng());
/// The same for whole channels: x is (N, C, L) or (C, L), and all L elements of a channel go or stay together. Throws
/// ShapeError for other ranks. Source: Tompson et al., Efficient Object Localization, 2015.
Tensor dropout1d(const Operand& x, double p = 0.5, Rng& rng = default_rng());
/// The same for images: (N, C, H, W) or (C, H, W).
Tensor dropout2d(const Operand& x, double p = 0.5, Rng& rng = default_rng());

namespace detail {
/// Throws ValueError naming `op` unless p is a probability.
void check_dropout(const char* op, double p, const Site& site);
}  // namespace detail

}  // namespace xg
