#include "recurrent.hpp"

#include "../../core/error/error.hpp"
#include "../../core/ops/concatenate.hpp"
#include "../../core/ops/dropout.hpp"
#include "../../core/ops/gather.hpp"
#include "../../core/ops/shape.hpp"
#include "../../core/ops/slice.hpp"
#include "../init/init.hpp"

namespace xg::nn {
namespace {

void check_sizes(const char* name, std::int64_t in, std::int64_t hidden, const Site& site) {
  if (in < 1 || hidden < 1)
    Complaint(name, "sizes must be at least 1: in " + std::to_string(in) + ", hidden " + std::to_string(hidden))
        .at(site)
        .raise<ValueError>();
}

}  // namespace

detail::RecurrentParameters::RecurrentParameters(std::int64_t gates, std::int64_t in, std::int64_t hidden, bool bias,
                                                 const Site& site)
    : weight_ih(init::fan_in_uniform({gates * hidden, in}, hidden), site),
      weight_hh(init::fan_in_uniform({gates * hidden, hidden}, hidden), site) {
  if (!bias) return;
  bias_ih = Parameter(init::fan_in_uniform({gates * hidden}, hidden), site);
  bias_hh = Parameter(init::fan_in_uniform({gates * hidden}, hidden), site);
}

detail::RecurrentLayer::RecurrentLayer(const char* name, Kind kind, std::int64_t in, std::int64_t hidden,
                                       const RecurrentOptions& options, const Site& site)
    : name_(name), kind_(kind), hidden_(hidden), options_(options) {
  check_sizes(name, in, hidden, site);
  if (options.layers < 1)
    Complaint(name, "there must be at least 1 layer, not " + std::to_string(options.layers))
        .at(site)
        .raise<ValueError>();
  xg::detail::check_dropout(name, options.dropout, site);
  std::int64_t gates = kind == Kind::lstm ? 4 : kind == Kind::gru ? 3 : 1, directions = options.bidirectional ? 2 : 1;
  for (std::int64_t k = 0; k < options.layers * directions; ++k)
    parameters.emplace_back(gates, k < directions ? in : directions * hidden, hidden, options.bias, site);
}

void detail::RecurrentLayer::walk(Walker& walker) {
  std::size_t directions = options_.bidirectional ? 2 : 1;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    std::string end = "_l" + std::to_string(k / directions) + (k % directions ? "_reverse" : "");
    auto walk = [&](const char* name, Parameter& parameter) {
      std::size_t before = walker.enter(name + end);
      walker.parameter(parameter);
      walker.leave(before);
    };
    walk("weight_ih", parameters[k].weight_ih);
    walk("weight_hh", parameters[k].weight_hh);
    walk("bias_ih", parameters[k].bias_ih);
    walk("bias_hh", parameters[k].bias_hh);
  }
  walker.training(training);
}

void detail::RecurrentLayer::check_state(const char* which, const Tensor& state, const Operand& x) const {
  if (!state.defined()) return;
  Shape expected{static_cast<std::int64_t>(parameters.size()), x.shape()[0], hidden_};
  if (state.shape() != expected)
    Complaint(name_, std::string("the ") + which + " has shape " + to_string(state.shape()) +
                         ", not (layers · directions, batch, hidden) = " + to_string(expected))
        .layer(parameters[0].weight_ih.name())
        .fact("x", describe(x))
        .fact(which, describe(state))
        .at(x.site())
        .raise<ShapeError>();
}

LSTMOutput detail::RecurrentLayer::apply(const Operand& x, const LSTMState& state, const Tensor& lengths) const {
  if (x.shape().size() == 3) {  // else the op complains
    check_state(kind_ == Kind::lstm ? "state's h" : "state", state.h, x);
    check_state("state's c", state.c, x);
  }
  CallScope scope(x.site());
  auto part = [&](const Tensor& all, std::size_t k) {
    return all.defined() ? xg::detail::select(name_, all, 0, static_cast<std::int64_t>(k)) : Tensor();
  };
  std::size_t directions = options_.bidirectional ? 2 : 1;
  Tensor y = x.tensor();
  Tensors h, c;
  for (std::size_t k = 0; k < parameters.size(); k += directions) {
    if (k > 0 && training && options_.dropout > 0)
      y = dropout(y, options_.dropout, options_.rng ? *options_.rng : default_rng());
    Tensors outputs;
    for (std::size_t way = 0; way < directions; ++way) {
      RecurrentWeights weights = parameters[k + way].weights();
      SequenceOptions sequence{lengths, way == 1};
      Tensor first = part(state.h, k + way);
      Operand input(y, x.site());
      if (kind_ == Kind::lstm) {
        RecurrentWithCell result = lstm(input, weights, first, part(state.c, k + way), sequence);
        outputs.push_back(result.y), h.push_back(result.h), c.push_back(result.c);
      } else {
        Recurrent result = kind_ == Kind::gru
                               ? gru(input, weights, first, sequence)
                               : rnn(input, weights, first, sequence,
                                     kind_ == Kind::tanh ? RnnNonlinearity::tanh : RnnNonlinearity::relu);
        outputs.push_back(result.y), h.push_back(result.h);
      }
    }
    y = directions == 1 ? outputs[0] : concatenate(outputs, 2);
  }
  return {y, {stack(h, 0), c.empty() ? Tensor() : stack(c, 0)}};
}

detail::RecurrentCell::RecurrentCell(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden,
                                     bool bias, const Site& site)
    : parameters((check_sizes(name, in, hidden, site), gates), in, hidden, bias, site), name_(name) {}

Tensor detail::RecurrentCell::one_step(const Operand& x) const {
  const Shape& shape = x.shape();
  if (shape.size() != 2)
    Complaint(name_, "x has shape " + to_string(shape) + ", not (batch, features)")
        .layer(parameters.weight_ih.name())
        .fact("x", describe(x))
        .at(x.site())
        .raise<ShapeError>();
  return reshape(x, {shape[0], 1, shape[1]});
}

RNN::RNN(std::int64_t in, std::int64_t hidden, const RNNOptions& o, Site site)
    : RecurrentLayer("RNN", o.nonlinearity == RnnNonlinearity::tanh ? Kind::tanh : Kind::relu, in, hidden,
                     {o.layers, o.bidirectional, o.dropout, o.bias, o.rng}, site) {}
LSTM::LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Site site)
    : RecurrentLayer("LSTM", Kind::lstm, in, hidden, options, site) {}
GRU::GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Site site)
    : RecurrentLayer("GRU", Kind::gru, in, hidden, options, site) {}

RecurrentOutput RNN::operator()(const Operand& x, const Tensor& state, const Tensor& lengths) const {
  ModuleCall call(*this, x, state);
  LSTMOutput result = apply(x, {state, {}}, lengths);
  return call(RecurrentOutput{result.y, result.state.h});
}
LSTMOutput LSTM::operator()(const Operand& x, const LSTMState& state, const Tensor& lengths) const {
  return ModuleCall(*this, x, state.h, state.c)(apply(x, state, lengths));
}
RecurrentOutput GRU::operator()(const Operand& x, const Tensor& state, const Tensor& lengths) const {
  ModuleCall call(*this, x, state);
  LSTMOutput result = apply(x, {state, {}}, lengths);
  return call(RecurrentOutput{result.y, result.state.h});
}

RNNCell::RNNCell(std::int64_t in, std::int64_t hidden, const RNNCellOptions& options, Site site)
    : RecurrentCell("RNNCell", 1, in, hidden, options.bias, site), nonlinearity_(options.nonlinearity) {}
LSTMCell::LSTMCell(std::int64_t in, std::int64_t hidden, const CellOptions& options, Site site)
    : RecurrentCell("LSTMCell", 4, in, hidden, options.bias, site) {}
GRUCell::GRUCell(std::int64_t in, std::int64_t hidden, const CellOptions& options, Site site)
    : RecurrentCell("GRUCell", 3, in, hidden, options.bias, site) {}

Tensor RNNCell::operator()(const Operand& x, const Tensor& h) const {
  ModuleCall call(*this, x, h);
  CallScope scope(x.site());
  return call(rnn(Operand(one_step(x), x.site()), parameters.weights(), h, {}, nonlinearity_).h);
}
LSTMState LSTMCell::operator()(const Operand& x, const LSTMState& state) const {
  ModuleCall call(*this, x, state.h, state.c);
  CallScope scope(x.site());
  RecurrentWithCell next = lstm(Operand(one_step(x), x.site()), parameters.weights(), state.h, state.c);
  return call(LSTMState{next.h, next.c});
}
Tensor GRUCell::operator()(const Operand& x, const Tensor& h) const {
  ModuleCall call(*this, x, h);
  CallScope scope(x.site());
  return call(gru(Operand(one_step(x), x.site()), parameters.weights(), h).h);
}

LSTMState LSTMState::select(const Tensor& rows) const {
  auto selected = [&](const Tensor& x) { return x.defined() ? take(x, rows, -2) : Tensor(); };
  return {selected(h), selected(c)};
}

Tensor join_directions(const Operand& state) {
  const Shape& shape = state.shape();
  if (shape.size() != 3 || shape[0] % 2)
    Complaint("join_directions", "the state has shape " + to_string(shape) + ", not (2 · layers, batch, hidden)")
        .fact("state", describe(state))
        .at(state.site())
        .raise<ShapeError>();
  CallScope scope(state.site());
  Tensor apart = reshape(state, {shape[0] / 2, 2, shape[1], shape[2]});
  return reshape(permute(apart, {0, 2, 1, 3}), {shape[0] / 2, shape[1], 2 * shape[2]});
}

LSTMState join_directions(const LSTMState& state, Site site) {
  return {join_directions(Operand(state.h, site)), join_directions(Operand(state.c, site))};
}

}  // namespace xg::nn
