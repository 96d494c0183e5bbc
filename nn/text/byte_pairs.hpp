// Byte-pair encoding: frequent pieces of words as tokens, and any bytes at all as sequences of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vocabulary.hpp"

namespace xg::nn::text {

struct BytePairOptions {
  /// How many tokens there are to be: special ones, 256 bytes, and as many merges as are then left.
  std::int64_t size = 1024;
  /// Special tokens, see SpecialTokens; nothing is unknown.
  bool pad = false, bos = false, eos = false;
};

/// Byte-level byte-pair encoding. A text is cut into words, each with the space before it, and these into bytes; then
/// the two neighbours that stand together most often in the text it was trained on become one token, again and again:
///
///     auto pieces = nn::text::BytePairs::train(text, {.size = 512});
///     nn::text::Ids ids = pieces.encode("any bytes");
///     pieces.decode(ids);  // the same bytes, always
///
/// A token never reaches over the end of a word. Special tokens come first, then bytes, then merges. R. Sennrich, B.
/// Haddow, A. Birch, "Neural machine translation of rare words with subword units" (2016); over bytes: A. Radford et
/// al., "Language models are unsupervised multitask learners" (2019).
class BytePairs : public SpecialTokens {
 public:
  /// Learns merges from a text, of pairs that stand in it at least twice, so there may be fewer than asked for. Of
  /// equally frequent pairs the one with the smaller numbers comes first. Throws ValueError when `size` has no room for
  /// the bytes.
  static BytePairs train(std::string_view text, const BytePairOptions& options = {}, Site site = Site::here());

  /// Special tokens included.
  std::int64_t size() const { return specials() + 256 + static_cast<std::int64_t>(merges_.size()); }
  /// The tokens of any bytes. Throws ValueError when `bos` or `eos` is asked for but missing.
  Ids encode(std::string_view text, const EncodeOptions& options = {}, Site site = Site::here()) const;
  /// The bytes of tokens up to the first <eos>; <pad> and <bos> are left out. A part of what `encode` gave may end
  /// inside a character, so that it is no UTF-8. Throws IndexError for a number that is no token's; for a tensor also
  /// DTypeError unless it is i64, ShapeError unless it has one axis.
  std::string decode(const Ids& ids, Site site = Site::here()) const;
  std::string decode(const Tensor& ids, Site site = Site::here()) const;
  /// The bytes of one token; "<pad>", "<bos>", "<eos>" for special ones. Throws IndexError.
  std::string token(std::int64_t id, Site site = Site::here()) const;

  /// Writes the merges to a text file, in one step (see AtomicFile). Throws FormatError when the system refuses.
  void save(const std::string& path, Site site = Site::here()) const;
  /// Reads what `save` wrote. Throws FormatError naming file and line: something else, a merge of what comes later, a
  /// pair twice, a token of more than 65,536 bytes, fewer or more merges than the file claims.
  static BytePairs load(const std::string& path, const TextFileOptions& options = {}, Site site = Site::here());

 private:
  /// Two neighbours; numbers below 256 are bytes, 256 + i is merge i.
  using Pair = std::pair<std::int32_t, std::int32_t>;
  explicit BytePairs(const SpecialTokens& special) : SpecialTokens(special) {}
  void make_room();
  void enter(std::size_t merge);
  /// Which merge makes one of two, or −1.
  std::int64_t find(Pair pair) const;
  void append_bytes(std::int64_t symbol, std::string& to) const;
  /// Merges the symbols of one word.
  void merge(std::vector<std::int32_t>& symbols) const;

  std::vector<Pair> merges_;
  std::vector<std::int32_t> table_;  // of merges, by a hash of their pair; −1 is free
};

}  // namespace xg::nn::text
