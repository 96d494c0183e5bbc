// Decoding: against enumeration, the laws of sampling, caches against none on whole models, and errors.
#include "../core/message.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include <algorithm>
#include <cmath>
#include <map>

using namespace xg;

namespace {

using Tokens = std::vector<std::int64_t>;

/// A model whose logits depend on every token so far; its state is those tokens.
struct History {
  std::vector<Tokens> rows;
  History select(const Tensor& chosen) const {
    History result;
    for (std::int64_t r : chosen.to_vector<std::int64_t>()) result.rows.push_back(rows.at(static_cast<std::size_t>(r)));
    return result;
  }
};

struct Table {
  std::int64_t vocabulary = 3;
  std::vector<double> logits(const Tokens& history) const {
    std::uint64_t key = 17;
    for (std::int64_t token : history) key = key * 31 + static_cast<std::uint64_t>(token) + 1;
    Rng rng(key);
    return (2 * randn({vocabulary}, f64, rng)).to_vector();
  }
  Tensor operator()(const Tensor& tokens, History& state) const {
    std::int64_t batch = tokens.size(0), count = tokens.size(1);
    state.rows.resize(static_cast<std::size_t>(batch));
    std::vector<double> result;
    for (std::int64_t b = 0; b < batch; ++b) {
      Tokens& row = state.rows[static_cast<std::size_t>(b)];
      for (std::int64_t token : tokens(b).to_vector<std::int64_t>()) row.push_back(token);
      for (double z : logits(row)) result.push_back(z);
    }
    CHECK(count >= 1);
    return tensor(result, {batch, vocabulary});
  }

  struct Sequence {
    double rank, log_probability;
    Tokens tokens;
  };
  /// Every sequence that ends, or is `length` long, the best first.
  std::vector<Sequence> enumerate(const Tokens& prompt, std::int64_t end, std::int64_t length, double penalty) const {
    std::vector<Sequence> result, open{{0, 0, {}}};
    while (!open.empty()) {
      Sequence now = open.back();
      open.pop_back();
      Tokens history = prompt;
      history.insert(history.end(), now.tokens.begin(), now.tokens.end());
      std::vector<double> z = log_softmax(tensor(logits(history)), 0).to_vector();
      for (std::int64_t v = 0; v < vocabulary; ++v) {
        Sequence longer = now;
        longer.tokens.push_back(v);
        longer.log_probability += z[static_cast<std::size_t>(v)];
        double n = static_cast<double>(longer.tokens.size());
        longer.rank = longer.log_probability / std::pow((5 + n) / 6, penalty);
        (v == end || std::ssize(longer.tokens) == length ? result : open).push_back(longer);
      }
    }
    std::sort(result.begin(), result.end(), [](const Sequence& a, const Sequence& b) { return a.rank > b.rank; });
    return result;
  }
};

/// Pearson's statistic of drawn tokens against the probabilities they should have.
double chi_square(const Tensor& drawn, const std::vector<double>& probabilities) {
  std::vector<double> counts(probabilities.size());
  for (std::int64_t token : drawn.to_vector<std::int64_t>()) counts.at(static_cast<std::size_t>(token)) += 1;
  double result = 0, all = static_cast<double>(drawn.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (probabilities[i] == 0) CHECK(counts[i] == 0);
    else result += std::pow(counts[i] - all * probabilities[i], 2) / (all * probabilities[i]);
  }
  return result;
}

Tokens whole_row(const nn::Decoded& decoded, std::int64_t b, std::int64_t end) {
  Tokens row = decoded.row(b);
  if (std::ssize(row) < decoded.tokens.size(1) && decoded.tokens(b, std::ssize(row)).item<std::int64_t>() == end)
    row.push_back(end);
  return row;
}

}  // namespace

TEST_CASE("a beam as wide as there are sequences finds what enumeration finds") {
  Table model;
  Tensor prompt = tensor({{1, 1}, {0, 2}, {2, 2}}, i64);
  for (double penalty : {0.0, 0.6, 1.0, 3.0}) {
    nn::Beams beams =
        nn::beam_search(model, History{}, prompt, {.end = 0, .length = 5}, {.width = 100, .length_penalty = penalty});
    CHECK(beams.tokens.shape() == Shape{3, 100, 5});
    for (std::int64_t b = 0; b < 3; ++b) {
      auto expected = model.enumerate(prompt(b).to_vector<std::int64_t>(), 0, 5, penalty);
      REQUIRE(expected.size() == 1 + 2 + 4 + 8 + 48);
      for (std::int64_t n = 0; n < std::ssize(expected); ++n) {
        const Table::Sequence& one = expected[static_cast<std::size_t>(n)];
        nn::Decoded found = beams.choice(n);
        CHECK(whole_row(found, b, 0) == one.tokens);
        CHECK(found.log_probabilities(b).item() == doctest::Approx(one.log_probability));
        CHECK(beams.ranks(b, n).item() == doctest::Approx(one.rank));
      }
      CHECK(beams.ranks(b, std::ssize(expected)).item() == -INFINITY);
      CHECK(beams.lengths(b, std::ssize(expected)).item() == 0);
    }
  }
}

TEST_CASE("a beam of 1 is greedy, and wider ones find better") {
  Table model{4};
  Tensor prompt = randint(0, 4, {20});
  int better = 0;
  for (std::optional<std::int64_t> end : {std::optional<std::int64_t>(), std::optional<std::int64_t>(2)}) {
    nn::DecodeOptions options{.end = end, .length = 6};
    nn::Decoded likeliest = nn::greedy(model, History{}, prompt, options);
    nn::Decoded wide = nn::beam_search(model, History{}, prompt, options, {.width = 50}).choice(0);
    nn::Decoded one = nn::beam_search(model, History{}, prompt, options, {.width = 1}).choice();
    CHECK(all_equal(one.tokens, likeliest.tokens));
    CHECK(all_equal(one.lengths, likeliest.lengths));
    CHECK(all_close(one.log_probabilities, likeliest.log_probabilities, 1e-12, 1e-12));
    CHECK(sum(wide.log_probabilities).item() >= sum(likeliest.log_probabilities).item());
    better += sum(wide.log_probabilities).item() > sum(likeliest.log_probabilities).item();
  }
  CHECK(better > 0);
}

TEST_CASE("greedy takes the likeliest token, and what has ended stays so") {
  Table model;
  Tensor prompt = arange(12) % 3;
  nn::Decoded result = nn::greedy(model, History{}, prompt, {.end = 1, .length = 7});
  bool ends_differ = false;
  for (std::int64_t b = 0; b < 12; ++b) {
    Tokens history{prompt(b).item<std::int64_t>()}, row = result.tokens(b).to_vector<std::int64_t>();
    double log_probability = 0;
    std::size_t t = 0;
    for (; t < row.size(); ++t) {
      std::vector<double> z = model.logits(history);
      CHECK(row[t] == std::max_element(z.begin(), z.end()) - z.begin());
      log_probability += log_softmax(tensor(z), 0)(row[t]).item();
      history.push_back(row[t]);
      if (row[t] == 1) break;
    }
    CHECK(result.lengths(b).item() == static_cast<double>(t));
    CHECK(std::ssize(result.row(b)) == static_cast<std::ptrdiff_t>(t));
    CHECK(result.log_probabilities(b).item() == doctest::Approx(log_probability));
    for (; t < row.size(); ++t) CHECK(row[t] == 1);
    ends_differ = ends_differ || result.lengths(b).item() != result.lengths(0).item();
  }
  CHECK(ends_differ);
  // Of equals the first; without an end token all have the full length.
  auto indifferent = [](const Tensor& tokens, int&) { return zeros({tokens.size(0), tokens.size(1), 5}); };
  nn::Decoded flat = nn::greedy(indifferent, 0, tensor({1, 2}, i64), {.length = 3});
  CHECK(all_equal(flat.tokens, zeros({2, 3}, i64)));
  CHECK(all_equal(flat.lengths, tensor({3, 3}, i64)));
  CHECK(flat.log_probabilities(0).item() == doctest::Approx(-3 * std::log(5.0)));
}

TEST_CASE("what is sampled follows the softmax") {
  Rng rng(4);
  Tensor logits = tensor({1.5, 0, -1, 2, -0.5, -INFINITY}), many = broadcast_to(logits, {20000, 6});
  // Of 4 degrees of freedom or fewer, 23.5 is exceeded once in 10,000 times.
  for (double temperature : {1.0, 0.5, 2.0}) {
    std::vector<double> p = softmax(astype(logits, f64) / temperature, 0).to_vector();
    CHECK(chi_square(nn::sample_tokens(many, {.temperature = temperature, .rng = &rng}), p) < 23.5);
  }
  std::vector<double> three = softmax(tensor({1.5, 0, -INFINITY, 2, -INFINITY, -INFINITY}, f64), 0).to_vector();
  CHECK(chi_square(nn::sample_tokens(many, {.top_k = 3, .rng = &rng}), three) < 23.5);
  std::vector<double> two = softmax(tensor({1.5, -INFINITY, -INFINITY, 2, -INFINITY, -INFINITY}, f64), 0).to_vector();
  CHECK(chi_square(nn::sample_tokens(many, {.top_p = 0.7, .rng = &rng}), two) < 23.5);

  // The model's own tokens: pairs (first, second) of a table.
  Table model;
  nn::Decoded pairs = nn::sample(model, History{}, zeros({20000}, i64), {.length = 2}, {.rng = &rng});
  std::vector<double> p;
  std::vector<double> first = softmax(tensor(model.logits({0})), 0).to_vector();
  for (std::int64_t a = 0; a < 3; ++a)
    for (double q : softmax(tensor(model.logits({0, a})), 0).to_vector())
      p.push_back(first[static_cast<std::size_t>(a)] * q);
  Tensor pair = pairs.tokens(all, 0) * 3 + pairs.tokens(all, 1);
  CHECK(chi_square(pair, p) < 31.8);  // 8 degrees of freedom
  CHECK(pairs.log_probabilities(5).item() == doctest::Approx(std::log(p[pair(5).item<std::size_t>()])));
}

TEST_CASE("laws of top_k and top_p") {
  Rng rng(5);
  Tensor logits = randn({50, 7}, f64, rng), p = softmax(logits, 1);
  CHECK(all_close(nn::sampling_probabilities(logits), p, 1e-12, 0));
  CHECK(all_close(nn::sampling_probabilities(logits, {.top_k = 7}), p, 1e-12, 0));
  CHECK(all_close(nn::sampling_probabilities(logits, {.top_k = 99}), p, 1e-12, 0));
  Tensor likeliest = argmax(logits, 1);
  CHECK(all_equal(nn::sample_tokens(logits, {.top_k = 1, .rng = &rng}), likeliest));
  CHECK(all_equal(nn::sample_tokens(logits, {.top_p = 1e-9, .rng = &rng}), likeliest));
  CHECK(all_equal(nn::sample_tokens(logits, {.temperature = 1e-6, .rng = &rng}), likeliest));
  CHECK(nn::sampling_probabilities(astype(logits, f32)).dtype() == f32);
  CHECK(nn::sample_tokens(logits(0)).shape() == Shape{});
  CHECK(nn::sample_tokens(zeros({2, 0, 3})).shape() == Shape{2, 0});

  for (double limit : {0.3, 0.6, 0.9, 1.0}) {
    Tensor q = nn::sampling_probabilities(logits, {.top_p = limit});
    for (std::int64_t r = 0; r < 50; ++r) {
      std::vector<double> before = p(r).to_vector(), after = q(r).to_vector();
      double kept = 0, least = 1, dropped = 0, sum = 0;
      for (std::size_t i = 0; i < 7; ++i) {
        sum += after[i];
        if (after[i] == 0) dropped = std::max(dropped, before[i]);
        else kept += before[i], least = std::min(least, before[i]);
      }
      CHECK(sum == doctest::Approx(1));
      CHECK(kept >= limit - 1e-12);        // enough,
      CHECK(kept - least < limit);         // no more than needed,
      CHECK(dropped <= least);             // the likeliest first,
      for (std::size_t i = 0; i < 7; ++i)  // in their proportions.
        if (after[i] > 0) CHECK(after[i] == doctest::Approx(before[i] / kept));
    }
  }
  // Both together: first the k, then the nucleus of what is left.
  Tensor both = nn::sampling_probabilities(log(tensor({0.4, 0.3, 0.2, 0.1}, f64)), {.top_k = 2, .top_p = 0.55});
  CHECK(all_close(both, tensor({1, 0, 0, 0}, f64)));
  // Of equals the first.
  CHECK(all_close(nn::sampling_probabilities(zeros({4}), {.top_k = 2}), tensor({0.5, 0.5, 0, 0})));
}

TEST_CASE("the same seed samples the same sequences") {
  Table model{5};
  auto run = [&](std::uint64_t seed) {
    Rng rng(seed);
    return nn::sample(model, History{}, zeros({8}, i64), {.end = 4, .length = 9}, {.temperature = 1.5, .rng = &rng});
  };
  nn::Decoded one = run(1), two = run(1), other = run(2);
  CHECK(all_equal(one.tokens, two.tokens));
  CHECK(one.tokens.to_vector() != other.tokens.to_vector());
  seed(9);
  nn::Decoded a = nn::sample(model, History{}, zeros({3}, i64), {.length = 4});
  seed(9);
  CHECK(all_equal(a.tokens, nn::sample(model, History{}, zeros({3}, i64), {.length = 4}).tokens));
  for (std::int64_t b = 0; b < 8; ++b) {  // what has ended stays so
    Tokens row = one.tokens(b).to_vector<std::int64_t>();
    auto end = std::find(row.begin(), row.end(), 4);
    CHECK(one.lengths(b).item() == static_cast<double>(end - row.begin()));
    for (; end != row.end(); ++end) CHECK(*end == 4);
  }
}

TEST_CASE("nothing is recorded, the state passed in stays, and empty batches give empty results") {
  Table model;
  History start = {{{1}, {2}}};
  nn::DecodeOptions options{.end = 0, .length = 4};
  nn::greedy(model, start, tensor({1, 2}, i64), options);
  nn::beam_search(model, start, tensor({1, 2}, i64), options);
  CHECK(start.rows == std::vector<Tokens>{{1}, {2}});
  Tensor w = variable(1.0);
  auto recording = [&](const Tensor& tokens, int&) {
    CHECK_FALSE(is_recording());
    return zeros({tokens.size(0), 3}) * w;
  };
  nn::Decoded result = nn::greedy(recording, 0, tensor({1}, i64), options);
  CHECK_FALSE(result.log_probabilities.requires_grad());
  CHECK(is_recording());
  CHECK(nn::greedy(model, start, zeros({0}, i64), options).tokens.shape() == Shape{0, 0});
  CHECK(nn::sample(model, start, zeros({0, 2}, i64), options).lengths.shape() == Shape{0});
  CHECK(nn::beam_search(model, start, zeros({0}, i64), options, {.width = 3}).tokens.shape() == Shape{0, 3, 0});
}

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
  auto step = [&](const Tensor& tokens, History& history) {
    if (history.rows.empty()) history.rows.resize(1);
    Tensors logits;
    for (std::int64_t b = 0; b < tokens.size(0); ++b) {
      Tokens& now = history.rows[static_cast<std::size_t>(b)];
      for (std::int64_t token : tokens(b).to_vector<std::int64_t>()) now.push_back(token);
      logits.push_back(model.whole(tensor(now, {1, std::ssize(now)}), row)(0, -1));
    }
    return stack(logits, 0);
  };
  return nn::beam_search(step, History{}, prompt, options, beam);
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

TEST_CASE("teacher forcing, and padding that counts for nothing") {
  Tensor target = tensor({{4, 5, 6}, {7, 0, 0}}, i64);
  CHECK(all_equal(nn::shift_right(target, 1), tensor({{1, 4, 5}, {1, 7, 0}}, i64)));
  CHECK(nn::shift_right(zeros({2, 0}, i64), 1).shape() == Shape{2, 0});
  // (B, T, V) logits and (B, T) labels: the mean is over the tokens that are there, smoothed or not.
  Rng rng(3);
  Tensor logits = variable(randn({2, 3, 9}, f64, rng));
  Tensor there = concatenate({logits(0), logits(1, range(0, 1))}, 0);
  for (double smoothing : {0.0, 0.1}) {
    Tensor loss = nn::cross_entropy(logits, target, {.label_smoothing = smoothing, .ignore_index = 0});
    Tensor expected = nn::cross_entropy(there, tensor({4, 5, 6, 7}, i64), {.label_smoothing = smoothing});
    CHECK(loss.item() == doctest::Approx(expected.item()));
    CHECK(all_equal(grad(loss, logits)(1, range(1, 3)), zeros({2, 9}, f64)));
  }
  CHECK(message<ShapeError>([&] { nn::shift_right(zeros({2}, i64), 1); }, "decode_test.cpp") ==
        "shift_right: targets have shape (2,), not (batch, tokens)");
  CHECK(message<DTypeError>(
            [&] {
              nn::shift_right(zeros({2, 2}), 1);
            },
            "decode_test.cpp") == "shift_right: targets must be i64");
}

TEST_CASE("decoding says what does not fit") {
  Table model{5};
  Tensor prompt = tensor({1, 2}, i64);
  nn::DecodeOptions good{.end = 0, .length = 3};
  auto greedy = [&](const Tensor& prompt, const nn::DecodeOptions& options) {
    return message<Error>([&] { nn::greedy(model, History{}, prompt, options); }, "decode_test.cpp");
  };
  CHECK(greedy(prompt, {.end = 5, .length = 3}) == "greedy: the end token 5 is outside the vocabulary of 5");
  CHECK(greedy(prompt, {.end = -1, .length = 3}) == "greedy: the end token -1 is outside the vocabulary of 5");
  CHECK(greedy(prompt, {.end = 0}) == "greedy: the length must be at least 1, not 0");
  CHECK(greedy(zeros({2, 0}, i64), good) == "greedy: the prompt is empty");
  CHECK(greedy(zeros({2}), good) == "greedy: a prompt is of i64 tokens");
  CHECK(greedy(zeros({2, 1, 1}, i64), good) ==
        "greedy: the prompt has shape (2, 1, 1), not (batch) or (batch, tokens)");
  CHECK(greedy(Tensor(), good).find("undefined") != std::string::npos);
  auto beam = [&](const nn::DecodeOptions& options, const nn::BeamOptions& beam) {
    return message<ValueError>([&] { nn::beam_search(model, History{}, prompt, options, beam); }, "decode_test.cpp");
  };
  CHECK(beam({.end = 9, .length = 3}, {}) == "beam_search: the end token 9 is outside the vocabulary of 5");
  CHECK(beam(good, {.width = 0}) == "beam_search: the beam must be at least 1 wide, not 0");
  CHECK(beam(good, {.length_penalty = NAN}) == "beam_search: the length penalty is not finite");
  auto sample = [&](const nn::SamplingOptions& sampling) {
    return message<ValueError>([&] { nn::sample(model, History{}, prompt, good, sampling); }, "decode_test.cpp");
  };
  CHECK(sample({.temperature = 0}) == "sample: the temperature must be positive and finite, not 0");
  CHECK(sample({.temperature = -1}) == "sample: the temperature must be positive and finite, not -1");
  CHECK(sample({.temperature = INFINITY}) == "sample: the temperature must be positive and finite, not inf");
  CHECK(sample({.top_k = -2}) == "sample: top_k must be at least 1, or 0 for all tokens, not -2");
  CHECK(sample({.top_p = 0}) == "sample: top_p must lie in (0, 1], not 0");
  CHECK(sample({.top_p = 1.5}) == "sample: top_p must lie in (0, 1], not 1.5");
  CHECK(sample({.top_p = NAN}) == "sample: top_p must lie in (0, 1], not nan");

  auto draw = [](const Tensor& logits, const nn::SamplingOptions& options = {}) {
    return message<Error>([&] { nn::sample_tokens(logits, options); }, "decode_test.cpp");
  };
  CHECK(draw(zeros({2, 3}), {.temperature = NAN}) ==
        "sample_tokens: the temperature must be positive and finite, not nan");
  CHECK(draw(zeros({2, 3}, i64)) == "sample_tokens: logits must be real");
  CHECK(draw(tensor(1.0)) == "sample_tokens: logits need a last axis, the vocabulary");
  CHECK(draw(zeros({2, 0})) == "sample_tokens: logits need a last axis, the vocabulary");
  CHECK(draw(tensor({{0, 0}, {0, NAN}})) == "sample_tokens: the logit of token 1 in row 1 is NaN");
  CHECK(draw(tensor({INFINITY, 0})) == "sample_tokens: the logit of token 0 in row 0 is +inf");
  CHECK(draw(tensor({-INFINITY, -INFINITY})) ==
        "sample_tokens: all logits of row 0 are -inf: there is no token to choose");
  CHECK(message<ValueError>([] { nn::sampling_probabilities(zeros({3}), {.top_p = 2}); }, "decode_test.cpp") ==
        "sampling_probabilities: top_p must lie in (0, 1], not 2");

  auto gives = [&](const Shape& first, const Shape& later) {
    auto step = [&](const Tensor& tokens, int& calls) { return zeros(calls++ == 0 ? first : later) + 0 * sum(tokens); };
    return message<ShapeError>(
        [&] {
          nn::greedy(step, 0, tensor({{1, 1}, {2, 2}}, i64), {.length = 3});
        },
        "decode_test.cpp");
  };
  CHECK(gives({3, 5}, {2, 5}) == "greedy: the step gave logits (3, 5), not (2, vocabulary) or (2, 2, vocabulary)");
  CHECK(gives({2, 5}, {2, 4}) == "greedy: the step gave logits (2, 4), not (2, 5) or (2, 1, 5)");
  CHECK(gives({2, 2, 5}, {2, 2, 5}) == "greedy: the step gave logits (2, 2, 5), not (2, 5) or (2, 1, 5)");
  CHECK(gives({2, 0}, {2, 5}) == "greedy: logits need a last axis, the vocabulary");
  // Errors inside the model name its own lines.
  auto broken = [](const Tensor& tokens, int&) { return matmul(zeros({2, 3}), zeros({2, 3})) + tokens; };
  CHECK(message<ShapeError>([&] { nn::greedy(broken, 0, prompt, good); }, "decode_test.cpp").starts_with("matmul"));
}
