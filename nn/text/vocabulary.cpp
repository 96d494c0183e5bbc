#include "vocabulary.hpp"

#include <algorithm>
#include <unordered_map>

#include "../../core/error/error.hpp"
#include "../data/atomic_file.hpp"
#include "../data/utf8.hpp"
#include "lines.hpp"

namespace xg::nn::text {
namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";
constexpr const char* replacement = "\xef\xbf\xbd";  // U+FFFD

/// Calls f(word, byte) for each word.
template <class F>
void each_word(std::string_view text, const F& f) {
  for (std::size_t at = 0; (at = text.find_first_not_of(spaces, at)) != std::string_view::npos;) {
    std::size_t end = std::min(text.find_first_of(spaces, at), text.size());
    f(text.substr(at, end - at), at);
    at = end;
  }
}

/// What stands for characters that would not survive in a line.
constexpr std::pair<char, char> escapes[] = {{'\\', '\\'}, {'n', '\n'}, {'r', '\r'}, {'s', ' '}, {'t', '\t'}};

std::string escaped(const std::string& token) {
  std::string result;
  for (char c : token) {
    auto found = std::find_if(std::begin(escapes), std::end(escapes), [&](const auto& e) { return e.second == c; });
    if (found == std::end(escapes)) result += c;
    else result += {'\\', found->first};
  }
  return result;
}

std::string unescaped(std::string_view line, const Lines& lines) {
  std::string result;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      result += line[i];
      continue;
    }
    char code = ++i < line.size() ? line[i] : '\0';
    auto found = std::find_if(std::begin(escapes), std::end(escapes), [&](const auto& e) { return e.first == code; });
    if (found == std::end(escapes)) lines.fail("a backslash stands before none of `\\nrst`: " + data::in_quotes(line));
    result += found->second;
  }
  return result;
}

}  // namespace

Vocabulary::Vocabulary(Unit unit, const SpecialTokens& special) : SpecialTokens(special), unit_(unit) {
  for (std::int64_t i = 0; i < specials(); ++i) add(special_name(i));
}

std::int64_t Vocabulary::index() {
  order_.clear();
  for (std::int64_t i = specials(); i < size(); ++i) order_.push_back(i);
  auto token = [&](std::int64_t i) -> const std::string& { return tokens_[static_cast<std::size_t>(i)]; };
  std::sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) {
    int before = token(a).compare(token(b));
    return before < 0 || (before == 0 && a < b);
  });
  auto twice = std::adjacent_find(order_.begin(), order_.end(),
                                  [&](std::int64_t a, std::int64_t b) { return token(a) == token(b); });
  return twice == order_.end() ? -1 : twice[1];
}

std::int64_t Vocabulary::lookup(std::string_view token) const {
  auto found = std::lower_bound(order_.begin(), order_.end(), token, [&](std::int64_t i, std::string_view token) {
    return tokens_[static_cast<std::size_t>(i)] < token;
  });
  return found != order_.end() && tokens_[static_cast<std::size_t>(*found)] == token ? *found : -1;
}

Vocabulary Vocabulary::make(const char* op, Unit unit, std::string_view text, const VocabularyOptions& options,
                            const Site& site) {
  if (options.min_count < 0 || options.max_tokens < 0)
    Complaint(op, options.min_count < 0 ? "min_count must be at least 0, not " + std::to_string(options.min_count)
                                        : "max_tokens must be at least 0, not " + std::to_string(options.max_tokens))
        .at(site)
        .raise<ValueError>();
  if (std::size_t at = data::find_not_utf8(text); at != std::string_view::npos)
    Complaint(op, "the text is not UTF-8: " + data::in_quotes(text.substr(at, 8)))
        .fact("byte", std::to_string(at))
        .at(site)
        .raise<ValueError>();
  std::unordered_map<std::string_view, std::int64_t> counts;
  auto count = [&](std::string_view token, std::size_t) { ++counts[token]; };
  if (unit == Unit::character) data::each_character(text, count);
  else each_word(text, count);
  std::vector<std::pair<std::string_view, std::int64_t>> tokens;
  for (const auto& entry : counts)
    if (entry.second >= options.min_count) tokens.push_back(entry);
  std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) {
    return a.second > b.second || (a.second == b.second && a.first < b.first);
  });
  if (options.max_tokens > 0 && static_cast<std::int64_t>(tokens.size()) > options.max_tokens)
    tokens.resize(static_cast<std::size_t>(options.max_tokens));
  if (unit == Unit::character)
    std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Vocabulary result(unit, SpecialTokens(options.pad, options.bos, options.eos, options.unk));
  for (const auto& entry : tokens) result.add(std::string(entry.first));
  result.index();
  return result;
}

Vocabulary Vocabulary::characters(std::string_view text, const VocabularyOptions& options, Site site) {
  return make("Vocabulary", Unit::character, text, options, site);
}

Vocabulary Vocabulary::words(std::string_view text, const VocabularyOptions& options, Site site) {
  return make("Vocabulary", Unit::word, text, options, site);
}

void Vocabulary::fail_unknown(const char* op, std::string_view token, const char* place, std::int64_t at,
                              const Site& site) const {
  bool valid = data::find_not_utf8(token) == std::string_view::npos;
  Complaint complaint(op, valid ? data::in_quotes(token) + " is none of the " + std::to_string(size() - specials()) +
                                      (unit_ == Unit::character ? " characters" : " words")
                                : "the text is not UTF-8: " + data::in_quotes(token));
  if (at >= 0) complaint.fact(place, std::to_string(at));
  complaint.at(site).mend("give the vocabulary a token for what it does not know: {.unk = true}").raise<ValueError>();
}

std::int64_t Vocabulary::id(std::string_view token, Site site) const {
  std::int64_t found = lookup(token);
  if (found >= 0) return found;
  if (has_unk()) return unk();
  fail_unknown("id", token, "", -1, site);
}

const std::string& Vocabulary::token(std::int64_t id, Site site) const {
  if (id < 0 || id >= size()) fail_no_token("token", id, -1, size(), site);
  return tokens_[static_cast<std::size_t>(id)];
}

Ids Vocabulary::encode(std::string_view text, const EncodeOptions& options, Site site) const {
  Ids ids;
  if (options.bos) ids.push_back(bos(site));
  auto push = [&](std::string_view token, std::size_t at) {
    std::int64_t found = lookup(token);
    if (found < 0 && !has_unk()) fail_unknown("encode", token, "byte", static_cast<std::int64_t>(at), site);
    ids.push_back(found < 0 ? unk() : found);
  };
  if (unit_ == Unit::character) data::each_character(text, push);
  else each_word(text, push);
  if (options.eos) ids.push_back(eos(site));
  return ids;
}

Ids Vocabulary::encode_tokens(const std::vector<std::string>& tokens, const EncodeOptions& options, Site site) const {
  Ids ids;
  if (options.bos) ids.push_back(bos(site));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::int64_t found = lookup(tokens[i]);
    if (found < 0 && !has_unk())
      fail_unknown("encode_tokens", tokens[i], "position", static_cast<std::int64_t>(i), site);
    ids.push_back(found < 0 ? unk() : found);
  }
  if (options.eos) ids.push_back(eos(site));
  return ids;
}

std::vector<std::string> Vocabulary::decode_tokens(const Ids& ids, Site site) const {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::int64_t id = ids[i];
    if (id < 0 || id >= size()) fail_no_token("decode", id, static_cast<std::int64_t>(i), size(), site);
    if (has_eos() && id == eos()) break;
    if ((has_pad() && id == pad()) || (has_bos() && id == bos())) continue;
    bool unknown = has_unk() && id == unk();
    tokens.push_back(unknown && unit_ == Unit::character ? replacement : tokens_[static_cast<std::size_t>(id)]);
  }
  return tokens;
}

std::string Vocabulary::decode(const Ids& ids, Site site) const {
  std::string text;
  bool first = true;
  for (const std::string& token : decode_tokens(ids, site)) {
    if (unit_ == Unit::word && !first) text += ' ';
    text += token;
    first = false;
  }
  return text;
}

std::string Vocabulary::decode(const Tensor& ids, Site site) const { return decode(ids_in("decode", ids, site), site); }

void Vocabulary::save(const std::string& path, Site site) const {
  std::string text = "xgrad vocabulary 1\nunit " + std::string(unit_ == Unit::character ? "character" : "word");
  text.append("\n").append(special_line()).append("tokens ").append(std::to_string(size() - specials())).append("\n");
  for (std::int64_t i = specials(); i < size(); ++i) text += escaped(tokens_[static_cast<std::size_t>(i)]) + "\n";
  data::write_file({"save", path, site}, text);
}

Vocabulary Vocabulary::load(const std::string& path, const TextFileOptions& options, Site site) {
  data::Source source{"load", path, site};
  std::string bytes = data::read_file(source, options.max_bytes);
  Lines lines(source, bytes);
  lines.expect("xgrad vocabulary 1");
  std::string_view name = lines.field("unit");
  if (name != "character" && name != "word")
    lines.fail("the unit is " + data::in_quotes(name) + ", not `character` or `word`");
  Unit unit = name == "word" ? Unit::word : Unit::character;
  Vocabulary result(unit, read_special(lines));
  std::int64_t first_line = 5;
  std::int64_t count = lines.number("tokens", static_cast<std::int64_t>(bytes.size()));
  for (std::int64_t i = 0; i < count; ++i) {
    std::string token = unescaped(lines.next("a token"), lines);
    if (data::find_not_utf8(token) != std::string_view::npos)
      lines.fail("a token is not UTF-8: " + data::in_quotes(token));
    bool fits = unit == Unit::word ? !token.empty() && token.find_first_of(spaces) == std::string::npos
                                   : !token.empty() && data::utf8_length(token) == token.size();
    if (!fits)
      lines.fail("a token is " + data::in_quotes(token) +
                 (unit == Unit::word ? ", not a word without spaces" : ", not one character"));
    result.add(std::move(token));
  }
  lines.finish(count, "tokens");
  if (std::int64_t twice = result.index(); twice >= 0)
    source.fail("the token " + data::in_quotes(result.token(twice)) + " stands twice, the second time in line " +
                std::to_string(first_line + twice - result.specials()));
  return result;
}

std::string read_text(const std::string& path, const TextFileOptions& options, Site site) {
  data::Source source{"read_text", path, site};
  std::string text = data::read_file(source, options.max_bytes);
  if (std::size_t at = data::find_not_utf8(text); at != std::string::npos)
    source.fail("the text is not UTF-8: " + data::in_quotes(std::string_view(text).substr(at, 8)), "byte",
                std::to_string(at));
  return text;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  each_word(text, [&](std::string_view word, std::size_t) { words.emplace_back(word); });
  return words;
}

}  // namespace xg::nn::text
