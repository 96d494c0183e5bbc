// Byte-pair encoding: the merges are those of a plain trainer, every text comes back, and bad files are refused.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "../core/message.hpp"
#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::text;

namespace {

using Pieces = std::vector<std::string>;

void replace(Pieces& word, const std::string& a, const std::string& b) {
  Pieces result;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (i + 1 < word.size() && word[i] == a && word[i + 1] == b) result.push_back(a + b), ++i;
    else result.push_back(word[i]);
  word = result;
}

/// Counts all pairs anew before each merge.
std::vector<std::pair<std::string, std::string>> plain_merges(std::vector<Pieces> words, std::size_t count) {
  std::map<std::string, std::size_t> number;  // of symbols, to break ties
  for (std::size_t c = 0; c < 256; ++c) number[std::string(1, static_cast<char>(c))] = c;
  std::vector<std::pair<std::string, std::string>> merges;
  while (merges.size() < count) {
    std::map<std::pair<std::size_t, std::size_t>, std::int64_t> counts;
    std::map<std::size_t, std::string> name;
    for (const Pieces& word : words)
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        ++counts[{number[word[i]], number[word[i + 1]]}];
        name[number[word[i]]] = word[i];
        name[number[word[i + 1]]] = word[i + 1];
      }
    std::pair<std::size_t, std::size_t> best;
    std::int64_t most = 1;
    for (const auto& entry : counts)
      if (entry.second > most) best = entry.first, most = entry.second;
    if (most < 2) break;
    merges.push_back({name[best.first], name[best.second]});
    std::string joined = name[best.first] + name[best.second];
    if (!number.count(joined)) number[joined] = 256 + merges.size() - 1;
    for (Pieces& word : words) replace(word, name[best.first], name[best.second]);
  }
  return merges;
}

std::string random_text(std::int64_t length, std::int64_t kinds, std::int64_t space_every) {
  Rng rng(static_cast<std::uint64_t>(length + kinds));
  std::string text;
  std::vector<std::int64_t> draws = randint(0, kinds, {length}, rng).to_vector<std::int64_t>();
  std::vector<std::int64_t> spaces = randint(0, space_every, {length}, rng).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < draws.size(); ++i)
    text += spaces[i] == 0 ? '\n' : static_cast<char>('a' + draws[i] * draws[i] / kinds);
  return text;
}

const char* file = "byte_pairs_test.cpp";

}  // namespace

TEST_CASE("merges are those of a plain trainer") {
  for (std::int64_t kinds : {1, 2, 3, 8}) {
    std::string text = random_text(600, kinds, 7);
    std::vector<Pieces> words(1);
    for (char c : text) {
      bool starts = !words.back().empty() && ((c == '\n') != (words.back().back() == "\n"));
      if (starts) words.emplace_back();
      words.back().push_back(std::string(1, c));
    }
    BytePairs pairs = BytePairs::train(text, {.size = 256 + 60});
    std::vector<std::pair<std::string, std::string>> merges = plain_merges(words, 60);
    REQUIRE(pairs.size() == 256 + static_cast<std::int64_t>(merges.size()));
    for (std::size_t i = 0; i < merges.size(); ++i)
      CHECK(pairs.token(256 + static_cast<std::int64_t>(i)) == merges[i].first + merges[i].second);
    // Encoding merges as training did.
    Pieces expected;
    for (Pieces word : words) {
      for (const auto& merge : merges) replace(word, merge.first, merge.second);
      expected.insert(expected.end(), word.begin(), word.end());
    }
    Pieces encoded;
    for (std::int64_t id : pairs.encode(text)) encoded.push_back(pairs.token(id));
    CHECK(encoded == expected);
  }
}

TEST_CASE("words keep the space before them, and tokens stay inside words") {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "the cat, the hat 42  ";
  BytePairs pairs = BytePairs::train(text, {.size = 400});
  Pieces pieces;
  for (std::int64_t id : pairs.encode("the cat  the hat, 42 7")) pieces.push_back(pairs.token(id));
  CHECK(pieces == Pieces{"the", " cat", " ", " the", " hat", ",", " 42", " ", "7"});
  CHECK(pairs.size() < 400);  // nothing else stands there twice
}

TEST_CASE("any bytes come back") {
  BytePairs pairs = BytePairs::train(random_text(3000, 5, 9) + "\xe2\x82\xac\xe2\x82\xac \xc3\xa4\xc3\xa4",
                                     {.size = 300, .pad = true, .bos = true, .eos = true});
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& text :
       {std::string(), all, all + all, std::string("na\xc3\xafve \xe2\x82\xac\xf0\x9f\x98\x80\n\n  x"),
        std::string("\xff\xfe\0\0 \xc0", 6), std::string(" "), std::string("   "), std::string(" a  b   c \t d\r\n"),
        std::string(20000, 'a'), std::string(5000, ' ')}) {
    Ids ids = pairs.encode(text, {.bos = true, .eos = true});
    CHECK(ids.front() == pairs.bos());
    CHECK(ids.back() == pairs.eos());
    CHECK(pairs.decode(ids) == text);
    CHECK(pairs.decode(tensor(ids)) == text);
  }
  Rng rng(3);
  for (int i = 0; i < 50; ++i) {
    std::string text;
    for (std::int64_t byte : randint(0, 256, {1 + 7 * i}, rng).to_vector<std::int64_t>())
      text += static_cast<char>(byte);
    CHECK(pairs.decode(pairs.encode(text)) == text);
  }
  Ids ids = pairs.encode("abc");
  ids.insert(ids.begin(), {0, 0, 1});
  ids.insert(ids.end(), {2, 0, 50, 60});
  CHECK(pairs.decode(ids) == "abc");
  CHECK(pairs.token(0) == "<pad>");
  CHECK(pairs.token(3) == std::string(1, '\0'));
}

TEST_CASE("long repetitions end in time, and in bounded tokens") {
  std::string text(400000, 'x');
  BytePairs pairs = BytePairs::train(text, {.size = 600});
  CHECK(pairs.decode(pairs.encode(text)) == text);
  std::size_t longest = 0;
  for (std::int64_t i = 0; i < pairs.size(); ++i) longest = std::max(longest, pairs.token(i).size());
  CHECK(longest == 65536);
}

TEST_CASE("byte pairs are saved and loaded") {
  std::string text = random_text(2000, 6, 5);
  for (const BytePairs& saved : {BytePairs::train(text, {.size = 350, .pad = true, .eos = true}),
                                 BytePairs::train(text), BytePairs::train("", {.size = 256})}) {
    File file;
    saved.save(file.path);
    BytePairs loaded = BytePairs::load(file.path);
    CHECK(loaded.size() == saved.size());
    CHECK(loaded.specials() == saved.specials());
    CHECK(loaded.encode(text) == saved.encode(text));
    File again;
    loaded.save(again.path);
    CHECK(read_bytes(again.path) == read_bytes(file.path));
  }
  File file;
  BytePairs::train("abab", {.size = 999, .eos = true}).save(file.path);
  CHECK(read_bytes(file.path) == "xgrad byte pairs 1\nspecial eos\nmerges 1\n97 98\n");
}

TEST_CASE("what byte pairs complain about") {
  CHECK(message<ValueError>([] { BytePairs::train("", {.size = 256, .pad = true}); }, file) ==
        "BytePairs: a size of 256 is not from 257 (the special tokens and 256 bytes) to 16777473");
  BytePairs pairs = BytePairs::train("", {.size = 256});
  CHECK(message<IndexError>([&] { pairs.decode({97, 256}); }, file) == "decode: there is no token 256 among 256");
  CHECK(message<IndexError>([&] { pairs.token(-1); }, file) == "token: there is no token -1 among 256");
  CHECK_THROWS_WITH_AS(pairs.unk(), doctest::Contains("nothing is unknown here: leave it out"), ValueError);
  CHECK(whole_message<ValueError>([&] { pairs.unk(); }).find(".unk") == std::string::npos);
  CHECK(message<ValueError>([&] { pairs.encode("", {.eos = true}); }, file) == "eos: there is no <eos> token");
  CHECK(message<DTypeError>([&] { pairs.decode(tensor({1, 2})); }, file) == "decode: token numbers must be i64");

  auto say = [](const std::string& bytes) {
    return format_complaint(File(bytes, ".txt"), [](const std::string& path) { BytePairs::load(path); });
  };
  std::string head = "xgrad byte pairs 1\nspecial\nmerges ";
  CHECK(say("xgrad vocabulary 1\n") ==
        "load: a line is `xgrad vocabulary 1`, not `xgrad byte pairs 1`\n  place  FILE:1");
  CHECK(say("xgrad byte pairs 1\nspecial unk\n") == "load: byte pairs have no special token `unk`\n  place  FILE:2");
  CHECK(say("xgrad byte pairs 1\nspecial  pad\n").starts_with("load: the special tokens are some of"));
  CHECK(say(head + "99999999\n").starts_with("load: `merges` is `99999999`, not a number from 0 to "));
  CHECK(say(head + "2\n97 98\n") == "load: the file ends where a merge should be\n  place  FILE:5");
  for (const char* line : {"", "97", "97 ", "97 98 ", "97,98", "-1 98", "97 256", "97 99999999999", "x 1"})
    CHECK(say(head + "1\n" + line + "\n12345\n") ==
          "load: a merge is " + std::string("`") + line + "`, not two numbers from 0 to 255\n  place  FILE:4");
  CHECK(say(head + "2\n97 98\n97 98\n") == "load: the merge `97 98` stands there twice\n  place  FILE:5");
  CHECK(say(head + "1\n97 98\n1 2\n") == "load: something follows the 1 merges\n  place  FILE:5");
  std::string doubling = head + "40\n97 97\n";
  for (int i = 0; i < 39; ++i) doubling += std::to_string(256 + i) + " " + std::to_string(256 + i) + "\n";
  CHECK(say(doubling) == "load: a merge makes a token of 131072 bytes; the longest have 65536\n  place  FILE:20");
}
