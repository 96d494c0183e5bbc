// How far a text is from what was meant: edit distance and error rates, BLEU, perplexity.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/graph/tensor.hpp"
#include "../train/metrics.hpp"

namespace xg::nn::text {

/// The fewest insertions, deletions and replacements that make `a` of `b`, of token numbers, words, or the code points
/// of texts (a byte that is not UTF-8 counts as one). V. Levenshtein, "Binary codes capable of correcting deletions,
/// insertions, and reversals" (1966).
std::int64_t edit_distance(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);
std::int64_t edit_distance(const std::vector<std::string>& a, const std::vector<std::string>& b);
std::int64_t edit_distance(std::string_view a, std::string_view b);

/// Edits over what should be there: the word error rate of sequences of words, the phoneme error rate of phonemes, the
/// character error rate of texts.
class ErrorRate {
 public:
  /// Compares what came out with what was meant. Of several right answers the nearest counts, of equally near ones the
  /// first; throws ValueError when there is none.
  template <class T>
  void update(const std::vector<T>& result, const std::vector<T>& meant) {
    add(edit_distance(result, meant), static_cast<std::int64_t>(meant.size()));
  }
  template <class T>
  void update(const std::vector<T>& result, const std::vector<std::vector<T>>& meant, Site site = Site::here()) {
    Nearest nearest;
    for (const std::vector<T>& one : meant)
      nearest.see(edit_distance(result, one), static_cast<std::int64_t>(one.size()));
    add(nearest, site);
  }
  /// The same for the code points of texts.
  void update(std::string_view result, std::string_view meant);
  void update(std::string_view result, const std::vector<std::string>& meant, Site site = Site::here());

  /// Edits over the length of all that was meant; NaN before there is any.
  double compute() const;
  /// The part of the sequences that had an edit; where sequences are words, their error rate.
  double wrong() const;
  std::int64_t edits() const { return edits_; }
  std::int64_t length() const { return length_; }
  std::int64_t count() const { return count_; }
  void reset() { *this = {}; }

 private:
  void add(std::int64_t edits, std::int64_t length);
  /// Of several right answers.
  struct Nearest {
    std::int64_t edits = -1, length = 0;
    void see(std::int64_t its_edits, std::int64_t its_length) {
      if (edits < 0 || its_edits < edits) edits = its_edits, length = its_length;
    }
  };
  void add(const Nearest& nearest, const Site& site);

  std::int64_t edits_ = 0, length_ = 0, wrong_ = 0, count_ = 0;
};

struct BleuOptions {
  /// N-grams up to this many words count.
  std::int64_t max_order = 4;
};

/// How much of translations' n-grams stand in reference translations, over a whole corpus, from 0 to 1:
///
///     BLEU = min(1, e^(1 − r/c)) (p₁ p₂ p₃ p₄)^(1/4)
///
/// with pₙ the part of the n-grams that stand in a reference, each as often as there at most, c the length of all
/// translations and r that of the references nearest in length (the shorter of two). 0 where some pₙ is; no smoothing.
/// K. Papineni, S. Roukos, T. Ward, W.-J. Zhu, "BLEU: a method for automatic evaluation of machine translation" (2002).
class Bleu {
 public:
  /// Throws ValueError unless max_order ≥ 1.
  explicit Bleu(const BleuOptions& options = {}, Site site = Site::here());

  /// Throws ValueError when there is no reference.
  void update(const std::vector<std::string>& translation, const std::vector<std::vector<std::string>>& references,
              Site site = Site::here());
  void update(const std::vector<std::int64_t>& translation, const std::vector<std::vector<std::int64_t>>& references,
              Site site = Site::here());
  double compute() const;
  /// pₙ, 0 where there are no n-grams. Throws IndexError unless 1 ≤ order ≤ max_order.
  double precision(std::int64_t order, Site site = Site::here()) const;
  /// min(1, e^(1 − r/c)); 0 when nothing was translated.
  double brevity_penalty() const;
  void reset();

 private:
  template <class Token>
  void count(const std::vector<Token>& translation, const std::vector<std::vector<Token>>& references,
             const Site& site);

  std::vector<std::int64_t> matches_, ngrams_;
  std::int64_t length_ = 0, reference_length_ = 0;
};

struct PerplexityOptions {
  /// Positions with this label count for nothing: padding.
  std::int64_t ignore_index = -100;
};

/// e to the mean of −log p over tokens: among how many equally likely ones the next is as hard to tell. A metric for
/// `fit` and `evaluate`.
class Perplexity {
 public:
  explicit Perplexity(const PerplexityOptions& options = {}) : options_(options) {}
  /// Takes logits (…, C) and labels (…). Throws what cross_entropy throws.
  void update(const Operand& logits, const Operand& labels);
  /// Takes a mean cross entropy over so many tokens. Throws ValueError unless tokens ≥ 0.
  void update(double mean_loss, double tokens, Site site = Site::here()) { mean_.update(mean_loss, tokens, site); }
  /// NaN before there is any token.
  double compute() const;
  void reset() { mean_.reset(); }

 private:
  PerplexityOptions options_;
  Mean mean_;
};

}  // namespace xg::nn::text
