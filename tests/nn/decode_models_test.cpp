// Decoding of whole models: states and caches give what the model says without them.
#include <doctest/doctest.h>

#include "token_table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

// Whole models, each with a state, and what it gives for whole sequences at once.

struct Speller {  // a recurrent language model
  nn::Embedding embedding{11, 8};
  nn::LSTM lstm{8, 12, {.layers = 2}};
  nn::Linear out{12, 11};
  using State = nn::LSTMState;
  State start(std::int64_t) const { return {}; }
  Tensor whole(const Tensor& tokens, std::int64_t) const { return out(lstm(embedding(tokens)).y); }
  Tensor step(const Tensor& tokens, State& state) const {
    auto [y, next] = lstm(embedding(tokens), state);
    state = next;
    return out(y);
  }
};

struct Gpt {
  nn::Embedding token{11, 8}, position{16, 8};
  nn::TransformerEncoder blocks{2, 8, 2, {.feed_forward = 16, .dropout = 0, .norm_first = true, .final_norm = true}};
  nn::Linear head{8, 11};
  using State = std::vector<nn::KeyValues>;
  State start(std::int64_t) const { return {}; }
  Tensor whole(const Tensor& tokens, std::int64_t) const {
    return head(blocks(token(tokens) + position(arange(tokens.size(1))), {.causal = true}));
  }
  Tensor step(const Tensor& tokens, State& state) const {
    std::int64_t before = state.empty() ? 0 : state[0].length();
    Tensor x = token(tokens) + position(arange(before, before + tokens.size(1)));
    return head(blocks(x, {.causal = true, .cache = &state}));
  }
};

struct Reader {  // a recurrent encoder-decoder with attention
  nn::Embedding source{7, 8}, target{11, 8};
  nn::GRU encoder{8, 6, {.bidirectional = true}};
  nn::GRU decoder{8, 12};
  nn::MultiHeadAttention attention{12, 2};
  nn::Linear out{24, 11};
  Tensor ids = randint(0, 7, {3, 5}), lengths = tensor({5, 2, 4}, i64);

  struct State {
    Tensor h, memory, padding;
    State select(const Tensor& rows) const { return {take(h, rows, 1), take(memory, rows, 0), take(padding, rows, 0)}; }
  };
  State start(std::int64_t row) const {
    Tensor one = ids(range(row, row + 1)), length = lengths(range(row, row + 1));
    if (row < 0) one = ids, length = lengths;
    auto [memory, state] = encoder(source(one), {}, length);
    return {nn::join_directions(state), memory, arange(5) >= expand_dims(length, 1)};
  }
  Tensor decode(const Tensor& tokens, State& state) const {
    auto [h, last] = decoder(target(tokens), state.h);
    state.h = last;
    Tensor context = attention(h, state.memory, state.memory, {.key_padding = state.padding}).y;
    return out(concatenate({h, context}, 2));
  }
  Tensor whole(const Tensor& tokens, std::int64_t row) const {
    State state = start(row);
    return decode(tokens, state);
  }
  Tensor step(const Tensor& tokens, State& state) const { return decode(tokens, state); }
};

struct Translator {  // a transformer
  nn::Embedding source{7, 8}, target{11, 8};
  Tensor positions = sinusoidal_positions(16, 8);
  nn::Transformer transformer{8, 2, {.encoder_layers = 2, .decoder_layers = 2, .feed_forward = 16, .dropout = 0}};
  nn::Linear out{8, 11};
  Tensor ids = randint(0, 7, {3, 5}), padding = arange(5) >= tensor({{5}, {2}, {4}}, i64);

  struct State {
    Tensor memory, padding;
    std::vector<nn::DecoderLayerCache> cache;
    State select(const Tensor& rows) const {
      return {take(memory, rows, 0), take(padding, rows, 0), nn::detail::select_rows(cache, rows)};
    }
  };
  Tensor embedded(const Tensor& tokens, std::int64_t before) const {
    return target(tokens) + positions(range(before, before + tokens.size(1)));
  }
  State start(std::int64_t row) const {
    Tensor one = row < 0 ? ids : ids(range(row, row + 1)), pad = row < 0 ? padding : padding(range(row, row + 1));
    Tensor x = source(one) + positions(range(0, 5));
    return {transformer.encoder(x, {.key_padding = pad}), pad, {}};
  }
  Tensor whole(const Tensor& tokens, std::int64_t row) const {
    State state = start(row);
    return out(
        transformer.decoder(embedded(tokens, 0), state.memory, {.causal = true, .memory_key_padding = state.padding}));
  }
  Tensor step(const Tensor& tokens, State& state) const {
    std::int64_t before = state.cache.empty() ? 0 : state.cache[0].self.length();
    return out(transformer.decoder(embedded(tokens, before), state.memory,
                                   {.causal = true, .memory_key_padding = state.padding, .cache = &state.cache}));
  }
};

/// Decodes a row of the batch without any state: the whole sequence through the model for each token.
template <class Model>
nn::Beams without_cache(const Model& model, std::int64_t row, const Tensor& prompt, const nn::DecodeOptions& options,
                        const nn::BeamOptions& beam) {
  auto step = [&](const Tensor& tokens, TokenHistory& history) {
    if (history.rows.empty()) history.rows.resize(1);
    Tensors logits;
    for (std::int64_t b = 0; b < tokens.size(0); ++b) {
      Tokens& now = history.rows[static_cast<std::size_t>(b)];
      for (std::int64_t token : tokens(b).to_vector<std::int64_t>()) now.push_back(token);
      logits.push_back(model.whole(tensor(now, {1, std::ssize(now)}), row)(0, -1));
    }
    return stack(logits, 0);
  };
  return nn::beam_search(step, TokenHistory{}, prompt, options, beam);
}

}  // namespace

TEST_CASE_TEMPLATE("decoding with states and caches is decoding without", Model, Speller, Gpt, Reader, Translator) {
  seed(11);
  Model model;
  nn::to(model, f64);
  for (const Tensor& p : nn::parameters(model)) p.assign(2 * p);  // sharper than at first
  nn::to(model, f32);
  auto step = [&](const Tensor& tokens, typename Model::State& state) { return model.step(tokens, state); };
  Tensor prompt = randint(1, 11, {3, 2});
  nn::DecodeOptions options{.end = 0, .length = 7};
  nn::BeamOptions beam{.width = 5, .length_penalty = 0.5};
  nn::Beams beams = nn::beam_search(step, model.start(-1), prompt, options, beam);
  nn::Decoded greedy = nn::greedy(step, model.start(-1), prompt, options);
  for (std::int64_t b = 0; b < 3; ++b) {
    Tensor own = prompt(range(b, b + 1));
    nn::Beams expected = without_cache(model, b, own, options, beam);
    CHECK(all_close(beams.log_probabilities(b), expected.log_probabilities(0), 1e-5, 1e-5));
    nn::Decoded narrow = without_cache(model, b, own, options, {.width = 1}).choice();
    CHECK(greedy.row(b) == narrow.row(0));
    for (std::int64_t n = 0; n < 5; ++n) CHECK(beams.choice(n).row(b) == expected.choice(n).row(0));
    // And both are what the model says of the whole sequence at once.
    Tokens text = own(0).to_vector<std::int64_t>(), best = whole_row(beams.choice(), b, 0);
    text.insert(text.end(), best.begin(), best.end());
    Tensor log_p = log_softmax(model.whole(tensor(text, {1, std::ssize(text)}), b), 2);
    double sum = 0;
    for (std::int64_t t = 0; t < std::ssize(best); ++t)
      sum += log_p(0, t + 1, best[static_cast<std::size_t>(t)]).item();
    CHECK(beams.log_probabilities(b, 0).item() == doctest::Approx(sum).epsilon(1e-5));
  }
}
