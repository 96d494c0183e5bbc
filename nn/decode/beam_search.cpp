#include <algorithm>
#include <cmath>
#include <numeric>

#include "../../core/error/error.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/shape.hpp"
#include "steps.hpp"

namespace xg::nn::detail {
namespace {

struct Hypothesis {
  std::vector<std::int64_t> tokens;
  double log_probability = 0;
};

/// A hypothesis with one token more.
struct Candidate {
  std::int64_t parent, token;
  double log_probability;
};

/// The `count` likeliest continuations of the hypotheses `begin` … `end` − 1, the likeliest first.
std::vector<Candidate> best_candidates(const std::vector<Hypothesis>& live, std::int64_t begin, std::int64_t end,
                                       const LogProbabilities& next, std::int64_t count) {
  std::vector<Candidate> result;
  for (std::int64_t r = begin; r < end; ++r)
    for (std::int64_t v = 0; v < next.vocabulary; ++v)
      if (next.row(r)[v] > -INFINITY)
        result.push_back({r, v, live[static_cast<std::size_t>(r)].log_probability + next.row(r)[v]});
  auto middle = result.begin() + std::min<std::ptrdiff_t>(count, std::ssize(result));
  std::partial_sort(result.begin(), middle, result.end(), [](const Candidate& a, const Candidate& b) {
    if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
    return a.parent != b.parent ? a.parent < b.parent : a.token < b.token;
  });
  result.erase(middle, result.end());
  return result;
}

Beams assemble(std::vector<std::vector<Hypothesis>>& done, const DecodeOptions& options, const BeamOptions& beam) {
  std::int64_t batch = std::ssize(done);
  std::vector<std::vector<std::int64_t>> tokens;
  std::vector<std::int64_t> lengths;
  std::vector<double> log_probabilities, ranks;
  auto rank = [&](const Hypothesis& h) {
    return h.log_probability / std::pow((5 + static_cast<double>(h.tokens.size())) / 6, beam.length_penalty);
  };
  for (auto& row : done) {
    std::stable_sort(row.begin(), row.end(),
                     [&](const Hypothesis& a, const Hypothesis& b) { return rank(a) > rank(b); });
    row.resize(static_cast<std::size_t>(beam.width), Hypothesis{{}, -INFINITY});
    for (Hypothesis& h : row) {
      lengths.push_back(length_before_end(h.tokens, options));
      log_probabilities.push_back(h.log_probability);
      ranks.push_back(rank(h));
      tokens.push_back(std::move(h.tokens));
    }
  }
  Tensor all_tokens = padded(tokens, options);
  Shape shape{batch, beam.width};
  return {reshape(all_tokens, {batch, beam.width, all_tokens.size(1)}), tensor(lengths, shape),
          tensor(log_probabilities, shape), tensor(ranks, shape)};
}

}  // namespace

Beams beam_search(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const BeamOptions& beam,
                  const Site& site) {
  if (beam.width < 1)
    Complaint("beam_search", "the beam must be at least 1 wide, not " + std::to_string(beam.width))
        .at(site)
        .raise<ValueError>();
  if (!std::isfinite(beam.length_penalty))
    Complaint("beam_search", "the length penalty is not finite").at(site).raise<ValueError>();
  NoGrad none;
  CheckedSteps steps("beam_search", decoding, prompt, options, site);
  std::size_t batch = static_cast<std::size_t>(steps.rows());
  std::vector<std::vector<Hypothesis>> done(batch);
  std::vector<Hypothesis> live(batch);     // sorted by their row of the batch: only these are computed
  std::vector<std::size_t> row_of(batch);  // of each
  std::iota(row_of.begin(), row_of.end(), 0);
  std::vector<std::int64_t> tokens;
  for (std::int64_t t = 1; t <= options.length && !live.empty(); ++t) {
    LogProbabilities next = t == 1 ? steps.next() : steps.next(tokens);
    std::vector<Hypothesis> longer;
    std::vector<std::size_t> row_of_longer;
    std::vector<std::int64_t> parents;
    tokens.clear();
    for (std::size_t begin = 0, end; begin < live.size(); begin = end) {
      std::size_t row = row_of[begin];
      for (end = begin; end < live.size() && row_of[end] == row;) ++end;
      std::int64_t places = beam.width - std::ssize(done[row]);
      for (const Candidate& c :
           best_candidates(live, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end), next, places)) {
        Hypothesis h{live[static_cast<std::size_t>(c.parent)].tokens, c.log_probability};
        h.tokens.push_back(c.token);
        if (t == options.length || (options.end && c.token == *options.end)) {
          done[row].push_back(std::move(h));
          continue;
        }
        longer.push_back(std::move(h));
        row_of_longer.push_back(row);
        parents.push_back(c.parent);
        tokens.push_back(c.token);
      }
    }
    live = std::move(longer);
    row_of = std::move(row_of_longer);
    if (!live.empty()) steps.select(parents);
  }
  return assemble(done, options, beam);
}

}  // namespace xg::nn::detail
