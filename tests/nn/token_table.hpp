// A model that is a table: what decoding is tested with.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "xgrad/xgrad.hpp"

using Tokens = std::vector<std::int64_t>;

/// A model whose logits depend on every token so far; its state is those tokens.
struct TokenHistory {
  std::vector<Tokens> rows;
  TokenHistory select(const xg::Tensor& chosen) const {
    TokenHistory result;
    for (std::int64_t r : chosen.to_vector<std::int64_t>()) result.rows.push_back(rows.at(static_cast<std::size_t>(r)));
    return result;
  }
};

struct TokenTable {
  std::int64_t vocabulary = 3;
  std::vector<double> logits(const Tokens& history) const {
    std::uint64_t key = 17;
    for (std::int64_t token : history) key = key * 31 + static_cast<std::uint64_t>(token) + 1;
    xg::Rng rng(key);
    return (2 * xg::randn({vocabulary}, xg::f64, rng)).to_vector();
  }
  xg::Tensor operator()(const xg::Tensor& tokens, TokenHistory& state) const {
    std::int64_t batch = tokens.size(0), count = tokens.size(1);
    state.rows.resize(static_cast<std::size_t>(batch));
    std::vector<double> result;
    for (std::int64_t b = 0; b < batch; ++b) {
      Tokens& row = state.rows[static_cast<std::size_t>(b)];
      for (std::int64_t token : tokens(b).to_vector<std::int64_t>()) row.push_back(token);
      for (double z : logits(row)) result.push_back(z);
    }
    CHECK(count >= 1);
    return xg::tensor(result, {batch, vocabulary});
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
      std::vector<double> z = xg::log_softmax(xg::tensor(logits(history)), 0).to_vector();
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

/// The tokens of a row with the end token, if it has one.
inline Tokens whole_row(const xg::nn::Decoded& decoded, std::int64_t b, std::int64_t end) {
  Tokens row = decoded.row(b);
  if (std::ssize(row) < decoded.tokens.size(1) && decoded.tokens(b, std::ssize(row)).item<std::int64_t>() == end)
    row.push_back(end);
  return row;
}
