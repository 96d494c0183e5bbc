// Transformers: names, masks, caches, gradients, and errors. Their values are compared with PyTorch's in the goldens.
#include "../core/message.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <cmath>

using namespace xg;

namespace {

nn::TransformerLayerOptions small(bool norm_first = false, bool final_norm = false) {
  return {.feed_forward = 6, .dropout = 0, .norm_first = norm_first, .final_norm = final_norm};
}

}  // namespace

TEST_CASE("an encoder-decoder starts as PyTorch's") {
  seed(1);
  nn::Transformer model{16, 2, {.encoder_layers = 2, .decoder_layers = 1, .feed_forward = 40}};
  std::vector<std::string> names;
  for (const auto& [name, p] : nn::named_parameters(model)) {
    names.push_back(name);
    if (p.rank() < 2) continue;
    double bound = std::sqrt(6.0 / static_cast<double>(p.size(0) + p.size(1)));
    CHECK(amax(abs(p)).item() <= bound);
    CHECK(amax(abs(p)).item() > 0.9 * bound);
  }
  CHECK(names[0] == "encoder.layers.0.self_attn.in_proj_weight");
  CHECK(names.back() == "decoder.norm.bias");
  CHECK(names.size() == 2 * 12 + 2 + 18 + 2);
  CHECK(nn::Transformer{}.encoder.layers.size() == 6);
  Tensor source = randn({2, 5, 16}), target = randn({2, 3, 16});
  CHECK(model(source, target).shape() == Shape{2, 3, 16});
  nn::eval(model);
  CHECK(all_equal(model(source, target), model(source, target)));
  // Layers of a stack differ from the start.
  CHECK_FALSE(all_equal(model.encoder.layers[0].linear1.weight, model.encoder.layers[1].linear1.weight));
}

TEST_CASE("causal layers do not see the future, padding changes nothing") {
  seed(2);
  for (bool norm_first : {false, true}) {
    nn::TransformerEncoder encoder{2, 8, 2, small(norm_first, true)};
    Tensor x = randn({2, 6, 8});
    Tensor whole = encoder(x, {.causal = true}), part = encoder(x(all, range(0, 4)), {.causal = true});
    CHECK(all_close(whole(all, range(0, 4)), part, 1e-5, 1e-6));
    Tensor padding = broadcast_to(arange(6) >= 4, {2, 6});
    CHECK(all_close(encoder(x, {.key_padding = padding})(all, range(0, 4)), encoder(x(all, range(0, 4))), 1e-5, 1e-6));
    nn::TransformerDecoder decoder{2, 8, 2, small(norm_first)};
    Tensor y = randn({2, 3, 8});
    CHECK(all_close(decoder(y, x, {.causal = true, .memory_key_padding = padding}),
                    decoder(y, x(all, range(0, 4)), {.causal = true}), 1e-5, 1e-6));
    CHECK(all_close(decoder(y, x, {.mask = triu(ones({3, 3}), 1) > 0, .memory_mask = arange(6) >= 4}),
                    decoder(y, x(all, range(0, 4)), {.causal = true}), 1e-5, 1e-6));
  }
}

TEST_CASE("cached decoding is uncached decoding") {
  for (bool norm_first : {false, true}) {
    seed(3);
    nn::TransformerLayerOptions options = small(norm_first, true);
    options.rotary = norm_first;
    nn::TransformerEncoder encoder{2, 8, 2, options};
    nn::TransformerDecoder decoder{2, 8, 2, options};
    Tensor x = randn({3, 6, 8}), memory = randn({3, 4, 8});
    Tensor encoded = encoder(x, {.causal = true}), decoded = decoder(x, memory, {.causal = true});
    std::vector<nn::KeyValues> cache;
    std::vector<nn::DecoderLayerCache> decoder_cache;
    NoGrad none;
    Tensors encoder_parts, decoder_parts;
    for (std::int64_t t = 0; t < 6; ++t) {
      Tensor now = x(all, range(t, t + 1));
      encoder_parts.push_back(encoder(now, {.causal = true, .cache = &cache}));
      decoder_parts.push_back(decoder(now, memory, {.causal = true, .cache = &decoder_cache}));
      if (t == 2) {  // beams change places and come back
        Tensor turn = tensor({1, 2, 0}, i64), back = tensor({2, 0, 1}, i64);
        for (auto& part : cache) part = part.select(turn).select(back);
        for (auto& part : decoder_cache) part = part.select(turn).select(back);
      }
    }
    CHECK(all_close(concatenate(encoder_parts, 1), encoded, 1e-5, 1e-5));
    CHECK(all_close(concatenate(decoder_parts, 1), decoded, 1e-5, 1e-5));
    CHECK(cache.size() == 2);
    CHECK(decoder_cache[1].self.length() == 6);
    CHECK(decoder_cache[1].memory.length() == 4);
    // What throws leaves the caches as they were.
    CHECK_THROWS_AS(decoder(x, memory, {.memory_mask = zeros({9, 9}), .cache = &decoder_cache}), ShapeError);
    CHECK(decoder_cache[0].self.length() == 6);
  }
}

TEST_CASE("gradients of transformer layers") {
  seed(4);
  for (bool norm_first : {false, true}) {
    nn::TransformerLayerOptions options = small(norm_first);
    options.activation = nn::TransformerActivation::gelu;
    nn::TransformerEncoderLayer encoder{4, 2, options};
    nn::to(encoder, f64);
    CHECK_MODEL_GRADIENTS(encoder, randn({2, 3, 4}, f64));
    auto f = [&](const Tensor& x) { return encoder(x, {.causal = true}); };
    CHECK_SECOND_GRADIENTS(f, randn({1, 3, 4}, f64));
    nn::TransformerDecoderLayer decoder{4, 2, options};
    nn::to(decoder, f64);
    auto h = [&](const Tensor& x, const Tensor& memory) { return decoder(x, memory, {.causal = true}); };
    CHECK_GRADIENTS(h, randn({2, 3, 4}, f64), randn({2, 2, 4}, f64));
    CHECK_SECOND_GRADIENTS(h, randn({1, 2, 4}, f64), randn({1, 2, 4}, f64));
  }
}

TEST_CASE("every parameter of an encoder-decoder learns") {
  seed(5);
  nn::Transformer model{8, 2, {.encoder_layers = 1, .decoder_layers = 1, .feed_forward = 16, .norm_first = true}};
  sum(square(model(randn({2, 4, 8}), randn({2, 3, 8}), {.causal = true}))).backward();
  for (const auto& [path, p] : nn::named_parameters(model)) {
    std::string name = path;
    CAPTURE(name);
    CHECK(p.has_grad());
    CHECK(norm(p.grad()).item() > 0);
  }
}

TEST_CASE("transformers say what does not fit") {
  CHECK(message<ValueError>([] { nn::TransformerEncoderLayer(10, 4); }, "transformer_test.cpp") ==
        "MultiHeadAttention: 4 heads do not divide the width 10");
  CHECK(message<ValueError>([] { nn::Transformer(10, 4); }, "transformer_test.cpp") ==
        "MultiHeadAttention: 4 heads do not divide the width 10");
  CHECK(message<ValueError>([] { nn::TransformerEncoder(2, 8, 2, {.dropout = 2}); }, "transformer_test.cpp") ==
        "Dropout: 2 is no probability");
  nn::TransformerEncoder encoder{2, 8, 2, small()};
  nn::TransformerDecoder decoder{2, 8, 2, small()};
  std::vector<nn::KeyValues> cache(3);
  std::vector<nn::DecoderLayerCache> other(1);
  Tensor x = randn({2, 3, 8});
  CHECK(message<ValueError>([&] { encoder(x, {.cache = &cache}); }, "transformer_test.cpp") ==
        "TransformerEncoder: the cache has 3 parts for 2 layers");
  CHECK(message<ValueError>([&] { decoder(x, x, {.cache = &other}); }, "transformer_test.cpp") ==
        "TransformerDecoder: the cache has 1 parts for 2 layers");
  nn::named_parameters(encoder);
  try {
    encoder(randn({2, 3, 7}));
    CHECK(false);
  } catch (const ShapeError& error) {
    std::string text = error.what();
    CHECK(text.find("the query has shape (2, 3, 7), not (batch, positions, 8)") != std::string::npos);
    CHECK(text.find("layers.0.self_attn") != std::string::npos);
    CHECK(text.find("transformer_test.cpp") != std::string::npos);
  }
}
