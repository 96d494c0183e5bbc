// Vocabularies, their files, texts and the pronouncing dictionary, and what each complains about.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "../core/message.hpp"
#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using namespace xg::nn::text;

namespace {

std::string complaint(const std::string& bytes) {
  return format_complaint(File(bytes, ".txt"), [](const std::string& path) { Vocabulary::load(path); });
}

const char* file = "vocabulary_test.cpp";

}  // namespace

TEST_CASE("characters") {
  Vocabulary letters = Vocabulary::characters("hello, w\xc3\xb6rld\n");
  CHECK(letters.size() == 11);
  CHECK(letters.token(0) == "\n");
  CHECK(letters.token(10) == "\xc3\xb6");
  CHECK(letters.encode("hold") == Ids{letters.id("h"), letters.id("o"), letters.id("l"), letters.id("d")});
  std::string text = "w\xc3\xb6\xc3\xb6 hello\n";
  CHECK(letters.decode(letters.encode(text)) == text);
  CHECK(letters.decode(tensor(letters.encode(text))) == text);
  CHECK(letters.encode("").empty());
  CHECK(letters.specials() == 0);
  CHECK(Vocabulary::characters("").size() == 0);
}

TEST_CASE("special tokens come first and are no text") {
  Vocabulary letters = Vocabulary::characters("abc", {.pad = true, .bos = true, .eos = true, .unk = true});
  CHECK(letters.pad() == 0);
  CHECK(letters.bos() == 1);
  CHECK(letters.eos() == 2);
  CHECK(letters.unk() == 3);
  CHECK(letters.size() == 7);
  CHECK(letters.encode("cab", {.bos = true, .eos = true}) == Ids{1, 6, 4, 5, 2});
  CHECK(letters.decode({0, 1, 6, 4, 0, 5, 2, 4, 4}) == "cab");
  CHECK(letters.encode("a\xffz\xe2\x82\xac") == Ids{4, 3, 3, 3});
  CHECK(letters.decode({4, 3}) == "a\xef\xbf\xbd");
  CHECK(letters.token(3) == "<unk>");
  CHECK_FALSE(letters.contains("<unk>"));
  CHECK(letters.id("<unk>") == 3);

  Vocabulary some = Vocabulary::words("x", {.eos = true});
  CHECK(some.eos() == 0);
  CHECK(some.has_eos());
  CHECK_FALSE(some.has_pad());
  CHECK(message<ValueError>([&] { some.pad(); }, file) == "pad: there is no <pad> token");
  CHECK(message<ValueError>([&] { some.encode("x", {.bos = true}); }, file) == "bos: there is no <bos> token");
  CHECK(message<ValueError>([&] { Vocabulary::words("").unk(); }, file) == "unk: there is no <unk> token");
}

TEST_CASE("words, the most frequent first") {
  Vocabulary words = Vocabulary::words("the cat\tand the dog\n and the  cow", {.unk = true});
  CHECK(words.size() == 6);
  CHECK(words.decode({1, 2, 3, 4, 5}) == "the and cat cow dog");
  CHECK(words.encode(" the  bird and\r\nthe cat ") == Ids{1, 0, 2, 1, 3});
  CHECK(words.decode({0, 1}) == "<unk> the");
  CHECK(words.encode("the \xff") == Ids{1, 0});
  CHECK(words.encode_tokens({"the", "bird"}) == Ids{1, 0});
  CHECK(words.decode_tokens({1, 2}) == std::vector<std::string>{"the", "and"});
  CHECK(Vocabulary::words("a b b c c c", {.min_count = 2}).size() == 2);
  CHECK(Vocabulary::words("a b b c c c", {.pad = true, .max_tokens = 1}).decode({1}) == "c");
  CHECK(Vocabulary::characters("abbccc", {.max_tokens = 2}).decode({0, 1}) == "bc");
  // A word may look like a special token.
  Vocabulary odd = Vocabulary::words("<pad> <pad> <eos>", {.pad = true});
  CHECK(odd.encode("<pad>") == Ids{1});
  CHECK(odd.decode({0, 1, 2}) == "<pad> <eos>");
}

TEST_CASE("what vocabularies complain about") {
  Vocabulary letters = Vocabulary::characters("abc"), words = Vocabulary::words("abc", {.pad = true});
  CHECK(message<ValueError>([&] { letters.encode("abxa"); }, file) == "encode: `x` is none of the 3 characters");
  CHECK_THROWS_WITH_AS(letters.encode("abxa"), doctest::Contains("byte  2"), ValueError);
  // Characters are shown as they are, those that would move the cursor or turn the line as bytes.
  CHECK(message<ValueError>([&] { letters.encode("\u00e9"); }, file) == "encode: `\u00e9` is none of the 3 characters");
  CHECK(message<ValueError>([&] { words.encode("na\u00efve\u20ac\U0001f600"); }, file) ==
        "encode: `na\u00efve\u20ac\U0001f600` is none of the 1 words");
  CHECK(message<ValueError>([&] { letters.id("\x01\x1b\x7f"); }, file) ==
        "id: `\\x01\\x1b\\x7f` is none of the 3 characters");
  CHECK(message<ValueError>([&] { letters.id("\xc2\x9b \u202e\u2066\u2028"); }, file) ==
        "id: `\\xc2\\x9b \\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8` is none of the 3 characters");
  std::string longest(39, 'x');
  CHECK(message<ValueError>([&] { letters.id(longest + "\u00e9"); }, file) ==
        "id: `" + longest + "...` is none of the 3 characters");
  CHECK(message<ValueError>([&] { letters.id(longest + "yz"); }, file) ==
        "id: `" + longest + "y...` is none of the 3 characters");
  CHECK(message<ValueError>([&] { letters.id(longest + "y"); }, file) ==
        "id: `" + longest + "y` is none of the 3 characters");
  CHECK(message<ValueError>(
            [&] {
              words.encode_tokens({"abc", "\xff"});
            },
            file) == "encode_tokens: the text is not UTF-8: `\\xff`");
  CHECK(message<ValueError>([&] { words.encode("abc def"); }, file) == "encode: `def` is none of the 1 words");
  CHECK(message<ValueError>([&] { letters.encode("ab\xe2\x82"); }, file) == "encode: the text is not UTF-8: `\\xe2`");
  CHECK(message<ValueError>([&] { words.encode("\xc0\xaf"); }, file) == "encode: the text is not UTF-8: `\\xc0\\xaf`");
  CHECK(message<ValueError>([&] { letters.id("ab"); }, file) == "id: `ab` is none of the 3 characters");
  CHECK(message<ValueError>(
            [&] {
              words.encode_tokens({"abc", ""});
            },
            file) == "encode_tokens: `` is none of the 1 words");
  CHECK(message<IndexError>([&] { letters.decode({0, 3}); }, file) == "decode: there is no token 3 among 3");
  CHECK_THROWS_WITH_AS(letters.decode({0, -1}), doctest::Contains("position  1"), IndexError);
  CHECK(message<IndexError>([&] { letters.token(-1); }, file) == "token: there is no token -1 among 3");
  CHECK(message<DTypeError>([&] { letters.decode(tensor({1, 2})); }, file) == "decode: token numbers must be i64");
  CHECK(message<ShapeError>(
            [&] {
              letters.decode(tensor({{1, 2}}, i64));
            },
            file) == "decode: token numbers must have one axis; take a batch row by row");
  CHECK(message<ValueError>([&] { Vocabulary::characters("ab\xed\xa0\x80"); }, file) ==
        "Vocabulary: the text is not UTF-8: `\\xed\\xa0\\x80`");
  CHECK(message<ValueError>([&] { Vocabulary::words("a", {.min_count = -1}); }, file) ==
        "Vocabulary: min_count must be at least 0, not -1");
  CHECK(message<ValueError>([&] { Vocabulary::words("a", {.max_tokens = -1}); }, file) ==
        "Vocabulary: max_tokens must be at least 0, not -1");
}

TEST_CASE("vocabularies are saved and loaded") {
  std::string text = "a b\\c\nd\te\rf\v\xc3\xa4\xf0\x9f\x98\x80";
  text += '\0';
  for (const Vocabulary& saved :
       {Vocabulary::characters(text, {.bos = true, .unk = true}), Vocabulary::words(text, {.pad = true}),
        Vocabulary::characters(""), Vocabulary::words("n \\n")}) {
    File file;
    saved.save(file.path);
    Vocabulary loaded = Vocabulary::load(file.path);
    CHECK(loaded.size() == saved.size());
    for (std::int64_t i = 0; i < saved.size(); ++i) CHECK(loaded.token(i) == saved.token(i));
    CHECK(loaded.has_pad() == saved.has_pad());
    CHECK(loaded.has_bos() == saved.has_bos());
    if (saved.size() > 5) CHECK(loaded.encode(text) == saved.encode(text));
    File again;
    loaded.save(again.path);
    CHECK(read_bytes(again.path) == read_bytes(file.path));
  }
  File file;
  Vocabulary::characters(" a\n", {.pad = true, .eos = true}).save(file.path);
  CHECK(read_bytes(file.path) == "xgrad vocabulary 1\nunit character\nspecial pad eos\ntokens 3\n\\n\n\\s\na\n");
  CHECK(message<FormatError>([] { Vocabulary::words("").save("/nowhere/x"); }, "vocabulary_test.cpp") ==
        "save: cannot create the file: No such file or directory");
}

TEST_CASE("files that are no vocabulary") {
  std::string head = "xgrad vocabulary 1\nunit word\nspecial\n";
  CHECK(complaint("") == "load: the file ends where xgrad vocabulary 1 should be\n  place  FILE:1");
  CHECK(complaint("words\n") == "load: a line is `words`, not `xgrad vocabulary 1`\n  place  FILE:1");
  CHECK(complaint("xgrad vocabulary 1\nunit page\n") ==
        "load: the unit is `page`, not `character` or `word`\n  place  FILE:2");
  CHECK(complaint("xgrad vocabulary 1\nunits word\n") == "load: a line is `units word`, not `unit …`\n  place  FILE:2");
  CHECK(complaint("xgrad vocabulary 1\nunit word\nspecial eos pad\n") ==
        "load: the special tokens are some of `pad bos eos unk`, in this order, not `eos pad`\n  place  FILE:3");
  CHECK(complaint(head + "tokens -1\n").starts_with("load: `tokens` is `-1`, not a number from 0 to "));
  CHECK(complaint(head + "tokens 99999999999999999999\n").starts_with("load: `tokens` is `99999999999999999999`, not"));
  CHECK(complaint(head + "tokens 1000\n").starts_with("load: `tokens` is `1000`, not a number from 0 to "));
  CHECK(complaint(head + "tokens 1x\n").starts_with("load: `tokens` is `1x`, not a number"));
  CHECK(complaint(head + "tokens 3\na\nb\n") == "load: the file ends where a token should be\n  place  FILE:7");
  CHECK(complaint(head + "tokens 2\na\nb") ==
        "load: the last line does not end; the file is cut short\n  place  FILE:6");
  CHECK(complaint(head + "tokens 1\na\nb\n") == "load: something follows the 1 tokens\n  place  FILE:6");
  CHECK(complaint(head + "tokens 1\n\\x\n") ==
        "load: a backslash stands before none of `\\nrst`: `\\x`\n  place  FILE:5");
  CHECK(complaint(head + "tokens 1\na\\\n") ==
        "load: a backslash stands before none of `\\nrst`: `a\\`\n  place  FILE:5");
  CHECK(complaint(head + "tokens 1\na b\n") == "load: a token is `a b`, not a word without spaces\n  place  FILE:5");
  CHECK(complaint(head + "tokens 1\n\n") == "load: a token is ``, not a word without spaces\n  place  FILE:5");
  CHECK(complaint(head + "tokens 1\n\xff\n") == "load: a token is not UTF-8: `\\xff`\n  place  FILE:5");
  CHECK(complaint(head + "tokens 3\nb\na\nb\n") ==
        "load: the token `b` stands twice, the second time in line 7\n  file  FILE");
  CHECK(complaint("xgrad vocabulary 1\nunit character\nspecial\ntokens 1\nab\n") ==
        "load: a token is `ab`, not one character\n  place  FILE:5");
  CHECK_THROWS_WITH_AS(Vocabulary::load(File(head).path, {.max_bytes = 5}), doctest::Contains("max_bytes"),
                       FormatError);
}

TEST_CASE("texts are read") {
  std::string text = "na\xc3\xafve\n";
  CHECK(read_text(File(text, ".txt").path) == text);
  CHECK(read_text(File(gzip(text), ".gz").path) == text);
  CHECK(read_text(File("", ".txt").path).empty());
  auto say = [](const std::string& path) { read_text(path); };
  CHECK(format_complaint(File("ab\xe9xyz", ".txt"), say) ==
        "read_text: the text is not UTF-8: `\\xe9xyz`\n  file  FILE\n  byte  2");
  CHECK_THROWS_WITH_AS(read_text("/nowhere"), doctest::Contains("read_text: cannot open the file"), FormatError);
  CHECK_THROWS_WITH_AS(read_text(File("abc").path, {.max_bytes = 2}), doctest::Contains("max_bytes"), FormatError);
}

TEST_CASE("the pronouncing dictionary") {
  File small(
      "MNCL\n(\"a\" dt (((ax) 0)))\n(\"AWOL\" n (((ey) 1) ((w ao l) 0)))\n(\"o'neil\" nil (((ow) 0) ((n iy l) 1)))\n");
  std::vector<Pronunciation> entries = cmu_dictionary(small.path);
  REQUIRE(entries.size() == 3);
  CHECK(entries[1].word == "awol");
  CHECK(entries[1].phonemes == std::vector<std::string>{"ey", "w", "ao", "l"});
  CHECK(entries[2].word == "o'neil");
  {
    const char* variable = std::getenv("CMU_DICTIONARY");
    std::string before = variable ? variable : "";
    setenv("CMU_DICTIONARY", small.path.c_str(), 1);
    CHECK(cmu_dictionary().size() == 3);
    if (variable) setenv("CMU_DICTIONARY", before.c_str(), 1);
    else unsetenv("CMU_DICTIONARY");
  }

  CHECK_THROWS_WITH_AS(cmu_dictionary("/nowhere"), doctest::Contains("apt-get install festlex-cmu"), FormatError);
  auto say = [](const std::string& bytes) {
    return format_complaint(File(bytes, ".out"), [](const std::string& path) { cmu_dictionary(path); });
  };
  CHECK(say("LISP\n") == "cmu_dictionary: a line is `LISP`, not `MNCL`\n  place  FILE:1");
  CHECK(say("MNCL\n(\"a\" dt (((ax) 0)))") ==
        "cmu_dictionary: the last line does not end; the file is cut short\n  place  FILE:2");
  for (const char* wrong : {"", "(\"a\" dt (((ax) 0))) ", "(\"a\" dt (((ax) 3)))", "(\"\" dt (((ax) 0)))",
                            "(\"a\" dt (((ax)))", "(\"a\" dt ())", "(\"a\" dt (((ax \xff) 0)))", "(\"a\" (((ax) 0)))"})
    CHECK(say("MNCL\n" + std::string(wrong) + "\n")
              .starts_with("cmu_dictionary: an entry is not of the form `(\"word\" nil (((w er d) 1)))`, from byte "));
}

TEST_CASE("the whole pronouncing dictionary, where it is") {
  const char* variable = std::getenv("CMU_DICTIONARY");
  if (!variable && !std::filesystem::exists("/usr/share/festival/dicts/cmu/cmudict-0.4.out")) {
    MESSAGE("there is no CMU_DICTIONARY, and festlex-cmu is not installed");
    return;
  }
  std::vector<Pronunciation> entries = cmu_dictionary();
  CHECK(entries.size() == 105901);
  std::set<std::string> words;
  for (const Pronunciation& entry : entries) words.insert(entry.word);
  CHECK(words.size() == 105664);
}
