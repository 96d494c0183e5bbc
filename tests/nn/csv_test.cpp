// The CSV reader on files that are right, odd but right, and hostile.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using nn::data::Csv;
using nn::data::CsvOptions;
using nn::data::read_csv;

namespace {

std::vector<double> numbers(const std::string& text, bool header = false) {
  return read_csv(File(text).path, {.header = header}).values().to_vector<double>();
}

/// The message of the FormatError, with the file's path replaced by FILE.
std::string complaint(const std::string& text, const CsvOptions& options = {.header = false},
                      const std::string& suffix = ".csv") {
  return format_complaint(File(text, suffix), [&](const std::string& path) { read_csv(path, options); });
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("numbers and the names of their columns") {
  Csv csv = read_csv(File("x,y,label\n1,2.5,0\n-3e2,.5,1\n").path);
  CHECK(csv.rows() == 2);
  CHECK(csv.columns() == 3);
  CHECK(csv.names() == std::vector<std::string>{"x", "y", "label"});
  CHECK(csv.values().dtype() == f64);
  CHECK(csv.values().to_vector() == Values{1, 2.5, 0, -300, 0.5, 1});
  CHECK(csv.column("y").dtype() == f32);
  CHECK(csv.column("y").to_vector() == Values{2.5, 0.5});
  CHECK(csv.column("label", f64).shape() == Shape{2});
  CHECK(csv.without({"label"}).shape() == Shape{2, 2});
  CHECK(csv.without({"label"}).to_vector() == Values{1, 2.5, -300, 0.5});
  CHECK(csv.without({"x", "label"}, f64).to_vector() == Values{2.5, 0.5});
  CHECK(csv.labels("label").dtype() == i64);
  CHECK(csv.labels("label", 2).to_vector() == Values{0, 1});
}

TEST_CASE("odd but right") {
  CHECK(numbers("1,2\r\n3,4\r\n") == Values{1, 2, 3, 4});
  CHECK(numbers("1,2\n3,4") == Values{1, 2, 3, 4});
  CHECK(numbers("\xef\xbb\xbf"
                "1,2") == Values{1, 2});
  CHECK(numbers("\"1\",\"2.5\"\n\"3\",4\n") == Values{1, 2.5, 3, 4});
  CHECK(numbers("1,2\n\n\r\n\n") == Values{1, 2});
  CHECK(numbers("7") == Values{7});
  CHECK(numbers("1\n2\r\n3\n") == Values{1, 2, 3});
  CHECK(numbers("+1,-2,1e3,1E-3,1.,.5,0001,-0") == Values{1, -2, 1e3, 1e-3, 1, 0.5, 1, 0});
  CHECK(numbers("1e-400,4.9e-324,1.7976931348623157e308")[0] == 0);
  CHECK(std::signbit(numbers("-0.0")[0]));
  CHECK(std::isnan(numbers("nan,NaN")[1]));
  CHECK(numbers("inf,-inf,Infinity")[1] == -INFINITY);
  CHECK(numbers("0.1,123456789012345678")[0] == 0.1);
  CHECK(numbers("\"a \"\"quoted\"\", comma\nand line\",b\n1,2\n", true) == Values{1, 2});
  CHECK(read_csv(File("\"a \"\"quoted\"\", comma\nand line\",b\n1,2\n").path).names()[0] ==
        "a \"quoted\", comma\nand line");
  CHECK(read_csv(File("größe,数\n1,2\n").path).column("数").item() == 2);
  CHECK(read_csv(File("a;b\n1;2\n").path, {.separator = ';'}).column("b").item() == 2);
  CHECK(read_csv(File("a\tb\n1\t2\n").path, {.separator = '\t'}).column("b").item() == 2);
  Csv none = read_csv(File("a,b\n").path);
  CHECK(none.values().shape() == Shape{0, 2});
  CHECK(none.column("b").shape() == Shape{0});
  CHECK(none.without({"b"}).shape() == Shape{0, 1});
  CHECK(read_csv(File("a,b").path).rows() == 0);
  CHECK(numbers("\n1", true) == Values{1});  // one column, called ""
}

TEST_CASE("gzip") {
  std::string text = "a,b\n", row = "1.25,2\n";
  for (int i = 0; i < 100000; ++i) text += row;
  Csv csv = read_csv(File(gzip(text), ".csv.gz").path);
  CHECK(csv.rows() == 100000);
  CHECK(csv.column("a").to_vector<float>()[99999] == 1.25f);
  CHECK(read_csv(File(gzip("a,b\n"), ".csv").path).columns() == 2);  // known by its first bytes, not by its name
  CHECK(read_csv(File(gzip("a,b\n1,") + gzip("2\n"), ".gz").path).column("b").item() == 2);
  CHECK(read_csv(File(gzip("a\n1\n") + std::string(512, '\0'), ".gz").path).column("a").item() == 1);

  std::string packed = gzip(text);
  CHECK(complaint(packed.substr(0, packed.size() / 2), {}, ".gz") ==
        "read_csv: the gzip data ends early\n  file  FILE");
  CHECK(complaint(packed.substr(0, packed.size() - 1), {}, ".gz").starts_with("read_csv: the gzip data ends early"));
  CHECK(complaint(packed.substr(0, 2), {}, ".gz").starts_with("read_csv: the gzip data ends early"));
  std::string damaged = packed;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  CHECK(complaint(damaged, {}, ".gz").starts_with("read_csv: the gzip data is damaged: incorrect data check"));
  CHECK(complaint(packed + "more", {}, ".gz").starts_with("read_csv: something that is not gzip follows"));
  CHECK(complaint(packed + "\x1fmore", {}, ".gz").starts_with("read_csv: the gzip data is damaged"));
  CHECK(complaint("a,b\n1,2\n", {}, ".gz").starts_with("read_csv: the file's name ends in .gz, but it is not gzip"));
  CHECK(complaint(packed, {.max_bytes = 100000}, ".gz") ==
        "read_csv: unpacked, the file has more than the 100000 bytes that max_bytes allows\n  file  FILE");
  CHECK(complaint(gzip(std::string(std::size_t(1) << 26, '1')), {.max_bytes = 1 << 20}, ".gz")
            .starts_with("read_csv: unpacked"));  // a bomb of 64 MiB
  CHECK(complaint(gzip(""), {}, ".gz").starts_with("read_csv: the file is empty"));
}

TEST_CASE("a field that is no number is named with its line and column") {
  CHECK(complaint("x,mean radius\n1,2\n3,4x\n", {}) ==
        "read_csv: a field is not a number: `4x`\n  place  FILE:3:3, field 2 `mean radius`");
  CHECK(complaint("1,2\r\n33,\"4x\"\r\n") == "read_csv: a field is not a number: `4x`\n  place  FILE:2:4, field 2");
  CHECK(complaint("\xef\xbb\xbfx") == "read_csv: a field is not a number: `x`\n  place  FILE:1:1, field 1");
  for (const char* bad :
       {" 1",    "1 ",     "1 2",  "one",     "0x10", "1e", "e5", "--1",  "+-1", "+",   "-",   ".",   "1.2.3",
        "1_000", "nan(1)", "nanx", "infinit", "1;2",  "½",  "#",  "true", "1f",  "1d3", "++1", "-+1", "\t1"})
    CHECK_MESSAGE(complaint(std::string("0,") + bad + "\n").starts_with("read_csv: a field is not a number: `"), bad);
  CHECK(complaint("1,\n") == "read_csv: a field is empty\n  place  FILE:1:3, field 2");
  CHECK(complaint("1,") == "read_csv: a field is empty\n  place  FILE:1:3, field 2");
  CHECK(complaint("1,2,\n").starts_with("read_csv: a field is empty\n  place  FILE:1:5, field 3"));
  CHECK(complaint("\"\",1\n").starts_with("read_csv: a field is empty\n  place  FILE:1:1"));
  CHECK(complaint("1\n\n2\n") == "read_csv: a field is empty\n  place  FILE:2:1, field 1");
  CHECK(complaint("a,b\n1,2\n", {.header = false}).starts_with("read_csv: a field is not a number: `a`"));
  CHECK(complaint("1,1e999\n") == "read_csv: a number is out of the range of f64: `1e999`\n  place  FILE:1:3, field 2");
  CHECK(complaint("-1e400").starts_with("read_csv: a number is out of the range of f64: `-1e400`"));
  CHECK(complaint(std::string(1000, '9') + "x").find("9...`") != std::string::npos);
  CHECK(complaint("\x01\x7f").find("`\\x01\\x7f`") != std::string::npos);
}

TEST_CASE("rows, quotes and bytes that are wrong") {
  CHECK(complaint("1,2\n3\n") == "read_csv: a row has 1 field where the first has 2\n  place  FILE:2:1, field 1");
  CHECK(complaint("1,2\n3,4,5\n").starts_with("read_csv: a row has 3 fields where the first has 2\n  place  FILE:2:5"));
  CHECK(complaint("a,b\n1,2,x\n", {}).starts_with("read_csv: a row has 3 fields where the first has 2"));
  CHECK(complaint("\"1,2\n3,4\n") == "read_csv: a quote is never closed\n  place  FILE:1:1, field 1");
  CHECK(complaint("1,\"").starts_with("read_csv: a quote is never closed\n  place  FILE:1:3"));
  CHECK(complaint("\"1\"2,3\n").starts_with("read_csv: something follows a closing quote"));
  CHECK(complaint("\"1\" ,3\n").starts_with("read_csv: something follows a closing quote"));
  CHECK(complaint("1\"2\",3\n").starts_with("read_csv: a quote stands inside a field"));
  CHECK(complaint("1,2\r3,4\r").starts_with("read_csv: a carriage return stands alone"));
  CHECK(complaint("1,2\r").starts_with("read_csv: a carriage return stands alone"));
  CHECK(complaint(std::string("1,2\0", 4)).starts_with("read_csv: the text holds a NUL byte"));
  CHECK(complaint(std::string("\"a\0\",b\n1,2\n", 11), {}).starts_with("read_csv: the text holds a NUL byte"));
  CHECK(complaint("\xff\xfe"
                  "1\0,\0")
            .starts_with("read_csv: this is UTF-16"));
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                          "gr\xf6\xdf"
                          "e",
                          "\xe2\x82"})
    CHECK_MESSAGE(complaint(std::string(bad) + ",b\n1,2\n", {}).starts_with("read_csv: the text is not UTF-8"), bad);
  CHECK(complaint("") == "read_csv: the file is empty\n  place  FILE:1:1, field 1");
  CHECK(complaint("\n\n\r\n").starts_with("read_csv: the file is empty"));
  CHECK(complaint("\xef\xbb\xbf").starts_with("read_csv: the file is empty"));
  CHECK(complaint("1,2\n", {.max_bytes = 3}) ==
        "read_csv: the file's 4 bytes are more than the 3 bytes that max_bytes allows\n  file  FILE");
  CHECK(complaint("1", {.max_bytes = -5}).starts_with("read_csv: the file's 1 bytes are more than the 0"));
}

TEST_CASE("files that cannot be read") {
  CHECK_THROWS_WITH_AS(read_csv("/nowhere/at-all.csv"),
                       doctest::Contains("read_csv: cannot open the file: No such file or directory\n"
                                         "  file  /nowhere/at-all.csv\n  at  csv_test.cpp:"),
                       FormatError);
  CHECK_THROWS_WITH_AS(read_csv("/"), doctest::Contains("this is a directory, not a file"), FormatError);
  CHECK_THROWS_WITH_AS(read_csv("/dev/zero", {.max_bytes = 1 << 20}),
                       doctest::Contains("the file has more than the 1048576 bytes"), FormatError);
  for (char separator : {'"', '\n', '\r', '\0', '\xe9'})
    CHECK_THROWS_WITH_AS(read_csv("/dev/null", {.separator = separator}), doctest::Contains("a separator cannot be"),
                         ValueError);
}

TEST_CASE("columns and labels that are wrong") {
  File file("a,b,b,label\n1,2,3,0\n1,2,3,2\n1,2,3,1.5\n1,2,3,-1\n1,2,3,nan\n");
  Csv csv = read_csv(file.path);
  CHECK_THROWS_WITH_AS(csv.column("c"), doctest::Contains("column: no column is called `c`\n  file  "), ValueError);
  CHECK_THROWS_WITH_AS(csv.column("c"), doctest::Contains("\n  columns  a, b, b, label\n  at  csv_test.cpp"),
                       ValueError);
  CHECK_THROWS_WITH_AS(csv.without({"b"}), doctest::Contains("without: 2 columns are called `b`"), ValueError);
  CHECK_THROWS_WITH_AS(csv.labels("label", 2),
                       doctest::Contains("labels: a label is 2, not an integer from 0 to 1\n  place  "), FormatError);
  CHECK_THROWS_WITH_AS(csv.labels("label", 2), doctest::Contains(".csv:3, field 4 `label`"), FormatError);
  CHECK_THROWS_WITH_AS(csv.labels("label", 3), doctest::Contains("a label is 1.5, not an integer from 0 to 2"),
                       FormatError);
  CHECK_THROWS_WITH_AS(read_csv(File("y\n-1\n").path).labels("y"),
                       doctest::Contains("a label is -1, not an integer from 0\n"), FormatError);
  CHECK_THROWS_WITH_AS(read_csv(File("y\n1e300\n").path).labels("y"), doctest::Contains("a label is 1e+300"),
                       FormatError);
  CHECK_THROWS_WITH_AS(read_csv(File("y\nnan\n").path).labels("y"), doctest::Contains("a label is nan"), FormatError);
  CHECK_THROWS_WITH_AS(read_csv(File("1,2\n").path, {.header = false}).column("y"),
                       doctest::Contains("it was read without a header"), ValueError);
}

TEST_CASE("whatever the bytes are, the answer is a table or a FormatError") {
  std::mt19937 random(1);
  const std::string seed = "a,\"b \"\"c\"\"\",d\r\n1,2.5e3,-7\n\"4\",nan,\xc3\xb6\n";
  const std::string alphabet = std::string("0123456789.,\"\n\r-+eEnaif \t\0\x80\xc3\xff", 29);
  int tables = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = seed;
    for (unsigned edits = random() % 4 + 1; edits-- > 0;) {
      std::size_t at = random() % text.size();
      char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) text[at] = c;
      else if (random() % 2) text.insert(at, 1, c);
      else text.erase(at, random() % 3);
      if (text.empty()) text = seed;
    }
    if (i % 4 == 0) text = gzip(text);
    if (i % 8 == 0) text[random() % text.size()] ^= static_cast<char>(1 << random() % 8);
    File file(text);
    try {
      read_csv(file.path, {.header = i % 2 == 0, .max_bytes = 1 << 16});
      ++tables;
    } catch (const FormatError&) {
    }
  }
  CHECK(tables > 0);
}

TEST_CASE("the shipped data sets") {
  for (const char* name : {"breast_cancer", "digits", "iris", "wine"})
    CHECK(read_csv(std::string("examples/data/") + name + ".csv").labels("label").size() > 100);
  Csv digits = read_csv("examples/data/digits.csv");
  CHECK(digits.without({"label"}).shape() == Shape{1797, 64});
}
