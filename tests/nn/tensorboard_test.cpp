// TensorBoard's event files, read back by a decoder of their formats, and by protoc where it is installed.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "../core/message.hpp"
#include "nn/train/records.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
namespace fs = std::filesystem;

namespace {

const char* here = "tensorboard_test.cpp:";

struct Folder {
  fs::path path = fs::temp_directory_path() / ("xgrad-board-" + std::to_string(::getpid()));
  ~Folder() { fs::remove_all(path); }
};

std::string bytes_of(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

template <class T>
T little_endian(const std::string& bytes, std::size_t at) {
  REQUIRE(at + sizeof(T) <= bytes.size());
  std::make_unsigned_t<T> value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return static_cast<T>(value);
}

/// Undoes the mask as its definition says.
std::uint32_t unmasked(std::uint32_t masked) {
  std::uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

/// The data of the records of a file, with all lengths and checksums checked.
std::vector<std::string> records(const std::string& file) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < file.size();) {
    auto length = little_endian<std::uint64_t>(file, at);
    REQUIRE(length <= file.size() - at - 16);
    CHECK(unmasked(little_endian<std::uint32_t>(file, at + 8)) == nn::detail::crc32c(file.substr(at, 8)));
    list.push_back(file.substr(at + 12, length));
    CHECK(unmasked(little_endian<std::uint32_t>(file, at + 12 + length)) == nn::detail::crc32c(list.back()));
    at += 16 + length;
  }
  return list;
}

/// The fields of a protocol buffer message: numbers and payloads.
struct Field {
  int number;
  int wire;
  std::uint64_t value = 0;  // of wires 0, 1, 5
  std::string bytes = {};   // of wire 2
  double real() const { return std::bit_cast<double>(value); }
  float single() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }
};

std::vector<Field> decode(const std::string& message) {
  std::vector<Field> fields;
  std::size_t at = 0;
  auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      REQUIRE(at < message.size());
      auto byte = static_cast<unsigned char>(message[at++]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    std::uint64_t key = varint();
    Field field{static_cast<int>(key >> 3), static_cast<int>(key & 7)};
    if (field.wire == 0) {
      field.value = varint();
    } else if (field.wire == 1) {
      field.value = little_endian<std::uint64_t>(message, at);
      at += 8;
    } else if (field.wire == 5) {
      field.value = little_endian<std::uint32_t>(message, at);
      at += 4;
    } else {
      REQUIRE(field.wire == 2);
      std::uint64_t length = varint();
      REQUIRE(length <= message.size() - at);
      field.bytes = message.substr(at, length);
      at += length;
    }
    fields.push_back(field);
  }
  return fields;
}

Field only(const std::vector<Field>& fields, int number) {
  const Field* found = nullptr;
  for (const Field& field : fields)
    if (field.number == number) {
      CHECK(found == nullptr);
      found = &field;
    }
  REQUIRE(found != nullptr);
  return *found;
}
Field only(const std::string& message, int number) { return only(decode(message), number); }

std::vector<double> doubles(const std::string& packed) {
  std::vector<double> list;
  for (std::size_t at = 0; at < packed.size(); at += 8)
    list.push_back(std::bit_cast<double>(little_endian<std::uint64_t>(packed, at)));
  return list;
}

/// The only value of an event: the fields of Summary.Value.
std::string value_of(const std::string& event) { return only(only(event, 5).bytes, 1).bytes; }

}  // namespace

TEST_CASE("CRC-32C has the values of RFC 3720 and of its check string") {
  using nn::detail::crc32c;
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  std::string rising(32, '\0'), falling(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  std::reverse_copy(rising.begin(), rising.end(), falling.begin());
  CHECK(crc32c(rising) == 0x46dd794eu);
  CHECK(crc32c(falling) == 0x113fdb5cu);
}

TEST_CASE("messages are encoded as protocol buffers define") {
  // The examples of the encoding's own description: a = 150, b = "testing".
  nn::detail::Message message;
  message.integer(1, 150);
  message.text(2, "testing");
  CHECK(message.bytes() == "\x08\x96\x01\x12\x07testing");
  nn::detail::Message extremes;
  extremes.integer(1, -1);
  extremes.integer(16, 0);
  extremes.single(2, 1.5f);
  CHECK(extremes.bytes() ==
        std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x80\x01\x00\x15\x00\x00\xc0\x3f", 19));
}

TEST_CASE("an event file starts with its version, and scalars follow at once") {
  Folder folder;
  nn::TensorBoard board((folder.path / "deep" / "run").string());
  CHECK(fs::path(board.path()).filename().string().starts_with("events.out.tfevents."));
  std::vector<std::string> events = records(bytes_of(board.path()));
  REQUIRE(events.size() == 1);
  CHECK(only(events[0], 3).bytes == "brain.Event:2");
  CHECK(only(events[0], 1).real() > 1.6e9);

  board.scalar("train/loss", 0.25, 7);
  board.write(8, {{"loss", NAN}, {"accuracy", 0.5}});
  events = records(bytes_of(board.path()));
  REQUIRE(events.size() == 3);
  CHECK(only(events[1], 2).value == 7);
  CHECK(only(value_of(events[1]), 1).bytes == "train/loss");
  CHECK(only(value_of(events[1]), 2).single() == 0.25f);
  std::vector<Field> values = decode(only(events[2], 5).bytes);
  REQUIRE(values.size() == 2);
  CHECK(std::isnan(only(values[0].bytes, 2).single()));
  CHECK(only(values[1].bytes, 1).bytes == "accuracy");

  nn::TensorBoard second((folder.path / "deep" / "run").string());
  CHECK(second.path() != board.path());
}

TEST_CASE("a histogram holds each finite value in the bucket it belongs to") {
  Folder folder;
  nn::TensorBoard board(folder.path.string());
  std::vector<double> values = {-3, -0.5, 0, 0, 1e-13, 0.5, 0.51, 2, 1e30, INFINITY, NAN};
  board.histogram("values", tensor(values), 3);
  std::string histogram = only(value_of(records(bytes_of(board.path()))[1]), 5).bytes;
  CHECK(only(histogram, 1).real() == -3);
  CHECK(only(histogram, 2).real() == 1e30);
  CHECK(only(histogram, 3).real() == 9);
  CHECK(only(histogram, 4).real() == doctest::Approx(1e30));
  CHECK(only(histogram, 5).real() == doctest::Approx(1e60));
  std::vector<double> limits = doubles(only(histogram, 6).bytes), counts = doubles(only(histogram, 7).bytes);
  REQUIRE(limits.size() == counts.size());
  CHECK(std::is_sorted(limits.begin(), limits.end()));
  CHECK(counts[0] == 0);
  for (std::size_t i = 1; i < limits.size(); ++i) {
    double expected = 0;
    for (double value : values)
      if (std::isfinite(value)) expected += value >= limits[i - 1] && value < limits[i];
    CHECK(counts[i] == expected);
  }
  board.histogram("none", zeros({0}), 4);
  histogram = only(value_of(records(bytes_of(board.path()))[2]), 5).bytes;
  CHECK(only(histogram, 3).real() == 0);
  CHECK(doubles(only(histogram, 6).bytes).size() == 1);
}

TEST_CASE("values that were counted already come out the same") {
  Folder folder;
  nn::TensorBoard board(folder.path.string());
  auto spread = [&](const Tensor& x, std::int64_t step) {
    inspect::Statistics known = inspect::statistics(x.array());
    board.spread("values", inspect::histogram(x.array(), known, 4), known, step);
    return only(value_of(records(bytes_of(board.path())).back()), 5).bytes;
  };
  std::string histogram = spread(tensor({0.0, 0.5, 1.0, 1.5, 2.0, 4.0, INFINITY}, f64), 1);
  CHECK(only(histogram, 1).real() == 0);
  CHECK(only(histogram, 2).real() == 4);
  CHECK(only(histogram, 3).real() == 6);
  CHECK(only(histogram, 4).real() == doctest::Approx(9));
  CHECK(only(histogram, 5).real() == doctest::Approx(23.5));
  CHECK(doubles(only(histogram, 6).bytes) == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(doubles(only(histogram, 7).bytes) == std::vector<double>{0, 2, 2, 1, 1});
  for (const Tensor& x : {full({5}, -2.5), zeros({3}), zeros({0})}) {
    histogram = spread(x, 2);
    std::vector<double> limits = doubles(only(histogram, 6).bytes);
    REQUIRE(limits.size() == 2);
    CHECK(limits[0] < limits[1]);
    CHECK(doubles(only(histogram, 7).bytes) == std::vector<double>{0, static_cast<double>(x.size())});
  }
}

TEST_CASE("histograms of a model, images and text") {
  Folder folder;
  nn::TensorBoard board(folder.path.string());
  nn::Linear layer(2, 3);
  sum(layer(ones({1, 2}))).backward();
  board.histograms(layer, 1);
  Tensor picture = full({3, 4, 5}, 0.5);
  board.image("filters", picture, 2);
  board.image("grey", full({4, 5}, 0.5), 2);
  board.text("note", "**bold**", 3);
  std::vector<std::string> events = records(bytes_of(board.path()));
  REQUIRE(events.size() == 8);
  CHECK(only(value_of(events[1]), 1).bytes == "weights/weight");
  CHECK(only(value_of(events[4]), 1).bytes == "gradients/bias");
  std::string image = only(value_of(events[5]), 4).bytes;
  CHECK(only(image, 1).value == 4);
  CHECK(only(image, 2).value == 5);
  CHECK(only(image, 3).value == 3);
  CHECK(only(image, 4).bytes == nn::png(picture));
  CHECK(only(only(value_of(events[6]), 4).bytes, 3).value == 1);
  std::string text = value_of(events[7]);
  CHECK(only(only(only(text, 9).bytes, 1).bytes, 1).bytes == "text");
  CHECK(only(only(text, 8).bytes, 8).bytes == "**bold**");
  CHECK(only(only(text, 8).bytes, 1).value == 7);
}

TEST_CASE("an event file refuses what it cannot show") {
  Folder folder;
  nn::TensorBoard board(folder.path.string());
  CHECK(message<DTypeError>([&] { board.histogram("mask", zeros({2}) == 0, 1); }, here) ==
        "TensorBoard: a histogram is of numbers, not of booleans");
  CHECK(message<ShapeError>([&] { board.image("vector", zeros({2}), 1); }, here) ==
        "png: pixels are (H, W), (1, H, W) or (3, H, W), not (2,)");
  CHECK(message<ValueError>(
            [&] {
              board.write(1, {{"a", 1}, {"a", 2}});
            },
            here) == "TensorBoard: two numbers are called `a`");
  CHECK(records(bytes_of(board.path())).size() == 1);
  std::ofstream(folder.path / "file") << "x";
  CHECK(message<FormatError>([&] { nn::TensorBoard((folder.path / "file" / "run").string()); }, here) ==
        "TensorBoard: cannot make the folder: Not a directory");
  if (::geteuid() != 0) {
    CHECK(
        message<FormatError>([] { nn::TensorBoard("/proc"); }, here).starts_with("TensorBoard: cannot open the file"));
  }
}

TEST_CASE("protoc decodes every record") {
  if (std::system("command -v protoc >/dev/null 2>&1") != 0) {
    MESSAGE("protoc is not installed (apt-get install protobuf-compiler): skipped");
    return;
  }
  Folder folder;
  nn::TensorBoard board(folder.path.string());
  board.scalar("loss", 0.25, 7);
  board.histogram("weights", tensor({1.0, 2.0, -1.0}), 8);
  board.image("grey", zeros({4, 5}), 9);
  board.text("note", "hello", 10);
  std::string decoded;
  for (const std::string& record : records(bytes_of(board.path()))) {
    std::string input = (folder.path / "record").string(), output = (folder.path / "decoded").string();
    std::ofstream(input, std::ios::binary) << record;
    REQUIRE(std::system(("protoc --decode_raw <" + input + " >" + output).c_str()) == 0);
    decoded += bytes_of(output);
  }
  CHECK(decoded.find("3: \"brain.Event:2\"") != std::string::npos);
  CHECK(decoded.find("2: 7\n5 {\n  1 {\n    1: \"loss\"\n    2: 0x3e800000\n  }\n}") != std::string::npos);
  CHECK(decoded.find("1: \"weights\"") != std::string::npos);
  CHECK(decoded.find("8: \"hello\"") != std::string::npos);
}
