// Recurrent layers and cells against PyTorch: the layers themselves, with the inputs of each case for weights.
#include "../core/goldens.hpp"

using namespace xg_test;

namespace {

/// The inputs of a case, one after another.
struct Inputs {
  const Tensors& x;
  std::size_t at = 1;
  Tensor next() { return x[at++]; }
};

/// The parameter is the tensor itself from here on, not a copy of its values.
void take(nn::Parameter& parameter, Inputs& inputs) { static_cast<Tensor&>(parameter) = inputs.next(); }

template <class P>
void take_all(P& parameters, Inputs& inputs, const Arguments& args) {
  take(parameters.weight_ih, inputs);
  take(parameters.weight_hh, inputs);
  if (!args.flag("bias")) return;
  take(parameters.bias_ih, inputs);
  take(parameters.bias_hh, inputs);
}

nn::RecurrentOptions options(const Arguments& args) {
  return {.layers = args.integer("layers"), .bidirectional = args.flag("bidirectional"), .bias = args.flag("bias")};
}
RnnNonlinearity nonlinearity(const Arguments& args) {
  return args.text("nonlinearity") == "relu" ? RnnNonlinearity::relu : RnnNonlinearity::tanh;
}

template <class L>
Tensors run(L layer, const Tensors& x, const Arguments& args) {
  Inputs inputs{x};
  Tensor h, c, lengths;
  if (args.flag("has_state")) {
    h = inputs.next();
    if constexpr (std::is_same_v<L, nn::LSTM>) c = inputs.next();
  }
  for (auto& parameters : layer.parameters) take_all(parameters, inputs, args);
  if (args.flag("has_lengths")) lengths = inputs.next();
  if constexpr (std::is_same_v<L, nn::LSTM>) {
    auto [y, state] = layer(x[0], {h, c}, lengths);
    return {y, state.h, state.c};
  } else {
    auto [y, state] = layer(x[0], h, lengths);
    return {y, state};
  }
}

template <class C>
Tensors step(C cell, const Tensors& x, const Arguments& args) {
  Inputs inputs{x};
  Tensor h, c;
  if (args.flag("has_state")) {
    h = inputs.next();
    if constexpr (std::is_same_v<C, nn::LSTMCell>) c = inputs.next();
  }
  take_all(cell.parameters, inputs, args);
  if constexpr (std::is_same_v<C, nn::LSTMCell>) {
    auto [next_h, next_c] = cell(x[0], {h, c});
    return {next_h, next_c};
  } else {
    return {cell(x[0], h)};
  }
}

}  // namespace

TEST_CASE("recurrent layers and cells agree with PyTorch") {
  check_goldens(
      "recurrent",
      {
          {"RNN",
           [](auto& x, auto& args) {
             nn::RecurrentOptions o = options(args);
             return run(nn::RNN(x[0].size(2), args.integer("hidden"),
                                {.layers = o.layers,
                                 .bidirectional = o.bidirectional,
                                 .bias = o.bias,
                                 .nonlinearity = nonlinearity(args)}),
                        x, args);
           }},
          {"LSTM",
           [](auto& x, auto& args) {
             return run(nn::LSTM(x[0].size(2), args.integer("hidden"), options(args)), x, args);
           }},
          {"GRU",
           [](auto& x, auto& args) {
             return run(nn::GRU(x[0].size(2), args.integer("hidden"), options(args)), x, args);
           }},
          {"RNNCell",
           [](auto& x, auto& args) {
             return step(nn::RNNCell(x[0].size(1), args.integer("hidden"),
                                     {.bias = args.flag("bias"), .nonlinearity = nonlinearity(args)}),
                         x, args);
           }},
          {"LSTMCell",
           [](auto& x, auto& args) {
             return step(nn::LSTMCell(x[0].size(1), args.integer("hidden"), {.bias = args.flag("bias")}), x, args);
           }},
          {"GRUCell",
           [](auto& x, auto& args) {
             return step(nn::GRUCell(x[0].size(1), args.integer("hidden"), {.bias = args.flag("bias")}), x, args);
           }},
      });
}
