// Texts as numbers: vocabularies of characters and of words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "special_tokens.hpp"

namespace xg::nn::text {

/// What a vocabulary is made of, beside what occurs in the text.
struct VocabularyOptions {
  /// Special tokens, see SpecialTokens.
  bool pad = false, bos = false, eos = false, unk = false;
  /// Tokens that occur less often are left out.
  std::int64_t min_count = 1;
  /// Of more tokens than this, special ones not counted, the most frequent ones are kept; 0: all.
  std::int64_t max_tokens = 0;
};

struct TextFileOptions {
  /// Larger files are refused.
  std::int64_t max_bytes = std::int64_t(1) << 30;
};

/// The tokens of a text, each with a number from 0:
///
///     auto letters = nn::text::Vocabulary::characters(text, {.pad = true, .eos = true});
///     nn::text::Ids ids = letters.encode("hello", {.eos = true});
///     letters.decode(ids);  // "hello"
///
/// Special tokens come first; then characters in the order of their code points, or words, the most frequent first.
/// Texts are UTF-8; a character is a code point, a word is what stands between spaces, tabs and line ends (ASCII's).
class Vocabulary : public SpecialTokens {
 public:
  /// Of the characters, or the words, that occur in a text. Throw ValueError naming the byte where it is not UTF-8, and
  /// for a negative min_count or max_tokens.
  static Vocabulary characters(std::string_view text, const VocabularyOptions& options = {}, Site site = Site::here());
  static Vocabulary words(std::string_view text, const VocabularyOptions& options = {}, Site site = Site::here());

  /// Special tokens included.
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  bool contains(std::string_view token) const { return lookup(token) >= 0; }
  /// The number of a token that is no special one, `unk()` for an unknown one. Throws ValueError if there is no <unk>.
  std::int64_t id(std::string_view token, Site site = Site::here()) const;
  /// The token with this number; "<pad>", "<bos>", "<eos>", "<unk>" for special ones. Throws IndexError.
  const std::string& token(std::int64_t id, Site site = Site::here()) const;

  /// The numbers of a text's characters or words. What is not in the vocabulary, or not UTF-8 (byte by byte among
  /// characters), becomes `unk()`; throws ValueError naming it and the byte where it stands if there is no <unk>, and
  /// when `bos` or `eos` is asked for but missing.
  Ids encode(std::string_view text, const EncodeOptions& options = {}, Site site = Site::here()) const;
  /// The same of tokens one by one, such as phonemes; errors name the token's position.
  Ids encode_tokens(const std::vector<std::string>& tokens, const EncodeOptions& options = {},
                    Site site = Site::here()) const;
  /// The text of tokens up to the first <eos>, words with a space between them. <pad> and <bos> are left out; <unk> is
  /// U+FFFD among characters, "<unk>" among words. Throws IndexError for a number that is no token's; for a tensor also
  /// DTypeError unless it is i64, ShapeError unless it has one axis.
  std::string decode(const Ids& ids, Site site = Site::here()) const;
  std::string decode(const Tensor& ids, Site site = Site::here()) const;
  /// The same tokens one by one.
  std::vector<std::string> decode_tokens(const Ids& ids, Site site = Site::here()) const;

  /// Writes a text file, a token a line, in one step (see AtomicFile). Throws FormatError when the system refuses.
  void save(const std::string& path, Site site = Site::here()) const;
  /// Reads what `save` wrote. Throws FormatError naming file and line: something else, a token twice, a character that
  /// is none, a word with a space, text that is not UTF-8, fewer or more tokens than the file claims.
  static Vocabulary load(const std::string& path, const TextFileOptions& options = {}, Site site = Site::here());

 private:
  enum class Unit : std::uint8_t { character, word };
  Vocabulary(Unit unit, const SpecialTokens& special);
  static Vocabulary make(const char* op, Unit unit, std::string_view text, const VocabularyOptions& options,
                         const Site& site);
  void add(std::string token) { tokens_.push_back(std::move(token)); }
  /// Sorts; returns a token that stands twice, or −1.
  std::int64_t index();
  std::int64_t lookup(std::string_view token) const;
  /// Throws ValueError: there is no such token, at this place if it is not below 0.
  [[noreturn]] void fail_unknown(const char* op, std::string_view token, const char* place, std::int64_t at,
                                 const Site& site) const;

  Unit unit_;
  std::vector<std::string> tokens_;
  std::vector<std::int64_t> order_;  // of the tokens that are not special, by their bytes
};

/// The text of a file, .gz too. Throws FormatError naming the file: it cannot be read, has more than `max_bytes`, is
/// damaged, or is not UTF-8 (naming the byte).
std::string read_text(const std::string& path, const TextFileOptions& options = {}, Site site = Site::here());

/// What stands between spaces, tabs and line ends (ASCII's).
std::vector<std::string> split_words(std::string_view text);

}  // namespace xg::nn::text
