#include "decode.hpp"

#include <algorithm>

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/concatenate.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/shape.hpp"
#include "steps.hpp"

namespace xg::nn {
namespace detail {

CheckedSteps::CheckedSteps(const char* op, Decoding& decoding, const Tensor& prompt, const DecodeOptions& options,
                           const Site& site)
    : op_(op), decoding_(decoding), prompt_(Operand(prompt, site).tensor()), options_(options), site_(site) {
  auto refuse = [&](const std::string& what) { return Complaint(op_, what).fact("prompt", describe(prompt)).at(site); };
  if (options.length < 1)
    refuse("the length must be at least 1, not " + std::to_string(options.length)).raise<ValueError>();
  if (prompt.dtype() != DType::i64) refuse("a prompt is of i64 tokens").raise<DTypeError>();
  if (prompt.rank() != 1 && prompt.rank() != 2)
    refuse("the prompt has shape " + to_string(prompt.shape()) + ", not (batch) or (batch, tokens)")
        .raise<ShapeError>();
  rows_ = prompt.size(0);
  if (prompt.rank() == 1) prompt_ = reshape(prompt, {rows_, 1});
  if (prompt_.size(1) == 0)
    refuse("the prompt is empty").mend("begin with a token that stands for the beginning").raise<ValueError>();
}

LogProbabilities CheckedSteps::next() { return step(prompt_, {}); }
LogProbabilities CheckedSteps::next(const std::vector<std::int64_t>& tokens, const std::vector<bool>& ended) {
  return step(tensor(tokens, {rows_, 1}), ended);
}

LogProbabilities CheckedSteps::step(const Tensor& tokens, const std::vector<bool>& ended) {
  Tensor logits = decoding_.step(tokens);
  Operand operand(logits, site_);
  const Shape& shape = logits.shape();
  std::int64_t count = tokens.size(1);
  bool fits = shape.size() == 2 || (shape.size() == 3 && shape[1] == count);
  if (!fits || shape[0] != rows_ || (vocabulary_ && shape.back() != vocabulary_)) {
    std::string batch = std::to_string(rows_), size = vocabulary_ ? std::to_string(vocabulary_) : "vocabulary";
    Complaint(op_, "the step gave logits " + to_string(shape) + ", not (" + batch + ", " + size + ") or (" + batch +
                       ", " + std::to_string(count) + ", " + size + ")")
        .fact("tokens", describe(tokens))
        .fact("logits", describe(logits))
        .at(site_)
        .raise<ShapeError>();
  }
  if (shape.size() == 3) logits = logits(all, -1);
  LogProbabilities result(op_, Operand(logits, site_), ended);
  vocabulary_ = result.vocabulary;
  if (options_.end && (*options_.end < 0 || *options_.end >= vocabulary_))
    Complaint(op_, "the end token " + std::to_string(*options_.end) + " is outside the vocabulary of " +
                       std::to_string(vocabulary_))
        .fact("logits", describe(logits))
        .at(site_)
        .raise<ValueError>();
  return result;
}

void CheckedSteps::select(const std::vector<std::int64_t>& rows) {
  bool same = static_cast<std::int64_t>(rows.size()) == rows_;
  for (std::size_t i = 0; same && i < rows.size(); ++i) same = rows[i] == static_cast<std::int64_t>(i);
  if (same) return;
  decoding_.select(tensor(rows));
  rows_ = static_cast<std::int64_t>(rows.size());
}

Tensor padded(const std::vector<std::vector<std::int64_t>>& sequences, const DecodeOptions& options) {
  std::size_t longest = 0;
  for (const auto& sequence : sequences) longest = std::max(longest, sequence.size());
  std::vector<std::int64_t> flat(sequences.size() * longest, options.end.value_or(0));
  for (std::size_t i = 0; i < sequences.size(); ++i)
    std::copy(sequences[i].begin(), sequences[i].end(), flat.begin() + static_cast<std::ptrdiff_t>(i * longest));
  return tensor(flat, {static_cast<std::int64_t>(sequences.size()), static_cast<std::int64_t>(longest)});
}

std::int64_t length_before_end(const std::vector<std::int64_t>& tokens, const DecodeOptions& options) {
  std::int64_t length = static_cast<std::int64_t>(tokens.size());
  return length - (length > 0 && options.end && tokens.back() == *options.end);
}

namespace {

/// Goes on until all rows have ended; `choose` picks a token a row.
template <class Choose>
Decoded write(const char* op, Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const Site& site,
              Choose choose) {
  NoGrad none;  // and no CallScope: errors inside the model name its own lines
  CheckedSteps steps(op, decoding, prompt, options, site);
  std::size_t batch = static_cast<std::size_t>(steps.rows()), writing = batch;
  std::vector<std::vector<std::int64_t>> rows(batch);
  std::vector<double> log_probabilities(batch);
  std::vector<bool> ended(batch);
  std::vector<std::int64_t> tokens;
  for (std::int64_t t = 0; t < options.length && writing > 0; ++t) {
    LogProbabilities next = t == 0 ? steps.next() : steps.next(tokens, ended);
    LogProbabilities before = next;
    tokens = choose(next);
    for (std::size_t b = 0; b < batch; ++b) {
      if (ended[b]) {
        tokens[b] = *options.end;
        continue;
      }
      rows[b].push_back(tokens[b]);
      log_probabilities[b] += before.row(static_cast<std::int64_t>(b))[tokens[b]];
      if (options.end && tokens[b] == *options.end) ended[b] = true, --writing;
    }
  }
  std::vector<std::int64_t> lengths;
  lengths.reserve(rows.size());
  for (const auto& row : rows) lengths.push_back(length_before_end(row, options));
  return {padded(rows, options), tensor(lengths), tensor(log_probabilities)};
}

}  // namespace

Decoded greedy(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const Site& site) {
  return write("greedy", decoding, prompt, options, site, [](const LogProbabilities& next) {
    std::vector<std::int64_t> tokens;
    for (std::int64_t r = 0; r < next.rows(); ++r)
      tokens.push_back(std::max_element(next.row(r), next.row(r) + next.vocabulary) - next.row(r));
    return tokens;
  });
}

Decoded sample(Decoding& decoding, const Tensor& prompt, const DecodeOptions& options, const SamplingOptions& sampling,
               const Site& site) {
  check_sampling("sample", sampling, site);
  return write("sample", decoding, prompt, options, site, [&](LogProbabilities& next) {
    apply_sampling(next, sampling);
    return draw(next, sampling.rng);
  });
}

}  // namespace detail

std::vector<std::int64_t> Decoded::row(std::int64_t b, Site site) const {
  CallScope scope(site);
  return tokens(b)(range(0, lengths(b).item<std::int64_t>())).to_vector<std::int64_t>();
}

Decoded Beams::choice(std::int64_t n, Site site) const {
  CallScope scope(site);
  return {tokens(all, n), lengths(all, n), log_probabilities(all, n)};
}

Tensor shift_right(const Operand& targets, std::int64_t first) {
  const Shape& shape = targets.shape();
  if (targets.dtype() != DType::i64)
    Complaint("shift_right", "targets must be i64")
        .fact("targets", describe(targets))
        .at(targets.site())
        .raise<DTypeError>();
  if (shape.size() != 2)
    Complaint("shift_right", "targets have shape " + to_string(shape) + ", not (batch, tokens)")
        .fact("targets", describe(targets))
        .at(targets.site())
        .raise<ShapeError>();
  CallScope scope(targets.site());
  if (shape[1] == 0) return targets.tensor();
  return concatenate({full({shape[0], 1}, first, DType::i64), targets.tensor()(all, range(0, shape[1] - 1))}, 1);
}

}  // namespace xg::nn
