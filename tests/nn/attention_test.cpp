// MultiHeadAttention: weights and their names, options, grouped heads, caches, and errors.
#include "../core/message.hpp"
#include "names.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

TEST_CASE("MultiHeadAttention has PyTorch's weights") {
  seed(1);
  nn::MultiHeadAttention layer{64, 4};
  CHECK(names(layer) == "in_proj_weight in_proj_bias out_proj.weight out_proj.bias");
  CHECK(layer.in_proj_weight.shape() == Shape{192, 64});
  double bound = std::sqrt(6.0 / 256);
  CHECK(amax(abs(layer.in_proj_weight)).item() <= bound);
  CHECK(amax(abs(layer.in_proj_weight)).item() > 0.98 * bound);
  CHECK(all_equal(layer.in_proj_bias, zeros({192})));
  CHECK(all_equal(layer.out_proj.bias, zeros({64})));
  CHECK(names(nn::MultiHeadAttention{8, 2, {.bias = false, .key_width = 6}}) ==
        "q_proj_weight k_proj_weight v_proj_weight out_proj.weight");
  nn::MultiHeadAttention other{8, 2, {.key_width = 6, .value_width = 5}};
  CHECK(other.k_proj_weight.shape() == Shape{8, 6});
  CHECK(other.v_proj_weight.shape() == Shape{8, 5});
  CHECK(other(randn({2, 3, 8}), randn({2, 4, 6}), randn({2, 4, 5})).y.shape() == Shape{2, 3, 8});
}

TEST_CASE("the weights of attention are there when asked for") {
  seed(2);
  nn::MultiHeadAttention layer{8, 2};
  Tensor x = randn({2, 3, 8}), memory = randn({2, 5, 8});
  auto [y, weights] = layer(x, memory, memory);
  CHECK(weights.shape() == Shape{2, 3, 5});
  CHECK(all_close(sum(weights, -1), ones({2, 3}), 1e-5));
  auto by_head = layer(x, memory, memory, {.weights = nn::AttentionWeights::by_head});
  CHECK(by_head.weights.shape() == Shape{2, 2, 3, 5});
  CHECK(all_close(mean(by_head.weights, 1), weights, 1e-5));
  auto none = layer(x, memory, memory, {.weights = nn::AttentionWeights::none});
  CHECK_FALSE(none.weights.defined());
  CHECK(all_close(none.y, y, 1e-4, 1e-6));
  // One sample without the axis of the batch; self-attention, key and value alike, and all apart are one formula.
  CHECK(all_close(layer(x(0), memory(0), memory(0)).y, y(0), 1e-4, 1e-6));
  Tensor copied = copy(x), again = copy(x);
  CHECK(all_close(layer(x, x, x).y, layer(x, copied, again).y, 1e-4, 1e-6));
  CHECK(all_close(layer(x, copied, copied).y, layer(x, copied, again).y, 1e-4, 1e-6));
  CHECK(all_close(layer(x, layer.project(memory, memory)).y, y, 1e-4, 1e-6));
}

TEST_CASE("masks of MultiHeadAttention") {
  Rng rng(3);
  nn::MultiHeadAttention layer{8, 2};
  Tensor x = randn({2, 3, 8}, rng), memory = randn({2, 5, 8}, rng);
  Tensor mask = rand({3, 5}, rng) < 0.3, padding = tensor({{0, 0, 0, 1, 1}, {0, 0, 0, 0, 0}}, boolean);
  auto run = [&](const nn::AttentionCall& call) {
    Tensor y = layer(x, memory, memory, call).y;
    nn::AttentionCall fused = call;
    fused.weights = nn::AttentionWeights::none;
    CHECK(all_close(layer(x, memory, memory, fused).y, y, 1e-4, 1e-6));
    return y;
  };
  Tensor expected = run({.mask = mask});
  CHECK(all_close(run({.mask = broadcast_to(mask, {2, 3, 5})}), expected));
  CHECK(all_close(run({.mask = broadcast_to(mask, {2, 2, 3, 5})}), expected));
  CHECK(all_close(run({.mask = where(mask, -INFINITY, 0)}), expected, 1e-4, 1e-6));
  // Padding is as if it were not there, and gets no gradient.
  Tensor short_memory = memory(range(0, 1), range(0, 3));
  CHECK(all_close(run({.key_padding = padding})(range(0, 1)), layer(x(range(0, 1)), short_memory, short_memory).y, 1e-4,
                  1e-6));
  CHECK(all_close(layer(x(0), memory(0), memory(0), {.key_padding = padding(0)}).y, run({.key_padding = padding})(0),
                  1e-4, 1e-6));
  Tensor padded = variable(memory);
  sum(square(layer(x, padded, padded, {.key_padding = padding}).y)).backward();
  CHECK(all_equal(padded.grad()(0, range(3, 5)), zeros({2, 8})));
  CHECK(
      all_close(layer(x, x, x, {.causal = true}).y, layer(x, x, x, {.mask = triu(ones({3, 3}), 1) > 0}).y, 1e-4, 1e-6));
  // Everything masked: the bias of the last map.
  layer.out_proj.bias = randn({8}, rng);
  CHECK(all_equal(layer(x, memory, memory, {.mask = ones({3, 5}, boolean)}).y,
                  broadcast_to(layer.out_proj.bias, x.shape())));
}

TEST_CASE("grouped heads are heads with equal keys and values") {
  seed(4);
  nn::MultiHeadAttention grouped{12, 6, {.key_value_heads = 2}}, full{12, 6};
  CHECK(grouped.in_proj_weight.shape() == Shape{20, 12});
  auto spread = [](const Tensor& part) {  // (4, …): two heads of 2 -> six heads
    Shape shape = part.shape();
    shape[0] = 12;
    Tensor heads = reshape(part, part.rank() == 2 ? Shape{2, 1, 2, 12} : Shape{2, 1, 2});
    return reshape(repeat(heads, 3, 1), shape);
  };
  grouped.in_proj_bias = randn({20});
  for (auto [from, to] : {std::pair<Tensor, nn::Parameter*>{grouped.in_proj_weight, &full.in_proj_weight},
                          {grouped.in_proj_bias, &full.in_proj_bias}}) {
    Tensor of = detach(from);
    *to = concatenate({of(range(0, 12)), spread(of(range(12, 16))), spread(of(range(16, 20)))}, 0);
  }
  full.out_proj.weight = grouped.out_proj.weight;
  Tensor x = randn({2, 4, 12}), mask = rand({4, 4}) < 0.3, by_head = randn({2, 6, 4, 4});
  std::vector<nn::AttentionCall> calls{{},
                                       {.causal = true},
                                       {.mask = mask},
                                       {.mask = broadcast_to(mask, {2, 4, 4})},
                                       {.mask = by_head},
                                       {.key_padding = rand({2, 4}) < 0.3, .weights = nn::AttentionWeights::none}};
  for (const nn::AttentionCall& call : calls) {
    auto a = grouped(x, x, x, call), b = full(x, x, x, call);
    CHECK(all_close(a.y, b.y, 1e-4, 1e-5));
    if (a.weights.defined()) CHECK(all_close(a.weights, b.weights, 1e-4, 1e-5));
  }
}

TEST_CASE("cached attention is uncached attention") {
  for (bool rotary : {false, true}) {
    seed(5);
    nn::MultiHeadAttention layer{8, 2, {.key_value_heads = rotary ? 1 : 2, .rotary = rotary}};
    Tensor x = randn({3, 7, 8});
    Tensor expected = layer(x, x, x, {.causal = true}).y;
    nn::KeyValues cache;
    Tensors parts;
    for (auto [first, last] : {std::pair{0, 3}, {3, 4}, {4, 5}, {5, 7}}) {
      Tensor now = x(all, range(first, last));
      parts.push_back(layer(now, now, now, {.causal = true, .weights = nn::AttentionWeights::none, .cache = &cache}).y);
      CHECK(cache.length() == last);
    }
    CHECK(all_close(concatenate(parts, 1), expected, 1e-5, 1e-6));
    // The rows of a batch change places, or are taken twice.
    nn::KeyValues chosen = cache.select(tensor({2, 0, 0}, i64));
    CHECK(all_equal(chosen.key(1), cache.key(0)));
    CHECK(all_equal(chosen.value(0), cache.value(2)));
    // What throws leaves the cache as it was.
    Tensor now = x(all, range(0, 1));
    CHECK_THROWS_AS(layer(now, now, now, {.mask = zeros({5, 5}), .cache = &cache}), ShapeError);
    CHECK(cache.length() == 7);
  }
}

TEST_CASE("attention drops in training only") {
  seed(6);
  nn::MultiHeadAttention layer{8, 2, {.dropout = 0.5}};
  Tensor x = randn({2, 6, 8});
  nn::AttentionCall call{.weights = nn::AttentionWeights::none};
  CHECK_FALSE(all_close(layer(x, x, x, call).y, layer(x, x, x, call).y));
  nn::eval(layer);
  CHECK(all_equal(layer(x, x, x, call).y, layer(x, x, x, call).y));
}

TEST_CASE("gradients of a whole layer, all parameters") {
  seed(7);
  for (std::int64_t groups : {2, 1}) {
    nn::MultiHeadAttention layer{4, 2, {.key_value_heads = groups, .rotary = groups == 1}};
    nn::to(layer, f64);
    auto self = [&](const Tensor& x) {
      return layer(x, x, x, {.causal = true, .weights = nn::AttentionWeights::none}).y;
    };
    CHECK_GRADIENTS(self, randn({2, 3, 4}, f64));
    CHECK_SECOND_GRADIENTS(self, randn({2, 3, 4}, f64));
  }
}

TEST_CASE("MultiHeadAttention says what does not fit") {
  auto made = [](std::int64_t width, std::int64_t heads, const nn::MultiHeadAttentionOptions& options = {}) {
    return message<ValueError>([&] { nn::MultiHeadAttention(width, heads, options); }, "attention_test.cpp");
  };
  CHECK(made(10, 4) == "MultiHeadAttention: 4 heads do not divide the width 10");
  CHECK(made(12, 6, {.key_value_heads = 4}) ==
        "MultiHeadAttention: 4 heads of keys and values do not divide 6 heads of queries");
  CHECK(
      made(0, 1) ==
      "MultiHeadAttention: sizes must be at least 1: width 0, heads 1, key_value_heads 1, key_width 0, value_width 0");
  CHECK(made(6, 2, {.rotary = true}) == "MultiHeadAttention: rotary positions turn pairs of numbers, and a head has 3");
  CHECK(made(6, 2, {.dropout = -1}) == "MultiHeadAttention: -1 is no probability");
  nn::MultiHeadAttention layer{8, 2}, turning{8, 2, {.rotary = true}};
  Tensor x = randn({2, 3, 8}), narrow = randn({2, 3, 7});
  auto called = [&](const Tensor& q, const Tensor& k, const Tensor& v, const nn::AttentionCall& call = {}) {
    return message<ShapeError>([&] { layer(q, k, v, call); }, "attention_test.cpp");
  };
  CHECK(called(narrow, x, x) == "MultiHeadAttention: the query has shape (2, 3, 7), not (batch, positions, 8)");
  CHECK(called(x, narrow, x) == "MultiHeadAttention: the key has shape (2, 3, 7), not (batch, positions, 8)");
  CHECK(called(x, x, randn({8})) == "MultiHeadAttention: the value has shape (8,), not (batch, positions, 8)");
  CHECK(called(x, x, x, {.mask = zeros({4, 3})}) ==
        "MultiHeadAttention: the mask has shape (4, 3), which fits neither (queries, keys) = (3, 3), nor one for each "
        "text = (2, 3, 3), nor one for each head = (2, 2, 3, 3)");
  CHECK(called(x, x, x, {.mask = zeros({3, 3, 3})}).find("the mask has shape (3, 3, 3), which fits neither") !=
        std::string::npos);
  CHECK(called(x, x, x, {.key_padding = zeros({3, 3}, boolean)}) ==
        "MultiHeadAttention: the key padding has shape (3, 3), not (batch, keys) = (2, 3)");
  CHECK(message<DTypeError>(
            [&] {
              layer(x, x, x, {.key_padding = zeros({2, 3})});
            },
            "attention_test.cpp") == "MultiHeadAttention: the key padding is of f32, not boolean");
  nn::TransformerEncoder encoder{2, 8, 2};
  nn::parameters(encoder);
  CHECK(whole_message<ShapeError>([&] {
          encoder(x, {.mask = zeros({4, 4}, boolean)});
        }).find("layers.0.self_attn") != std::string::npos);
  CHECK(message<DTypeError>([&] {
          layer(x, x, x, {.mask = zeros({3, 3}, i64)});
        }) == "MultiHeadAttention: the mask is of i64, which is neither boolean nor real");
  nn::KeyValues cache;
  CHECK(message<ValueError>([&] { layer(x, layer.project(x, x), {.cache = &cache}); }, "attention_test.cpp") ==
        "MultiHeadAttention: keys and values that were made earlier go with no cache");
  CHECK(message<ValueError>([&] { turning(x, turning.project(x, x)); }, "attention_test.cpp") ==
        "MultiHeadAttention: keys and values that were made earlier go with no rotary positions");
}
