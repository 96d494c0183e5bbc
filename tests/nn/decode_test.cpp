// Decoding: greedily, by batches, rows that have ended, teacher forcing, and errors.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../core/message.hpp"
#include "token_table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

TEST_CASE("greedy takes the likeliest token, and what has ended stays so") {
  TokenTable model;
  Tensor prompt = arange(12) % 3;
  nn::Decoded result = nn::greedy(model, TokenHistory{}, prompt, {.end = 1, .length = 7});
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

TEST_CASE("nothing is recorded, the state passed in stays, and empty batches give empty results") {
  TokenTable model;
  TokenHistory start = {{{1}, {2}}};
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

TEST_CASE("what a model says of rows that have ended counts for nothing") {
  // Row 0 ends at once, row 1 with its fourth token; of row 0 the model then says strange things.
  for (double strange : {double(NAN), double(INFINITY), -double(INFINITY)}) {
    auto step = [&](const Tensor& tokens, int& calls) {
      Tensor first = calls == 0 ? tensor({0.0, 9.0, 0.0}) : full({3}, strange);
      Tensor second = calls < 3 ? tensor({0.0, 0.0, 9.0}) : tensor({0.0, 9.0, 0.0});
      ++calls;
      CHECK(tokens.size(0) == 2);
      return stack({first, second}, 0);
    };
    Tensor prompt = zeros({2}, i64), expected = tensor({{1, 1, 1, 1}, {2, 2, 2, 1}}, i64);
    nn::DecodeOptions options{.end = 1, .length = 9};
    nn::Decoded likeliest = nn::greedy(step, 0, prompt, options);
    CHECK(all_equal(likeliest.tokens, expected));
    CHECK(all_equal(likeliest.lengths, tensor({0, 3}, i64)));
    CHECK(likeliest.log_probabilities(0).item() == doctest::Approx(-std::log1p(2 * std::exp(-9.0))));
    for (const nn::SamplingOptions& sampling :
         {nn::SamplingOptions{.temperature = 0.01}, nn::SamplingOptions{.top_k = 1}, nn::SamplingOptions{.top_p = 0.5}})
      CHECK(all_equal(nn::sample(step, 0, prompt, options, sampling).tokens, expected));
    auto live = [&](const Tensor&, int& calls) {
      Tensor first = tensor({0.0, 9.0, 0.0}), second = calls++ == 0 ? tensor({0.0, 0.0, 9.0}) : full({3}, strange);
      return stack({first, second}, 0);
    };
    CHECK(message<ValueError>([&] { nn::greedy(live, 0, prompt, options); }, "decode_test.cpp").find("row 1 ") !=
          std::string::npos);
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
  TokenTable model{5};
  Tensor prompt = tensor({1, 2}, i64);
  nn::DecodeOptions good{.end = 0, .length = 3};
  auto greedy = [&](const Tensor& prompt, const nn::DecodeOptions& options) {
    return message<Error>([&] { nn::greedy(model, TokenHistory{}, prompt, options); }, "decode_test.cpp");
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
    return message<ValueError>([&] { nn::beam_search(model, TokenHistory{}, prompt, options, beam); },
                               "decode_test.cpp");
  };
  CHECK(beam({.end = 9, .length = 3}, {}) == "beam_search: the end token 9 is outside the vocabulary of 5");
  CHECK(beam(good, {.width = 0}) == "beam_search: the beam must be at least 1 wide, not 0");
  CHECK(beam(good, {.length_penalty = NAN}) == "beam_search: the length penalty is not finite");
  auto sample = [&](const nn::SamplingOptions& sampling) {
    return message<ValueError>([&] { nn::sample(model, TokenHistory{}, prompt, good, sampling); }, "decode_test.cpp");
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
