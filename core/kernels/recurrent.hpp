// The time loop of recurrent layers and its derivative. Sequences are batch first outside; inside, steps come first, in
// the order in which the loop takes them, so that what one step needs lies together.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

enum class Cell : std::uint8_t { tanh, relu, lstm, gru };
/// How many gates of the hidden size the rows of a cell's weights hold.
constexpr std::int64_t gate_count(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

/// What one direction of one layer works on; all of one dtype. Arrays that are not there are empty.
struct Recurrence {
  Cell cell;
  bool reverse = false;
  Array x;                     // (B, T, in)
  Array weight_ih, weight_hh;  // (gates · H, in), (gates · H, H)
  Array bias_ih, bias_hh;      // (gates · H,)
  Array h, c;                  // (B, H), before the first step; c for an LSTM
  Array lengths;               // i64 (B,), row-major, from 1 to T; none: all are T
};

struct RecurrentRun {
  Array y;     // (B, T, H), 0 where a sequence is padded
  Array h, c;  // (B, H), after each sequence's last step
  // For the derivative, (steps, B, …).
  Array gates;          // activated; not for the plain cells
  Array hidden, cells;  // states before each step and after the last; cells for an LSTM
  Array extra;          // tanh of an LSTM's new cell; of a GRU, the product that the reset gate scales
};
RecurrentRun run_recurrent(const Recurrence& of);

/// Cotangents; an empty one is zero.
struct RecurrentCotangents {
  Array y, h, c;
};
struct RecurrentGradients {
  Array x, weight_ih, weight_hh, bias_ih, bias_hh, h, c;
};
/// What is not wanted stays empty.
struct RecurrentWants {
  bool x, weight_ih, weight_hh, bias_ih, bias_hh;
};
RecurrentGradients recurrent_vjp(const Recurrence& of, const RecurrentRun& run, const RecurrentCotangents& g,
                                 const RecurrentWants& wants);

}  // namespace xg::kernels
