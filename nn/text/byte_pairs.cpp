#include "byte_pairs.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <queue>
#include <unordered_map>

#include "../../core/error/error.hpp"
#include "../data/atomic_file.hpp"
#include "lines.hpp"

namespace xg::nn::text {
namespace {

using Symbol = std::int32_t;
constexpr std::int64_t most_merges = 1 << 24;
constexpr std::int64_t longest_token = 1 << 16;

enum class Kind { space, letter, digit, other };

/// Beyond ASCII all are letters.
Kind kind_of(char c) {
  auto byte = static_cast<unsigned char>(c);
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return Kind::space;
  if (byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return Kind::letter;
  return byte >= '0' && byte <= '9' ? Kind::digit : Kind::other;
}

/// Cuts a text into runs of one kind, each with one space before it; f(part) for each.
template <class F>
void each_word(std::string_view text, const F& f) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + (text[at] == ' ' && at + 1 < text.size() && kind_of(text[at + 1]) != Kind::space);
    Kind kind = kind_of(text[end]);
    while (end < text.size() && kind_of(text[end]) == kind) ++end;
    // The last of several spaces belongs to the word behind them.
    if (kind == Kind::space && end < text.size() && end - at > 1 && text[end - 1] == ' ') --end;
    f(text.substr(at, end - at));
    at = end;
  }
}

std::uint64_t key(Symbol a, Symbol b) {
  return static_cast<std::uint64_t>(a) << 32 | static_cast<std::uint64_t>(static_cast<std::uint32_t>(b));
}

/// The different words of a text behind one another, and where in them each pair of neighbours stands.
class Trainer {
 public:
  explicit Trainer(std::string_view text) {
    std::unordered_map<std::string_view, std::int64_t> counts;
    std::vector<std::string_view> words;  // in the order of the text, so that nothing depends on the hash
    each_word(text, [&](std::string_view word) {
      if (counts[word]++ == 0) words.push_back(word);
    });
    lengths_.assign(256, 1);
    for (std::string_view word : words) {
      for (char c : word) {
        symbols_.push_back(static_cast<unsigned char>(c));
        weights_.push_back(counts[word]);
        before_.push_back(static_cast<std::int64_t>(before_.size()) - 1);
        behind_.push_back(static_cast<std::int64_t>(behind_.size()) + 1);
      }
      before_[before_.size() - word.size()] = -1;
      behind_.back() = -1;
    }
    for (std::size_t i = 0; i < symbols_.size(); ++i) meet(static_cast<std::int64_t>(i), behind_[i]);
    offer();
  }

  /// Merges the most frequent pair; false when none stands twice.
  bool step(std::pair<Symbol, Symbol>& merged) {
    while (!queue_.empty()) {
      Candidate best = queue_.top();
      queue_.pop();
      Occurrences& pair = pairs_[key(best.a, best.b)];
      if (pair.count != best.count) {  // it has become rarer since it was queued
        queue_if_frequent({pair.count, best.a, best.b});
        continue;
      }
      std::int64_t length = lengths_[static_cast<std::size_t>(best.a)] + lengths_[static_cast<std::size_t>(best.b)];
      if (length > longest_token) continue;
      lengths_.push_back(length);
      std::vector<std::int64_t> places = std::move(pair.places);
      for (std::int64_t at : places) join(at, best.a, best.b);
      offer();
      merged = {best.a, best.b};
      return true;
    }
    return false;
  }

 private:
  struct Occurrences {
    std::int64_t count = 0;
    std::vector<std::int64_t> places;
  };
  struct Candidate {
    std::int64_t count;
    Symbol a, b;
    bool operator<(const Candidate& other) const {
      if (count != other.count) return count < other.count;
      return a != other.a ? a > other.a : b > other.b;
    }
  };

  Symbol& symbol(std::int64_t at) { return symbols_[static_cast<std::size_t>(at)]; }
  std::int64_t& before(std::int64_t at) { return before_[static_cast<std::size_t>(at)]; }
  std::int64_t& behind(std::int64_t at) { return behind_[static_cast<std::size_t>(at)]; }

  void meet(std::int64_t at, std::int64_t next) {
    if (next < 0) return;
    std::uint64_t which = key(symbol(at), symbol(next));
    Occurrences& pair = pairs_[which];
    if (pair.places.empty()) fresh_.push_back({0, symbol(at), symbol(next)});
    pair.count += weights_[static_cast<std::size_t>(at)];
    pair.places.push_back(at);
  }
  void part(std::int64_t at, std::int64_t next) {
    pairs_[key(symbol(at), symbol(next))].count -= weights_[static_cast<std::size_t>(at)];
  }
  /// Makes one symbol of a at `at` and b behind it, if they still stand there.
  void join(std::int64_t at, Symbol a, Symbol b) {
    std::int64_t second = behind(at);
    if (symbol(at) != a || second < 0 || symbol(second) != b) return;
    std::int64_t first = before(at), last = behind(second);
    if (first >= 0) part(first, at);
    if (last >= 0) part(second, last);
    symbol(at) = static_cast<Symbol>(lengths_.size() - 1);
    symbol(second) = -1;
    behind(at) = last;
    if (last >= 0) before(last) = at;
    if (first >= 0) meet(first, at);
    meet(at, last);
  }
  /// Queues the pairs that are new; from now on they can only become rarer.
  void offer() {
    for (const Candidate& pair : fresh_) queue_if_frequent({pairs_[key(pair.a, pair.b)].count, pair.a, pair.b});
    fresh_.clear();
  }
  void queue_if_frequent(const Candidate& candidate) {
    if (candidate.count >= 2) queue_.push(candidate);
  }

  std::vector<Symbol> symbols_;  // −1: has become part of the one before
  std::vector<std::int64_t> weights_, before_, behind_, lengths_;
  std::unordered_map<std::uint64_t, Occurrences> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<Candidate> fresh_;
};

std::size_t slot_of(Symbol a, Symbol b, std::size_t slots) {
  return static_cast<std::size_t>(key(a, b) * 0x9e3779b97f4a7c15u >> 32) & (slots - 1);
}

}  // namespace

BytePairs BytePairs::train(std::string_view text, const BytePairOptions& options, Site site) {
  BytePairs result(SpecialTokens(options.pad, options.bos, options.eos));
  if (options.size < result.size() || options.size > result.size() + most_merges)
    Complaint("BytePairs", "a size of " + std::to_string(options.size) + " is not from " +
                               std::to_string(result.size()) + " (the special tokens and 256 bytes) to " +
                               std::to_string(result.size() + most_merges))
        .at(site)
        .raise<ValueError>();
  std::int64_t merges = options.size - result.size();
  Trainer trainer(text);
  Pair merged;
  while (static_cast<std::int64_t>(result.merges_.size()) < merges && trainer.step(merged))
    result.merges_.push_back(merged);
  result.make_room();
  for (std::size_t i = 0; i < result.merges_.size(); ++i) result.enter(i);
  return result;
}

void BytePairs::make_room() {
  std::size_t slots = 16;
  while (slots < 2 * merges_.size()) slots *= 2;
  table_.assign(slots, -1);
}

void BytePairs::enter(std::size_t merge) {
  std::size_t slot = slot_of(merges_[merge].first, merges_[merge].second, table_.size());
  while (table_[slot] >= 0) slot = (slot + 1) & (table_.size() - 1);
  table_[slot] = static_cast<Symbol>(merge);
}

std::int64_t BytePairs::find(Pair pair) const {
  std::size_t slot = slot_of(pair.first, pair.second, table_.size());
  for (; table_[slot] >= 0; slot = (slot + 1) & (table_.size() - 1))
    if (merges_[static_cast<std::size_t>(table_[slot])] == pair) return table_[slot];
  return -1;
}

void BytePairs::merge(std::vector<Symbol>& symbols) const {
  auto count = static_cast<std::int64_t>(symbols.size());
  std::vector<std::int64_t> before(symbols.size()), behind(symbols.size());
  using Place = std::pair<std::int64_t, std::int64_t>;  // which merge, and where
  std::priority_queue<Place, std::vector<Place>, std::greater<>> queue;
  auto symbol = [&](std::int64_t at) -> Symbol& { return symbols[static_cast<std::size_t>(at)]; };
  auto next = [&](std::int64_t at) -> std::int64_t& { return behind[static_cast<std::size_t>(at)]; };
  auto last = [&](std::int64_t at) -> std::int64_t& { return before[static_cast<std::size_t>(at)]; };
  auto offer = [&](std::int64_t at) {
    if (at < 0 || next(at) == count) return;
    std::int64_t merge = find({symbol(at), symbol(next(at))});
    if (merge >= 0) queue.push({merge, at});
  };
  for (std::int64_t i = 0; i < count; ++i) {
    last(i) = i - 1;
    next(i) = i + 1;
  }
  for (std::int64_t i = 0; i < count; ++i) offer(i);
  while (!queue.empty()) {
    auto [merge, at] = queue.top();
    queue.pop();
    std::int64_t second = next(at);
    if (symbol(at) < 0 || second == count ||
        merges_[static_cast<std::size_t>(merge)] != Pair(symbol(at), symbol(second)))
      continue;  // one of the two has been merged with another
    symbol(at) = static_cast<Symbol>(256 + merge);
    symbol(second) = -1;
    next(at) = next(second);
    if (next(at) < count) last(next(at)) = at;
    offer(last(at));
    offer(at);
  }
  std::erase(symbols, -1);
}

Ids BytePairs::encode(std::string_view text, const EncodeOptions& options, Site site) const {
  Ids ids;
  if (options.bos) ids.push_back(bos(site));
  std::unordered_map<std::string_view, std::vector<Symbol>> known;
  each_word(text, [&](std::string_view word) {
    std::vector<Symbol>& symbols = known[word];
    if (symbols.empty()) {
      for (char c : word) symbols.push_back(static_cast<unsigned char>(c));
      merge(symbols);
    }
    for (Symbol symbol : symbols) ids.push_back(specials() + symbol);
  });
  if (options.eos) ids.push_back(eos(site));
  return ids;
}

void BytePairs::append_bytes(std::int64_t symbol, std::string& to) const {
  std::vector<std::int64_t> left{symbol};  // the first at the end
  while (!left.empty()) {
    std::int64_t top = left.back();
    left.pop_back();
    if (top < 256) {
      to += static_cast<char>(top);
      continue;
    }
    Pair pair = merges_[static_cast<std::size_t>(top - 256)];
    left.push_back(pair.second);
    left.push_back(pair.first);
  }
}

std::string BytePairs::decode(const Ids& ids, Site site) const {
  std::string bytes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= size()) fail_no_token("decode", ids[i], static_cast<std::int64_t>(i), size(), site);
    if (has_eos() && ids[i] == eos()) break;
    if (ids[i] >= specials()) append_bytes(ids[i] - specials(), bytes);
  }
  return bytes;
}

std::string BytePairs::decode(const Tensor& ids, Site site) const { return decode(ids_in("decode", ids, site), site); }

std::string BytePairs::token(std::int64_t id, Site site) const {
  if (id < 0 || id >= size()) fail_no_token("token", id, -1, size(), site);
  if (id < specials()) return special_name(id);
  std::string bytes;
  append_bytes(id - specials(), bytes);
  return bytes;
}

void BytePairs::save(const std::string& path, Site site) const {
  std::string text = "xgrad byte pairs 1\n";
  text.append(special_line()).append("merges ").append(std::to_string(merges_.size())).append("\n");
  for (Pair pair : merges_)
    text.append(std::to_string(pair.first)).append(" ").append(std::to_string(pair.second)).append("\n");
  data::write_file({"save", path, site}, text);
}

BytePairs BytePairs::load(const std::string& path, const TextFileOptions& options, Site site) {
  data::Source source{"load", path, site};
  std::string bytes = data::read_file(source, options.max_bytes);
  Lines lines(source, bytes);
  lines.expect("xgrad byte pairs 1");
  SpecialTokens special = read_special(lines);
  if (special.has_unk()) lines.fail("byte pairs have no special token `unk`");
  BytePairs result(SpecialTokens(special.has_pad(), special.has_bos(), special.has_eos()));
  std::int64_t count = lines.number("merges", std::min<std::int64_t>(most_merges, lines.left() / 4));
  std::vector<std::int64_t> lengths(256, 1);
  result.merges_.resize(static_cast<std::size_t>(count));
  result.make_room();
  for (std::int64_t i = 0; i < count; ++i) {
    std::string_view line = lines.next("a merge");
    const char *at = line.data(), *end = at + line.size();
    Pair pair{-1, -1};
    auto first = std::from_chars(at, end, pair.first);
    bool fits = first.ec == std::errc() && first.ptr != end && *first.ptr == ' ';
    if (fits) {
      auto second = std::from_chars(first.ptr + 1, end, pair.second);
      fits = second.ec == std::errc() && second.ptr == end;
    }
    if (!fits || pair.first < 0 || pair.second < 0 || std::max(pair.first, pair.second) >= 256 + i)
      lines.fail("a merge is " + data::in_quotes(line) + ", not two numbers from 0 to " + std::to_string(255 + i));
    if (result.find(pair) >= 0) lines.fail("the merge " + data::in_quotes(line) + " stands there twice");
    lengths.push_back(lengths[static_cast<std::size_t>(pair.first)] + lengths[static_cast<std::size_t>(pair.second)]);
    if (lengths.back() > longest_token)
      lines.fail("a merge makes a token of " + std::to_string(lengths.back()) + " bytes; the longest have " +
                 std::to_string(longest_token));
    result.merges_[static_cast<std::size_t>(i)] = pair;
    result.enter(static_cast<std::size_t>(i));
  }
  lines.finish(count, "merges");
  return result;
}

}  // namespace xg::nn::text
