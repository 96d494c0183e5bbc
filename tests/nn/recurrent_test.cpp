// Recurrent layers: padded against unpadded runs, cells against layers, names, gradients, threads, and errors.
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

#include "../core/message.hpp"
#include "names.hpp"

using namespace xg;

namespace {

/// Layers of every kind as functions from x, states and lengths to y and the states.
struct Kind {
  std::string name;
  bool has_cell;
  Tensors (*run)(const nn::RecurrentOptions& options, const Tensor& x, const Tensors& state, const Tensor& lengths,
                 std::vector<Tensor>& parameters);
};

template <class L>
Tensors run_layer(L layer, const Tensor& x, const Tensors& state, const Tensor& lengths, std::vector<Tensor>& found) {
  nn::to(layer, x.dtype());
  found = nn::parameters(layer);
  if constexpr (std::is_same_v<L, nn::LSTM>) {
    auto [y, after] = layer(x, {state[0], state[1]}, lengths);
    return {y, after.h, after.c};
  } else {
    auto [y, after] = layer(x, state[0], lengths);
    return {y, after};
  }
}

constexpr std::int64_t in = 3, hidden = 5;
const std::vector<Kind> kinds{
    {"RNN", false,
     [](auto& o, auto& x, auto& s, auto& l, auto& p) {
       seed(7);
       return run_layer(nn::RNN(in, hidden, {.layers = o.layers, .bidirectional = o.bidirectional}), x, s, l, p);
     }},
    {"RNN of relu", false,
     [](auto& o, auto& x, auto& s, auto& l, auto& p) {
       seed(7);
       return run_layer(
           nn::RNN(in, hidden,
                   {.layers = o.layers, .bidirectional = o.bidirectional, .nonlinearity = RnnNonlinearity::relu}),
           x, s, l, p);
     }},
    {"LSTM", true,
     [](auto& o, auto& x, auto& s, auto& l, auto& p) {
       seed(7);
       return run_layer(nn::LSTM(in, hidden, o), x, s, l, p);
     }},
    {"GRU", false,
     [](auto& o, auto& x, auto& s, auto& l, auto& p) {
       seed(7);
       return run_layer(nn::GRU(in, hidden, o), x, s, l, p);
     }},
};

Tensor sum_of_products(const Tensors& a, const Tensors& b) {
  Tensor total = sum(a[0] * b[0]);
  for (std::size_t k = 1; k < a.size(); ++k) total = total + sum(a[k] * b[k]);
  return total;
}

}  // namespace

TEST_CASE("a padded batch is its sequences one by one, in values and gradients of both orders") {
  Rng rng(1);
  const std::vector<std::int64_t> lengths{4, 1, 6, 3};
  std::int64_t batch = 4, time = 7;
  for (const Kind& kind : kinds)
    for (bool bidirectional : {false, true}) {
      CAPTURE(kind.name);
      CAPTURE(bidirectional);
      nn::RecurrentOptions options{.layers = 2, .bidirectional = bidirectional};
      std::int64_t directions = bidirectional ? 2 : 1;
      Tensor x = variable(randn({batch, time, in}, f64, rng));
      Tensors state{variable(randn({2 * directions, batch, hidden}, f64, rng)),
                    variable(randn({2 * directions, batch, hidden}, f64, rng))};
      Tensors wrt{x, state[0]};
      if (kind.has_cell) wrt.push_back(state[1]);
      Tensor gy = randn({batch, time, directions * hidden}, f64, rng);
      Tensor gh = randn(state[0].shape(), f64, rng), gc = randn(state[0].shape(), f64, rng);

      std::vector<Tensor> weights, same;
      Tensors padded = kind.run(options, x, state, tensor(lengths), weights);
      Tensors seeds{gy, gh};
      if (kind.has_cell) seeds.push_back(gc);

      // One by one, with the same weights.
      Tensor found_total = sum_of_products(padded, seeds);
      Tensors first_sum;
      for (std::int64_t b = 0; b < batch; ++b) {
        std::int64_t length = lengths[static_cast<std::size_t>(b)];
        Tensor own = x(range(b, b + 1), range(0, length));
        Tensors own_state{state[0](all, range(b, b + 1)), state[1](all, range(b, b + 1))};
        Tensors alone = kind.run(options, own, own_state, {}, same);
        CHECK(all_close(padded[0](range(b, b + 1), range(0, length)), alone[0], 1e-12, 1e-12));
        CHECK(all_equal(padded[0](range(b, b + 1), range(length, none)),
                        zeros({1, time - length, directions * hidden}, f64)));
        for (std::size_t k = 1; k < alone.size(); ++k)
          CHECK(all_close(padded[k](all, range(b, b + 1)), alone[k], 1e-12, 1e-12));
        Tensors own_seeds{gy(range(b, b + 1), range(0, length)), gh(all, range(b, b + 1))};
        if (kind.has_cell) own_seeds.push_back(gc(all, range(b, b + 1)));
        Tensors all_wrt = wrt;
        for (const Tensor& w : same) all_wrt.push_back(w);
        Tensors g = grad(Tensors{sum_of_products(alone, own_seeds)}, all_wrt, {}, {.create_graph = true});
        if (first_sum.empty()) first_sum = g;
        else
          for (std::size_t k = 0; k < g.size(); ++k) first_sum[k] = first_sum[k] + g[k];
      }
      Tensors all_wrt = wrt;
      for (const Tensor& w : weights) all_wrt.push_back(w);
      Tensors fused = grad(Tensors{found_total}, all_wrt, {}, retain_graph);
      Tensors recorded = grad(Tensors{found_total}, all_wrt, {}, create_graph);
      for (std::size_t k = 0; k < all_wrt.size(); ++k) {
        CHECK(all_close(fused[k], first_sum[k], 1e-11, 1e-11));
        CHECK(all_close(recorded[k], first_sum[k], 1e-11, 1e-11));
      }
      GradOptions loose{.retain_graph = true, .allow_unused = true};  // the gradient of a relu is constant
      Tensors expected = grad(Tensors{sum(square(first_sum[0]))}, wrt, {}, loose);
      Tensors second = grad(Tensors{sum(square(recorded[0]))}, wrt, {}, loose);
      for (std::size_t k = 0; k < wrt.size(); ++k) {
        CHECK(second[k].defined() == expected[k].defined());
        if (second[k].defined()) CHECK(all_close(second[k], expected[k], 1e-10, 1e-10));
      }
    }
}

TEST_CASE("padding may be anything and gets no gradient") {
  Rng rng(2);
  Tensor clean = randn({3, 6, in}, f64, rng), lengths = tensor({2, 5, 3}, i64);
  Tensor is_padding = reshape(arange(6), {1, 6, 1}) >= reshape(lengths, {3, 1, 1});
  for (const Kind& kind : kinds)
    for (bool bidirectional : {false, true}) {
      CAPTURE(kind.name);
      nn::RecurrentOptions options{.layers = 2, .bidirectional = bidirectional};
      std::vector<Tensor> weights;
      Tensors expected, no_state{Tensor(), Tensor()};
      for (double filler : {0.0, 1e300, static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
        Tensor x = variable(where(is_padding, filler, clean));
        Tensors y = kind.run(options, x, no_state, lengths, weights);
        Tensors wrt{x};
        for (const Tensor& w : weights) wrt.push_back(w);
        for (bool create : {false, true}) {
          Tensors seeds{where(is_padding, filler, ones({3, 6, 1}, f64)) * ones_like(y[0])};
          while (seeds.size() < y.size()) seeds.push_back(ones_like(y[1]));
          Tensors g = grad(y, wrt, seeds, {.retain_graph = true, .create_graph = create});
          CHECK(all_equal(where(is_padding, g[0], 0), zeros_like(x)));
          Tensors found{y[0], y[1]};
          for (const Tensor& one : g) found.push_back(one);
          if (expected.empty()) expected = found;
          for (std::size_t k = 0; k < found.size(); ++k) CHECK(all_close(found[k], expected[k], 1e-12, 1e-12));
        }
      }
    }
}

TEST_CASE("lengths of the whole time change nothing; a batch need not reach the end") {
  Rng rng(3);
  Tensor x = randn({2, 4, in}, f64, rng);
  for (const Kind& kind : kinds) {
    CAPTURE(kind.name);
    nn::RecurrentOptions options{.layers = 2, .bidirectional = true};
    std::vector<Tensor> weights;
    Tensors none{Tensor(), Tensor()}, plain = kind.run(options, x, none, {}, weights);
    Tensors given = kind.run(options, x, none, tensor({4, 4}, i64), weights);
    for (std::size_t k = 0; k < plain.size(); ++k) CHECK(all_equal(given[k], plain[k]));
    Tensors shorter =
        kind.run(options, concatenate({x, randn({2, 3, in}, f64, rng)}, 1), none, tensor({4, 4}, i64), weights);
    CHECK(all_equal(shorter[0](all, range(0, 4)), plain[0]));
    CHECK(all_equal(shorter[1], plain[1]));
  }
}

TEST_CASE("a sequence is a cell called again and again") {
  seed(4);
  Tensor x = randn({2, 5, 3});
  nn::RNN rnn{3, 4, {.nonlinearity = RnnNonlinearity::relu}};
  nn::LSTM lstm{3, 4};
  nn::GRU gru{3, 4};
  nn::RNNCell rnn_cell{3, 4, {.nonlinearity = RnnNonlinearity::relu}};
  nn::LSTMCell lstm_cell{3, 4};
  nn::GRUCell gru_cell{3, 4};
  rnn_cell.parameters = rnn.parameters[0];
  lstm_cell.parameters = lstm.parameters[0];
  gru_cell.parameters = gru.parameters[0];
  Tensor h, g;
  nn::LSTMState state;
  for (std::int64_t t = 0; t < 5; ++t) {
    h = rnn_cell(x(all, t), h);
    state = lstm_cell(x(all, t), state);
    g = gru_cell(x(all, t), g);
    CHECK(all_close(rnn(x).y(all, t), h, 1e-6, 1e-6));
    CHECK(all_close(lstm(x).y(all, t), state.h, 1e-6, 1e-6));
    CHECK(all_close(gru(x).y(all, t), g, 1e-6, 1e-6));
  }
  CHECK(all_close(lstm(x).state.c(0), state.c, 1e-6, 1e-6));
}

TEST_CASE("gradients of cells and layers, of both orders") {
  seed(5);
  nn::RNNCell rnn{2, 3};
  nn::RNNCell relu{2, 3, {.nonlinearity = RnnNonlinearity::relu}};
  nn::LSTMCell lstm{2, 3};
  nn::GRUCell gru{2, 3};
  nn::GRU deep{2, 2, {.layers = 2, .bidirectional = true}};
  nn::to(rnn, f64), nn::to(relu, f64), nn::to(lstm, f64), nn::to(gru, f64), nn::to(deep, f64);
  Tensor x = randn({2, 2}, f64), h = randn({2, 3}, f64), c = randn({2, 3}, f64), sequence = randn({2, 3, 2}, f64);
  auto lstm_step = [&](const Tensor& x, const Tensor& h, const Tensor& c) {
    auto [next_h, next_c] = lstm(x, {h, c});
    return Tensors{next_h, next_c};
  };
  CHECK_MODEL_GRADIENTS(rnn, x, h);
  CHECK_MODEL_GRADIENTS(relu, x, h);
  CHECK_MODEL_GRADIENTS(gru, x, h);
  CHECK_GRADIENTS(lstm_step, x, h, c);
  CHECK_SECOND_GRADIENTS(rnn, x, h);
  CHECK_SECOND_GRADIENTS(relu, x, h);
  CHECK_SECOND_GRADIENTS(gru, x, h);
  CHECK_SECOND_GRADIENTS(lstm_step, x, h, c);
  auto both = [&](const Tensor& x) {
    auto [y, state] = deep(x, {}, tensor({3, 2}, i64));
    return Tensors{y, state};
  };
  CHECK_GRADIENTS(both, sequence);
  CHECK_SECOND_GRADIENTS(both, sequence);
}

TEST_CASE("the same bits with any number of threads; fused gradients are the recorded ones at any size") {
  int before = threads();
  Rng rng(6);
  for (std::int64_t size : {7, 40, 64})
    for (int kind = 0; kind < 3; ++kind) {
      CAPTURE(size);
      CAPTURE(kind);
      std::int64_t batch = 37, time = 9, gates = kind == 0 ? 1 : kind == 1 ? 3 : 4;
      Tensors wrt{variable(randn({batch, time, 19}, rng)),
                  variable(0.2 * randn({gates * size, 19}, rng)),
                  variable(0.1 * randn({gates * size, size}, rng)),
                  variable(randn({gates * size}, rng)),
                  variable(randn({gates * size}, rng)),
                  variable(randn({batch, size}, rng)),
                  variable(randn({batch, size}, rng))};
      if (kind != 2) wrt.pop_back();
      RecurrentWeights weights{wrt[1], wrt[2], wrt[3], wrt[4]};
      Tensor gy = randn({batch, time, size}, rng);
      std::vector<std::vector<double>> expected;
      for (int count : {1, 2, 3}) {
        set_threads(count);
        Tensors y;
        if (kind == 0) y = {rnn(wrt[0], weights, wrt[5]).y};
        else if (kind == 1) y = {gru(wrt[0], weights, wrt[5]).y};
        else y = {lstm(wrt[0], weights, wrt[5], wrt[6]).y};
        std::vector<std::vector<double>> found{y[0].to_vector()};
        Tensors fused = grad(y, wrt, {gy}, retain_graph);
        for (const Tensor& g : fused) found.push_back(g.to_vector());
        if (expected.empty()) {
          expected = found;
          Tensors recorded = grad(y, wrt, {gy}, create_graph);
          for (std::size_t k = 0; k < wrt.size(); ++k) CHECK(all_close(fused[k], recorded[k], 1e-3, 1e-3));
        }
        CHECK(found == expected);
      }
    }
  set_threads(before);
}

TEST_CASE("names, sizes and initial values are PyTorch's") {
  seed(8);
  CHECK(names(nn::GRU{2, 3}) == "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0");
  CHECK(names(nn::LSTM{2, 3, {.layers = 2, .bidirectional = true, .bias = false}}) ==
        "weight_ih_l0 weight_hh_l0 weight_ih_l0_reverse weight_hh_l0_reverse weight_ih_l1 weight_hh_l1 "
        "weight_ih_l1_reverse weight_hh_l1_reverse");
  CHECK(names(nn::LSTMCell{2, 3}) == "weight_ih weight_hh bias_ih bias_hh");
  nn::LSTM lstm{7, 16, {.layers = 2, .bidirectional = true}};
  CHECK(lstm.parameters[0].weight_ih.shape() == Shape{64, 7});
  CHECK(lstm.parameters[3].weight_ih.shape() == Shape{64, 32});
  CHECK(lstm.parameters[3].weight_hh.shape() == Shape{64, 16});
  for (const nn::NamedTensor& p : nn::named_parameters(lstm)) {
    CAPTURE(p.name);
    double most = amax(abs(p.tensor)).item();
    CHECK(most <= 0.25);
    CHECK(most > 0.2);
  }
}

TEST_CASE("results of layers") {
  seed(9);
  nn::LSTM lstm{8, 16, {.layers = 2, .dropout = 0.1}};
  auto [y, state] = lstm(randn({4, 5, 8}));
  CHECK(y.shape() == Shape{4, 5, 16});
  CHECK(state.h.shape() == Shape{2, 4, 16});
  CHECK(state.c.shape() == Shape{2, 4, 16});
  CHECK(all_equal(state.h(1), y(all, 4)));

  nn::GRU both{8, 16, {.bidirectional = true}};
  auto [z, ends] = both(randn({4, 5, 8}));
  CHECK(z.shape() == Shape{4, 5, 32});
  CHECK(all_equal(ends(0), z(all, 4, range(0, 16))));
  CHECK(all_equal(ends(1), z(all, 0, range(16, 32))));
  Tensor joined = nn::join_directions(ends);
  CHECK(joined.shape() == Shape{1, 4, 32});
  CHECK(all_equal(joined(0, all, range(16, 32)), ends(1)));
  nn::LSTMState pair = nn::join_directions(nn::LSTMState{ends, 2 * ends});
  CHECK(all_equal(pair.c, 2 * joined));

  // A state handed on: the second half goes on where the first stopped.
  nn::GRU gru{8, 16};
  Tensor x = randn({4, 6, 8});
  auto [first, between] = gru(x(all, range(0, 2)));
  auto [second, last] = gru(x(all, range(2, 6)), between);
  auto [whole, end] = gru(x);
  CHECK(all_close(concatenate({first, second}, 1), whole, 1e-6, 1e-6));
  CHECK(all_close(last, end, 1e-6, 1e-6));
  CHECK(gru(randn({0, 3, 8})).y.shape() == Shape{0, 3, 16});
}

TEST_CASE("dropout is between layers, in training only") {
  seed(10);
  Tensor x = randn({2, 3, 4});
  nn::GRU all_dropped{4, 5, {.layers = 2, .dropout = 1.0}};
  auto second = all_dropped.parameters[1].weights();
  CHECK(all_equal(all_dropped(x).y, gru(zeros({2, 3, 5}), second).y));
  nn::eval(all_dropped);
  Tensor first = gru(x, all_dropped.parameters[0].weights()).y;
  CHECK(all_equal(all_dropped(x).y, gru(first, second).y));
  Rng one(3), other(3);
  nn::LSTM a{4, 5, {.layers = 2, .dropout = 0.5, .rng = &one}};
  nn::LSTM b = a;
  Tensor y = a(x).y;
  CHECK_FALSE(all_equal(y, a(x).y));
  one = other;
  CHECK(all_equal(y, b(x).y));
}

TEST_CASE("errors of recurrent layers") {
  const std::string here = "recurrent_test.cpp";
  auto f = [](const Shape& shape) { return ones(shape); };
  nn::GRU gru{3, 2, {.layers = 2}};
  nn::LSTM lstm{3, 2};
  nn::parameters(gru);
  Tensor x = f({2, 4, 3});
  CHECK(message<ShapeError>([&] { gru(f({4, 3})); }, here) == "gru: x has shape (4, 3), not (batch, time, features)");
  CHECK(message<ShapeError>([&] { gru(f({2, 4, 5})); }, here) == "gru: x has 5 features, weight_ih takes 3");
  CHECK(message<ValueError>(
            [&] {
              gru(f({2, 0, 3}));
            },
            here) == "gru: the sequences have no steps: x has shape (2, 0, 3)");
  CHECK(message<ShapeError>(
            [&] {
              gru(x, f({1, 2, 2}));
            },
            here) == "GRU: the state has shape (1, 2, 2), not (layers · directions, batch, hidden) = (2, 2, 2)");
  CHECK(message<ShapeError>(
            [&] {
              lstm(x, {f({1, 2, 3}), f({1, 2, 2})});
            },
            here) == "LSTM: the state's h has shape (1, 2, 3), not (layers · directions, batch, hidden) = (1, 2, 2)");
  CHECK(message<ShapeError>(
            [&] {
              lstm(x, {f({1, 2, 2}), f({1, 3, 2})});
            },
            here) == "LSTM: the state's c has shape (1, 3, 2), not (layers · directions, batch, hidden) = (1, 2, 2)");

  CHECK(message<DTypeError>([&] { gru(x, {}, f({2})); }, here) == "gru: lengths are f32, not i64");
  CHECK(message<ShapeError>(
            [&] {
              gru(x, {}, tensor({1, 2, 3}, i64));
            },
            here) == "gru: lengths have shape (3,), not one for each sequence of x");
  CHECK(message<ValueError>(
            [&] {
              gru(x, {}, tensor({4, 0}, i64));
            },
            here) == "gru: sequence 1 has length 0; at least one step is needed");
  CHECK(message<ValueError>(
            [&] {
              gru(x, {}, tensor({-1, 2}, i64));
            },
            here) == "gru: sequence 0 has length -1; at least one step is needed");
  CHECK(message<ValueError>(
            [&] {
              gru(x, {}, tensor({5, 4}, i64));
            },
            here) == "gru: sequence 0 has length 5, but x has 4 steps");

  Tensor ih = f({6, 3}), hh = f({6, 2});
  CHECK(message<ValueError>([&] { xg::gru(x, {ih, {}, {}, {}}); }, here) == "gru: a weight is undefined");
  CHECK(message<ShapeError>(
            [&] {
              xg::gru(x, {ih, f({6, 3}), {}, {}});
            },
            here) == "gru: weight_hh has shape (6, 3), not (3 · hidden, hidden)");
  CHECK(message<ShapeError>(
            [&] {
              xg::lstm(x, {ih, hh, {}, {}});
            },
            here) == "lstm: weight_hh has shape (6, 2), not (4 · hidden, hidden)");
  CHECK(message<ShapeError>(
            [&] {
              xg::gru(x, {f({5, 3}), hh, {}, {}});
            },
            here) == "gru: weight_ih has shape (5, 3), not (6, features) as weight_hh asks for");
  CHECK(message<ShapeError>(
            [&] {
              xg::gru(x, {ih, hh, f({2}), {}});
            },
            here) == "gru: bias_ih has shape (2,), not (6,)");
  CHECK(message<ShapeError>(
            [&] {
              xg::gru(x, {ih, hh, {}, f({6, 1})});
            },
            here) == "gru: bias_hh has shape (6, 1), not (6,)");
  CHECK(message<ShapeError>(
            [&] {
              xg::gru(x, {ih, hh, {}, {}}, f({2, 3}));
            },
            here) == "gru: the initial h has shape (2, 3), not (2, 2)");
  CHECK(message<ShapeError>(
            [&] {
              xg::lstm(x, {f({8, 3}), f({8, 2}), {}, {}}, {}, f({1, 2}));
            },
            here) == "lstm: the initial c has shape (1, 2), not (2, 2)");

  CHECK(message<ShapeError>([&] { nn::RNNCell(3, 2)(x); }, here) ==
        "RNNCell: x has shape (2, 4, 3), not (batch, features)");
  CHECK(message<ShapeError>(
            [&] {
              nn::GRUCell(3, 2)(f({2, 3}), f({1, 2}));
            },
            here) == "gru: the initial h has shape (1, 2), not (2, 2)");
  CHECK(message<ShapeError>(
            [&] {
              nn::join_directions(f({3, 2, 2}));
            },
            here) == "join_directions: the state has shape (3, 2, 2), not (2 · layers, batch, hidden)");
  CHECK(message<ShapeError>(
            [&] {
              nn::join_directions(f({2, 2}));
            },
            here) == "join_directions: the state has shape (2, 2), not (2 · layers, batch, hidden)");

  CHECK(message<ValueError>([&] { nn::LSTM(0, 2); }, here) == "LSTM: sizes must be at least 1: in 0, hidden 2");
  CHECK(message<ValueError>([&] { nn::GRUCell(3, -1); }, here) == "GRUCell: sizes must be at least 1: in 3, hidden -1");
  CHECK(message<ValueError>([&] { nn::RNN(3, 2, {.layers = 0}); }, here) ==
        "RNN: there must be at least 1 layer, not 0");
  CHECK(message<ValueError>([&] { nn::GRU(3, 2, {.dropout = 1.5}); }, here).find("GRU: ") == 0);
}

TEST_CASE("errors name the layer of a model") {
  struct Model {
    nn::GRU encoder{3, 2};
  } model;
  nn::parameters(model);
  CHECK(message<ShapeError>(
            [&] {
              model.encoder(ones({1, 2, 4}));
            },
            "encoder") == "gru: x has 4 features, weight_ih takes 3");
}
