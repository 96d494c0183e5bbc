// What layers over sequences promise together: padding is as if it were not there, and derivatives go on.
#include <doctest/doctest.h>

#include <vector>

#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

/// The gradient of a random combination of f's result, itself a function to differentiate.
template <class F>
auto slope(const F& f) {
  return [f](const Tensor& x) {
    Tensor at = x.requires_grad() ? x : variable(x), y = f(at);
    Rng rng(7);
    return grad(sum(y * randn(y.shape(), f64, rng)), at, create_graph);
  };
}

struct Attending {
  nn::AttentionCall call;
  nn::MultiHeadAttention layer{4, 2};
  auto fields() { return nn::fields("layer", layer); }
  Tensor operator()(const Tensor& query, const Tensor& memory) const { return layer(query, memory, memory, call).y; }
};

struct LstmStep {
  nn::LSTMCell cell{2, 3};
  Tensors operator()(const Tensor& x, const Tensor& h, const Tensor& c) const {
    auto [next_h, next_c] = cell(x, {h, c});
    return {next_h, next_c};
  }
};

}  // namespace

TEST_CASE("a padded batch through transformers is its sequences one by one, in values and gradients of both orders") {
  seed(1);
  const std::vector<std::int64_t> source_lengths{4, 1, 3}, target_lengths{2, 5, 3};
  Tensor source_padding = arange(4) >= expand_dims(tensor(source_lengths), 1);
  Tensor target_padding = arange(5) >= expand_dims(tensor(target_lengths), 1);
  for (bool norm_first : {false, true})
    for (bool causal : {false, true}) {
      nn::Transformer model{
          4, 2, {.encoder_layers = 1, .decoder_layers = 2, .feed_forward = 6, .dropout = 0, .norm_first = norm_first}};
      nn::to(model, f64);
      Tensor source = variable(randn({3, 4, 4}, f64)), target = variable(randn({3, 5, 4}, f64));
      Tensor weights = randn({3, 5, 4}, f64);
      Tensor y = model(source, target,
                       {.source_key_padding = source_padding,
                        .target_key_padding = target_padding,
                        .memory_key_padding = source_padding,
                        .causal = causal});
      Tensor padded = sum(where(expand_dims(target_padding, 2), 0, y * weights)), one_by_one = tensor(0.0, f64);
      for (std::int64_t b = 0; b < 3; ++b) {
        auto row = range(b, b + 1), read = range(0, source_lengths[static_cast<std::size_t>(b)]),
             written = range(0, target_lengths[static_cast<std::size_t>(b)]);
        Tensor alone = model(source(row, read), target(row, written), {.causal = causal});
        CHECK(all_close(y(row, written), alone, 1e-11, 1e-12));
        one_by_one = one_by_one + sum(alone * weights(row, written));
      }
      Tensors wrt{source, target};
      for (const Tensor& p : nn::parameters(model)) wrt.push_back(p);
      Tensors fused = grad(Tensors{padded}, wrt, {}, retain_graph);
      Tensors recorded = grad(Tensors{padded}, wrt, {}, create_graph);
      Tensors expected = grad(Tensors{one_by_one}, wrt, {}, create_graph);
      Tensor slopes = tensor(0.0, f64), expected_slopes = tensor(0.0, f64);
      for (std::size_t k = 0; k < wrt.size(); ++k) {
        CHECK(all_close(fused[k], expected[k], 1e-9, 1e-10));
        CHECK(all_close(recorded[k], expected[k], 1e-9, 1e-10));
        slopes = slopes + sum(square(recorded[k]));
        expected_slopes = expected_slopes + sum(square(expected[k]));
      }
      // Slopes do not depend on the last bias.
      Tensors second = grad(Tensors{slopes}, wrt, {}, {.allow_unused = true});
      Tensors expected_second = grad(Tensors{expected_slopes}, wrt, {}, {.allow_unused = true});
      for (std::size_t k = 0; k < wrt.size(); ++k) {
        CHECK(second[k].defined() == expected_second[k].defined());
        if (second[k].defined()) CHECK(all_close(second[k], expected_second[k], 1e-8, 1e-9));
      }
      for (const Tensor& g : {fused[0], second[0]})
        CHECK(all_equal(where(expand_dims(source_padding, 2), g, 0), zeros_like(g)));
    }
}

TEST_CASE("third derivatives of recurrent layers") {
  seed(2);
  nn::RNN rnn{2, 2};
  nn::LSTM lstm{2, 2};
  nn::GRU gru{2, 2, {.bidirectional = true}};
  nn::to(rnn, f64), nn::to(lstm, f64), nn::to(gru, f64);
  Tensor lengths = tensor({3, 2}, i64), x = randn({2, 3, 2}, f64);
  auto of_rnn = [&](const Tensor& x) { return rnn(x, {}, lengths).y; };
  auto of_lstm = [&](const Tensor& x) { return lstm(x, {}, lengths).y; };
  auto of_gru = [&](const Tensor& x) { return gru(x, {}, lengths).y; };
  CHECK_SECOND_GRADIENTS(slope(of_rnn), x);
  CHECK_SECOND_GRADIENTS(slope(of_lstm), x);
  CHECK_SECOND_GRADIENTS(slope(of_gru), x);
}

TEST_CASE("third derivatives of attention and of transformer layers") {
  seed(3);
  Tensor x = randn({1, 3, 4}, f64), mask = randn({3, 3}, f64), padding = tensor({{0, 0, 1}}, boolean);
  auto product = [&](const AttentionOptions& options) {
    return [options](const Tensor& x) { return scaled_dot_product_attention(x, x, x, options); };
  };
  CHECK_SECOND_GRADIENTS(slope(product({})), x);
  CHECK_SECOND_GRADIENTS(slope(product({.causal = true})), x);
  CHECK_SECOND_GRADIENTS(slope(product({.mask = mask, .key_padding = padding})), x);
  nn::TransformerEncoderLayer layer{
      4, 2, {.feed_forward = 3, .dropout = 0, .activation = nn::TransformerActivation::gelu, .norm_first = true}};
  nn::to(layer, f64);
  auto of_layer = [&](const Tensor& x) { return layer(x, {.causal = true}); };
  CHECK_SECOND_GRADIENTS(slope(of_layer), x);
}

TEST_CASE("gradients of an LSTM's cell in its parameters") {
  seed(4);
  LstmStep step;
  nn::to(step, f64);
  CHECK_MODEL_GRADIENTS(step, randn({2, 2}, f64), randn({2, 3}, f64), randn({2, 3}, f64));
}

TEST_CASE("gradients of multi-head attention in every parameter and every mask") {
  seed(5);
  Tensor query = randn({2, 3, 4}, f64), memory = randn({2, 3, 4}, f64);
  Tensor barred = tensor({{0, 1, 0}, {1, 1, 1}, {0, 0, 1}}, boolean), added = randn({2, 3, 3}, f64);
  Tensor padding = tensor({{0, 0, 1}, {0, 0, 0}}, boolean);
  for (const nn::AttentionCall& call :
       {nn::AttentionCall{}, nn::AttentionCall{.causal = true}, nn::AttentionCall{.mask = barred},
        nn::AttentionCall{.mask = added}, nn::AttentionCall{.key_padding = padding},
        nn::AttentionCall{.mask = added, .key_padding = padding, .causal = true}})
    for (nn::AttentionWeights weights : {nn::AttentionWeights::none, nn::AttentionWeights::mean}) {
      Attending model{.call = call};
      model.call.weights = weights;
      nn::to(model, f64);
      CHECK_MODEL_GRADIENTS(model, query, memory);
      CHECK_SECOND_GRADIENTS(model, query, memory);
    }
}
