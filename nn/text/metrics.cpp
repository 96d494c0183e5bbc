#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "../../core/error/error.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/functions.hpp"
#include "../../core/ops/reduce.hpp"
#include "../data/utf8.hpp"
#include "../losses/cross_entropy.hpp"

namespace xg::nn::text {
namespace {

template <class T>
std::int64_t distance(const std::vector<T>& a, const std::vector<T>& b) {
  std::size_t first = 0, a_end = a.size(), b_end = b.size();
  while (first < a_end && first < b_end && a[first] == b[first]) ++first;
  while (first < a_end && first < b_end && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  std::vector<std::int64_t> row(b_end - first + 1);  // distances of a part of a from all parts of b
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<std::int64_t>(j);
  for (std::size_t i = first; i < a_end; ++i) {
    std::int64_t diagonal = row[0]++;
    for (std::size_t j = 1; j < row.size(); ++j) {
      std::int64_t replaced = diagonal + (a[i] != b[first + j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> result;
  data::each_character(text, [&](std::string_view character, std::size_t) { result.push_back(character); });
  return result;
}

double over(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

}  // namespace

std::int64_t edit_distance(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  return distance(a, b);
}
std::int64_t edit_distance(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return distance(a, b);
}
std::int64_t edit_distance(std::string_view a, std::string_view b) { return distance(characters(a), characters(b)); }

void ErrorRate::update(std::string_view result, std::string_view meant) {
  std::vector<std::string_view> wanted = characters(meant);
  add(distance(characters(result), wanted), static_cast<std::int64_t>(wanted.size()));
}

void ErrorRate::add(std::int64_t edits, std::int64_t length) {
  edits_ += edits;
  length_ += length;
  wrong_ += edits > 0;
  ++count_;
}

void ErrorRate::add(const Nearest& nearest, const Site& site) {
  if (nearest.edits < 0)
    Complaint("ErrorRate", "there is no right answer to compare with").at(site).raise<ValueError>();
  add(nearest.edits, nearest.length);
}

void ErrorRate::update(std::string_view result, const std::vector<std::string>& meant, Site site) {
  Nearest nearest;
  for (const std::string& one : meant)
    nearest.see(edit_distance(result, one), static_cast<std::int64_t>(characters(one).size()));
  add(nearest, site);
}

double ErrorRate::compute() const { return over(edits_, length_); }
double ErrorRate::wrong() const { return over(wrong_, count_); }

Bleu::Bleu(const BleuOptions& options, Site site) {
  if (options.max_order < 1)
    Complaint("Bleu", "max_order must be at least 1, not " + std::to_string(options.max_order))
        .at(site)
        .raise<ValueError>();
  matches_.assign(static_cast<std::size_t>(options.max_order), 0);
  ngrams_ = matches_;
}

template <class Token>
void Bleu::count(const std::vector<Token>& translation, const std::vector<std::vector<Token>>& references,
                 const Site& site) {
  if (references.empty()) Complaint("Bleu", "there is no reference").at(site).raise<ValueError>();
  using Counts = std::map<std::vector<Token>, std::int64_t>;
  auto ngrams = [](const std::vector<Token>& text, std::size_t order) {
    Counts counts;
    for (std::size_t i = 0; i + order <= text.size(); ++i)
      ++counts[std::vector<Token>(text.begin() + static_cast<std::ptrdiff_t>(i),
                                  text.begin() + static_cast<std::ptrdiff_t>(i + order))];
    return counts;
  };
  for (std::size_t order = 1; order <= matches_.size(); ++order) {
    Counts most;
    for (const auto& reference : references)
      for (const auto& entry : ngrams(reference, order)) most[entry.first] = std::max(most[entry.first], entry.second);
    for (const auto& entry : ngrams(translation, order)) {
      ngrams_[order - 1] += entry.second;
      auto found = most.find(entry.first);
      if (found != most.end()) matches_[order - 1] += std::min(entry.second, found->second);
    }
  }
  auto length = static_cast<std::int64_t>(translation.size());
  auto nearest = static_cast<std::int64_t>(references[0].size());
  for (const auto& reference : references) {
    auto other = static_cast<std::int64_t>(reference.size());
    std::int64_t off = std::abs(other - length), best = std::abs(nearest - length);
    if (off < best || (off == best && other < nearest)) nearest = other;
  }
  length_ += length;
  reference_length_ += nearest;
}

void Bleu::update(const std::vector<std::string>& translation, const std::vector<std::vector<std::string>>& references,
                  Site site) {
  count(translation, references, site);
}
void Bleu::update(const std::vector<std::int64_t>& translation,
                  const std::vector<std::vector<std::int64_t>>& references, Site site) {
  count(translation, references, site);
}

double Bleu::precision(std::int64_t order, Site site) const {
  if (order < 1 || order > static_cast<std::int64_t>(matches_.size()))
    Complaint("Bleu",
              "there is no order " + std::to_string(order) + "; orders are 1 to " + std::to_string(matches_.size()))
        .at(site)
        .raise<IndexError>();
  auto i = static_cast<std::size_t>(order - 1);
  return ngrams_[i] ? over(matches_[i], ngrams_[i]) : 0;
}

double Bleu::brevity_penalty() const {
  if (length_ == 0) return 0;
  return length_ >= reference_length_ ? 1 : std::exp(1 - over(reference_length_, length_));
}

double Bleu::compute() const {
  double sum = 0;
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    if (matches_[i] == 0) return 0;
    sum += std::log(over(matches_[i], ngrams_[i]));
  }
  return brevity_penalty() * std::exp(sum / static_cast<double>(matches_.size()));
}

void Bleu::reset() {
  std::fill(matches_.begin(), matches_.end(), 0);
  std::fill(ngrams_.begin(), ngrams_.end(), 0);
  length_ = reference_length_ = 0;
}

void Perplexity::update(const Operand& logits, const Operand& labels) {
  NoGrad nothing_recorded;
  CallScope scope(logits.site());
  Tensor total = cross_entropy(logits, labels, {.ignore_index = options_.ignore_index, .reduction = Reduction::sum});
  double tokens = 0;
  for (std::int64_t label : labels.tensor().to_vector<std::int64_t>()) tokens += label != options_.ignore_index;
  if (tokens > 0) mean_.update(total.item() / tokens, tokens);
}

double Perplexity::compute() const { return std::exp(mean_.compute()); }

}  // namespace xg::nn::text
