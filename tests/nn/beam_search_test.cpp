// Beam search: against enumeration, against a plain search of one sequence, and greedy decoding.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "token_table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

/// The definition, for one sequence: of all that are a token longer the best stay, where those that have ended leave
/// room; then sorted by rank.
std::vector<TokenTable::Sequence> plain_search(const TokenTable& model, const Tokens& prompt,
                                               const nn::DecodeOptions& options, const nn::BeamOptions& beam) {
  using Scored = std::pair<double, Tokens>;
  std::vector<Scored> open{{0, {}}}, ended;
  while (!open.empty()) {
    std::vector<Scored> longer;
    for (const Scored& one : open) {
      Tokens history = prompt;
      history.insert(history.end(), one.second.begin(), one.second.end());
      Tensor log_p = log_softmax(tensor(model.logits(history)), 0);
      for (std::int64_t v = 0; v < model.vocabulary; ++v) {
        longer.push_back({one.first + log_p(v).item(), one.second});
        longer.back().second.push_back(v);
      }
    }
    std::sort(longer.rbegin(), longer.rend());
    open.clear();
    std::size_t room = static_cast<std::size_t>(beam.width) - ended.size();
    for (std::size_t i = 0; i < std::min(room, longer.size()); ++i) {
      const Tokens& tokens = longer[i].second;
      bool over = std::ssize(tokens) == options.length || (options.end && tokens.back() == *options.end);
      (over ? ended : open).push_back(longer[i]);
    }
  }
  std::vector<TokenTable::Sequence> result;
  for (const Scored& one : ended) {
    double tokens = static_cast<double>(one.second.size());
    result.push_back({one.first * std::pow(6 / (5 + tokens), beam.length_penalty), one.first, one.second});
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.rank > b.rank; });
  return result;
}

}  // namespace

TEST_CASE("a beam as wide as there are sequences finds what enumeration finds") {
  TokenTable model;
  Tensor prompt = tensor({{1, 1}, {0, 2}, {2, 2}}, i64);
  for (double penalty : {0.0, 0.6, 1.0, 3.0}) {
    nn::Beams beams = nn::beam_search(model, TokenHistory{}, prompt, {.end = 0, .length = 5},
                                      {.width = 100, .length_penalty = penalty});
    CHECK(beams.tokens.shape() == Shape{3, 100, 5});
    for (std::int64_t b = 0; b < 3; ++b) {
      auto expected = model.enumerate(prompt(b).to_vector<std::int64_t>(), 0, 5, penalty);
      REQUIRE(expected.size() == 1 + 2 + 4 + 8 + 48);
      for (std::int64_t n = 0; n < std::ssize(expected); ++n) {
        const TokenTable::Sequence& one = expected[static_cast<std::size_t>(n)];
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
  TokenTable model{4};
  Tensor prompt = randint(0, 4, {20});
  int better = 0;
  for (std::optional<std::int64_t> end : {std::optional<std::int64_t>(), std::optional<std::int64_t>(2)}) {
    nn::DecodeOptions options{.end = end, .length = 6};
    nn::Decoded likeliest = nn::greedy(model, TokenHistory{}, prompt, options);
    nn::Decoded wide = nn::beam_search(model, TokenHistory{}, prompt, options, {.width = 50}).choice(0);
    nn::Decoded one = nn::beam_search(model, TokenHistory{}, prompt, options, {.width = 1}).choice();
    CHECK(all_equal(one.tokens, likeliest.tokens));
    CHECK(all_equal(one.lengths, likeliest.lengths));
    CHECK(all_close(one.log_probabilities, likeliest.log_probabilities, 1e-12, 1e-12));
    CHECK(sum(wide.log_probabilities).item() >= sum(likeliest.log_probabilities).item());
    better += sum(wide.log_probabilities).item() > sum(likeliest.log_probabilities).item();
  }
  CHECK(better > 0);
}

TEST_CASE("narrow beams find what a plain search of each sequence finds") {
  int wider_differs = 0;
  for (std::int64_t vocabulary : {3, 6}) {
    TokenTable model{vocabulary};
    Rng rng(static_cast<std::uint64_t>(vocabulary));
    Tensor prompt = randint(0, vocabulary, {8, 2}, rng);
    for (std::optional<std::int64_t> end : {std::optional<std::int64_t>(), std::optional<std::int64_t>(1)})
      for (double penalty : {0.0, 0.7, 2.0})
        for (std::int64_t width : {1, 2, 3, 4}) {
          nn::DecodeOptions options{.end = end, .length = 6};
          nn::BeamOptions beam{.width = width, .length_penalty = penalty};
          nn::Beams found = nn::beam_search(model, TokenHistory{}, prompt, options, beam);
          for (std::int64_t b = 0; b < 8; ++b) {
            auto expected = plain_search(model, prompt(b).to_vector<std::int64_t>(), options, beam);
            REQUIRE(std::ssize(expected) == width);
            for (std::int64_t n = 0; n < width; ++n) {
              const TokenTable::Sequence& one = expected[static_cast<std::size_t>(n)];
              CHECK(whole_row(found.choice(n), b, end.value_or(-1)) == one.tokens);
              CHECK(found.log_probabilities(b, n).item() == doctest::Approx(one.log_probability));
              CHECK(found.ranks(b, n).item() == doctest::Approx(one.rank));
            }
            wider_differs += expected[0].tokens !=
                             plain_search(model, prompt(b).to_vector<std::int64_t>(), options, {.width = 1})[0].tokens;
          }
        }
  }
  CHECK(wider_differs > 50);
}
