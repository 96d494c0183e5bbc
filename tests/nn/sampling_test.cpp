// Sampling: the laws of temperature, top_k and top_p, and seeds.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../core/message.hpp"
#include "token_table.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

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

}  // namespace

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
  TokenTable model;
  nn::Decoded pairs = nn::sample(model, TokenHistory{}, zeros({20000}, i64), {.length = 2}, {.rng = &rng});
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
  TokenTable model{5};
  auto run = [&](std::uint64_t seed) {
    Rng rng(seed);
    return nn::sample(model, TokenHistory{}, zeros({8}, i64), {.end = 4, .length = 9},
                      {.temperature = 1.5, .rng = &rng});
  };
  nn::Decoded one = run(1), two = run(1), other = run(2);
  CHECK(all_equal(one.tokens, two.tokens));
  CHECK(one.tokens.to_vector() != other.tokens.to_vector());
  seed(9);
  nn::Decoded a = nn::sample(model, TokenHistory{}, zeros({3}, i64), {.length = 4});
  seed(9);
  CHECK(all_equal(a.tokens, nn::sample(model, TokenHistory{}, zeros({3}, i64), {.length = 4}).tokens));
  for (std::int64_t b = 0; b < 8; ++b) {  // what has ended stays so
    Tokens row = one.tokens(b).to_vector<std::int64_t>();
    auto end = std::find(row.begin(), row.end(), 4);
    CHECK(one.lengths(b).item() == static_cast<double>(end - row.begin()));
    for (; end != row.end(); ++end) CHECK(*end == 4);
  }
}

TEST_CASE("the smallest temperatures leave the likeliest token") {
  Tensor logits = tensor({{-1, 3, 2.9, -INFINITY}, {700, -700, 699, 0}}, f64);
  for (double temperature : {1e-300, 1e-308, 1e-310, 5e-324}) {
    CHECK(all_equal(nn::sampling_probabilities(logits, {.temperature = temperature}),
                    tensor({{0, 1, 0, 0}, {1, 0, 0, 0}}, f64)));
    CHECK(all_equal(nn::sampling_probabilities(zeros({2}, f64), {.temperature = temperature, .top_p = 0.9}),
                    tensor({0.5, 0.5}, f64)));
    CHECK(all_equal(nn::sample_tokens(logits, {.temperature = temperature}), tensor({1, 0}, i64)));
  }
}
