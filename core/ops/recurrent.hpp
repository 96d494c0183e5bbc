// Recurrent networks: one direction of one layer over whole sequences, as one op. The input of all steps is projected
// in one product, a step is one product and one pass, and backward is fused the same way; derivatives exist to any
// order.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// What a layer learns. With G gates (1, for an LSTM 4 and for a GRU 3) and a hidden size H: (G·H, in), (G·H, H), and
/// biases (G·H,), which may be left undefined.
struct RecurrentWeights {
  Tensor ih, hh, bias_ih, bias_hh;
};

struct SequenceOptions {
  /// How many steps each sequence has, i64 (B,), from 1 to T; undefined: all T. What lies behind is padding: it changes
  /// nothing, gets no gradient, and may be anything, NaN too. The output there is 0.
  Tensor lengths = {};
  /// From the last real step of each sequence to its first.
  bool reverse = false;
};

/// The outputs of all steps, (B, T, H), and the state (B, H) after the last one: of each sequence its last real step.
struct Recurrent {
  Tensor y, h;
};
struct RecurrentWithCell {
  Tensor y, h, c;
};

enum class RnnNonlinearity : std::uint8_t { tanh, relu };

/// h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh), or relu of it, for each step of x (B, T, in). `h` (B, H) is the first
/// state; undefined: zeros. Throws ShapeError for shapes that do not fit, ValueError for sequences without steps and
/// lengths out of range, DTypeError for lengths that are not i64. Source: Elman, Finding Structure in Time, 1990.
Recurrent rnn(const Operand& x, const RecurrentWeights& weights, const Tensor& h = {},
              const SequenceOptions& options = {}, RnnNonlinearity nonlinearity = RnnNonlinearity::tanh);
/// Long short-term memory: i, f, g, o = parts of x W_ihᵀ + b_ih + h W_hhᵀ + b_hh; c' = σ(f) c + σ(i) tanh(g); h' = σ(o)
/// tanh(c'). `h` and `c` are (B, H); undefined: zeros. Throws as rnn. Source: Hochreiter and Schmidhuber 1997, with the
/// forget gate of Gers et al. 2000.
RecurrentWithCell lstm(const Operand& x, const RecurrentWeights& weights, const Tensor& h = {}, const Tensor& c = {},
                       const SequenceOptions& options = {});
/// Gated recurrent unit: r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise; n = tanh(W_in x + b_in + r (W_hn h + b_hn));
/// h' = (1 − z) n + z h. The weights hold the gates in the order r, z, n. Throws as rnn. Source: Cho et al. 2014, with
/// the reset gate behind the product, as in PyTorch.
Recurrent gru(const Operand& x, const RecurrentWeights& weights, const Tensor& h = {},
              const SequenceOptions& options = {});

}  // namespace xg
