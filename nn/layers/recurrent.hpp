// Recurrent layers and their cells, with PyTorch's names, gate orders and initial values, batch first.
#pragma once

#include <vector>

#include "../../core/array/random.hpp"
#include "../../core/ops/recurrent.hpp"
#include "../module/module.hpp"

namespace xg::nn {

struct RecurrentOptions {
  /// How many, each of which takes the outputs of the one before.
  std::int64_t layers = 1;
  /// Each layer runs both ways, and its output is both results side by side.
  bool bidirectional = false;
  /// In training, of the outputs of each layer but the last.
  double dropout = 0;
  bool bias = true;
  /// Where the dropout's random numbers come from; null is the default generator. It must outlive the layer.
  Rng* rng = nullptr;
};
struct RNNOptions {
  std::int64_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;
  bool bias = true;
  RnnNonlinearity nonlinearity = RnnNonlinearity::tanh;
  Rng* rng = nullptr;
};
struct CellOptions {
  bool bias = true;
};
struct RNNCellOptions {
  bool bias = true;
  RnnNonlinearity nonlinearity = RnnNonlinearity::tanh;
};

/// What an LSTM hands on.
struct LSTMState {
  Tensor h, c;
  /// Those of some rows of the batch, in this order, which may repeat: as KeyValues::select.
  LSTMState select(const Tensor& rows) const;
};
/// Outputs (B, T, H), or (B, T, 2H) when bidirectional, and the states after the last steps: (layers, B, H), or
/// (2 · layers, B, H), each layer's forward direction before its reverse one.
struct RecurrentOutput {
  Tensor y, state;
};
struct LSTMOutput {
  Tensor y;
  LSTMState state;
};

namespace detail {

struct RecurrentParameters {
  Parameter weight_ih, weight_hh;
  Parameter bias_ih, bias_hh;  // undefined without bias

  RecurrentParameters(std::int64_t gates, std::int64_t in, std::int64_t hidden, bool bias, const Site& site);
  RecurrentWeights weights() const { return {weight_ih, weight_hh, bias_ih, bias_hh}; }
};

class RecurrentLayer {
 public:
  void walk(Walker& walker);

  /// Of each layer, and within it of each direction.
  std::vector<RecurrentParameters> parameters;
  Training training;

 protected:
  enum class Kind : std::uint8_t { tanh, relu, lstm, gru };
  RecurrentLayer(const char* name, Kind kind, std::int64_t in, std::int64_t hidden, const RecurrentOptions& options,
                 const Site& site);
  LSTMOutput apply(const Operand& x, const LSTMState& state, const Tensor& lengths) const;

 private:
  void check_state(const char* which, const Tensor& state, const Operand& x) const;

  const char* name_;
  Kind kind_;
  std::int64_t hidden_;
  RecurrentOptions options_;
};

class RecurrentCell {
 public:
  auto fields() {
    return nn::fields("weight_ih", parameters.weight_ih, "weight_hh", parameters.weight_hh, "bias_ih",
                      parameters.bias_ih, "bias_hh", parameters.bias_hh);
  }

  RecurrentParameters parameters;

 protected:
  RecurrentCell(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden, bool bias,
                const Site& site);
  /// x (B, in) as a sequence of one step.
  Tensor one_step(const Operand& x) const;

 private:
  const char* name_;
};

}  // namespace detail

// Weights of layer k are called weight_ih_lk (gates · hidden, in) and weight_hh_lk (gates · hidden, hidden), biases
// bias_ih_lk and bias_hh_lk; those of the reverse direction end in _reverse. All start uniform over ±1/√hidden. Made,
// layers throw ValueError for sizes below 1 and a dropout outside [0, 1]; called, what the ops rnn, lstm and gru throw,
// and ShapeError for a state of another shape.

/// `rnn` over sequences (B, T, in), in one or more layers: `auto [y, state] = rnn(x)`. The first state and the lengths
/// of padded sequences are those of the op, the state for all layers and directions at once.
class RNN : public detail::RecurrentLayer {
 public:
  RNN(std::int64_t in, std::int64_t hidden, const RNNOptions& options = {}, Site site = Site::here());
  RecurrentOutput operator()(const Operand& x, const Tensor& state = {}, const Tensor& lengths = {}) const;
};

/// The same of `lstm`: `auto [y, state] = lstm(x)`, where `state` is {h, c}.
class LSTM : public detail::RecurrentLayer {
 public:
  LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Site site = Site::here());
  LSTMOutput operator()(const Operand& x, const LSTMState& state = {}, const Tensor& lengths = {}) const;
};

/// The same of `gru`.
class GRU : public detail::RecurrentLayer {
 public:
  GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Site site = Site::here());
  RecurrentOutput operator()(const Operand& x, const Tensor& state = {}, const Tensor& lengths = {}) const;
};

/// One step of `rnn`: x (B, in) and h (B, hidden), zeros if undefined, to the next h. Throws as RNN.
class RNNCell : public detail::RecurrentCell {
 public:
  RNNCell(std::int64_t in, std::int64_t hidden, const RNNCellOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x, const Tensor& h = {}) const;

 private:
  RnnNonlinearity nonlinearity_;
};

/// One step of `lstm`: x (B, in) and the state (B, hidden) to the next state.
class LSTMCell : public detail::RecurrentCell {
 public:
  LSTMCell(std::int64_t in, std::int64_t hidden, const CellOptions& options = {}, Site site = Site::here());
  LSTMState operator()(const Operand& x, const LSTMState& state = {}) const;
};

/// One step of `gru`: x (B, in) and h (B, hidden) to the next h.
class GRUCell : public detail::RecurrentCell {
 public:
  GRUCell(std::int64_t in, std::int64_t hidden, const CellOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x, const Tensor& h = {}) const;
};

/// The states of a bidirectional layer with both directions side by side: (2 · layers, B, H) -> (layers, B, 2H), the
/// first state of a decoder twice as wide. Throws ShapeError for other shapes.
Tensor join_directions(const Operand& state);
LSTMState join_directions(const LSTMState& state, Site site = Site::here());

}  // namespace xg::nn
