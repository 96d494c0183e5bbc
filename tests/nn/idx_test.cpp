// IDX files and the sets of images made of them.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using nn::data::read_idx;

namespace {

std::string big(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string idx(int type, const std::vector<std::uint32_t>& lengths, const std::string& data) {
  std::string bytes = {0, 0, static_cast<char>(type), static_cast<char>(lengths.size())};
  for (std::uint32_t length : lengths) bytes += big(length);
  return bytes + data;
}

std::string complaint(const std::string& bytes, const std::string& suffix = ".idx") {
  return format_complaint(File(bytes, suffix), [](const std::string& path) { read_idx(path); });
}

/// The four files of an MNIST with `train` and `test` images; pixel k of image i is i + k, its label i % 10.
struct Folder {
  explicit Folder(std::uint32_t train, std::uint32_t test, bool packed = true) {
    std::filesystem::create_directory(folder.path);
    for (auto [half, count] : {std::pair("train", train), std::pair("t10k", test)}) {
      std::string images, labels;
      for (std::uint32_t i = 0; i < count; ++i) {
        for (std::uint32_t k = 0; k < 784; ++k) images += static_cast<char>(i + k);
        labels += static_cast<char>(i % 10);
      }
      write(half + std::string("-images-idx3-ubyte"), idx(8, {count, 28, 28}, images), packed);
      write(half + std::string("-labels-idx1-ubyte"), idx(8, {count}, labels), packed);
    }
  }
  void write(const std::string& name, const std::string& bytes, bool packed = true) {
    std::ofstream(folder.path + "/" + name + (packed ? ".gz" : ""), std::ios::binary) << (packed ? gzip(bytes) : bytes);
  }
  std::string complaint() {
    return format_complaint(folder, [](const std::string& path) { nn::data::mnist(path); });
  }
  File folder;
};

}  // namespace

TEST_CASE("every element type, big-endian") {
  CHECK(read_idx(File(idx(8, {3}, "\x01\xff\x80")).path).to_vector() == std::vector<double>{1, 255, 128});
  CHECK(read_idx(File(idx(9, {3}, "\x01\xff\x80")).path).to_vector() == std::vector<double>{1, -1, -128});
  CHECK(read_idx(File(idx(0x0B, {2}, {"\x01\x02\xff\xfe", 4})).path).to_vector() == std::vector<double>{258, -2});
  CHECK(read_idx(File(idx(0x0C, {2}, big(66051) + big(0xfffffffe))).path).to_vector() ==
        std::vector<double>{66051, -2});
  CHECK(read_idx(File(idx(0x0D, {2}, big(0x3fc00000) + big(0xff800000))).path).to_vector() ==
        std::vector<double>{1.5, -INFINITY});
  CHECK(read_idx(File(idx(0x0E, {1}, big(0x3ff80000) + big(1))).path).item() == 1.5 + 0x1p-52);
  CHECK(read_idx(File(idx(8, {3}, "abc")).path).dtype() == i64);
  CHECK(read_idx(File(idx(0x0D, {1}, big(0))).path).dtype() == f32);
  CHECK(read_idx(File(idx(0x0E, {1}, big(0) + big(0))).path).dtype() == f64);
}

TEST_CASE("any rank, gzip or not") {
  CHECK(read_idx(File(idx(8, {}, "\x07")).path).shape() == Shape{});
  CHECK(read_idx(File(idx(8, {2, 1, 3}, "abcdef")).path).shape() == Shape{2, 1, 3});
  CHECK(read_idx(File(idx(8, {0, 28, 28}, "")).path).shape() == Shape{0, 28, 28});
  CHECK(read_idx(File(gzip(idx(8, {2}, "ab")), ".gz").path).to_vector() == std::vector<double>{97, 98});
}

TEST_CASE("what is no IDX") {
  CHECK(complaint("").starts_with("read_idx: this is not IDX"));
  CHECK(complaint("\x7f"
                  "ELF....")
            .starts_with("read_idx: this is not IDX"));
  CHECK(complaint(idx(7, {1}, "a")) ==
        "read_idx: IDX has no element type 7; types are 8, 9, 11, 12, 13 and 14\n  file  FILE");
  CHECK(
      complaint(idx(8, {2, 3}, "").substr(0, 9)).starts_with("read_idx: the file ends in its 2 lengths: it has 9 by"));
  CHECK(complaint(idx(8, {2, 3}, "abcde")) ==
        "read_idx: the shape (2, 3) needs 6 bytes of data, but 5 are there\n  file  FILE");
  CHECK(complaint(idx(0x0E, {1}, "1234567")).find("needs 8 bytes of data, but 7 are there") != std::string::npos);
  CHECK(complaint(idx(8, {2}, "abc")).find("needs 2 bytes of data, but 3 are there") != std::string::npos);
  CHECK(complaint(idx(8, {0xffffffff, 0xffffffff, 0xffffffff}, "")).starts_with("read_idx: the lengths overflow: ("));
  CHECK(complaint(idx(8, {0x40000000, 4}, "")).find("needs 4294967296 bytes") != std::string::npos);
  CHECK(complaint("plain", ".gz").starts_with("read_idx: the file's name ends in .gz, but it is not gzip"));
  CHECK_THROWS_WITH_AS(read_idx(File(idx(8, {4}, "abcd")).path, {.max_bytes = 11}),
                       doctest::Contains("the file's 12 bytes are more than the 11 bytes that max_bytes allows"),
                       FormatError);
}

TEST_CASE("images as bytes") {
  nn::data::LabelledImages images({0, 51, 255, 1, 2, 3, 4, 5}, {2, 2, 1, 2}, tensor({7, 9}, i64));
  CHECK(images.size() == 2);
  auto [x, y] = images.batch({1, 0, 1});
  CHECK(x.shape() == Shape{3, 2, 1, 2});
  CHECK(x.dtype() == f32);
  CHECK(x(1).to_vector<float>() == std::vector<float>{0, 0.2f, 1, 1 / 255.0f});
  CHECK(y.to_vector<int>() == std::vector<int>{9, 7, 9});
  CHECK(all_equal(images.images()(1), x(0)));
  CHECK_THROWS_WITH_AS(images.batch({0, 2}), doctest::Contains("LabelledImages: there is no sample 2 among 2"),
                       IndexError);
  CHECK_THROWS_WITH_AS(nn::data::LabelledImages({0, 1, 2}, {2, 2}, tensor({7, 9}, i64)),
                       doctest::Contains("LabelledImages: 3 pixels do not make images of shape (2, 2) (N, C, H, W)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(nn::data::LabelledImages({0, 1}, {2, 1, 1, 1}, tensor({7.f, 9.f})),
                       doctest::Contains("LabelledImages: there must be an i64 label an image"), ShapeError);
}

TEST_CASE("an MNIST in a folder") {
  for (bool packed : {true, false}) {
    Folder files(12, 3, packed);
    nn::data::ImageClasses digits = nn::data::mnist(files.folder.path);
    CHECK(digits.train.shape() == Shape{12, 1, 28, 28});
    CHECK(digits.test.size() == 3);
    CHECK(digits.classes[7] == "7");
    auto [x, y] = digits.train.batch({11});
    CHECK(x.shape() == Shape{1, 1, 28, 28});
    CHECK(x(0, 0, 0, 1).item<float>() == 12 / 255.0f);
    CHECK(y.item<int>() == 1);
    CHECK(nn::data::fashion_mnist(files.folder.path).classes[9] == "Ankle boot");
  }
}

TEST_CASE("an MNIST that is not whole") {
  Folder files(12, 3);
  files.write("t10k-labels-idx1-ubyte", idx(8, {2}, "\1\2"));
  CHECK(files.complaint() == "mnist: there are 2 labels for 3 images\n  file  FILE/t10k-labels-idx1-ubyte");
  files.write("t10k-labels-idx1-ubyte", idx(8, {3}, "\1\2\x0a"));
  CHECK(files.complaint() == "mnist: label 2 is 10, not from 0 to 9\n  file  FILE/t10k-labels-idx1-ubyte");
  files.write("t10k-labels-idx1-ubyte", idx(8, {3, 1}, "\1\2\3"));
  CHECK(files.complaint() ==
        "mnist: these are not labels of bytes: the shape is (3, 1)\n  file  FILE/t10k-labels-idx1-ubyte.gz");
  files.write("t10k-images-idx3-ubyte", idx(8, {1, 28, 27}, std::string(28 * 27, 'x')));
  CHECK(files.complaint() ==
        "mnist: these are not images of 28 by 28 bytes: the shape is (1, 28, 27)\n  file  "
        "FILE/t10k-images-idx3-ubyte.gz");
  files.write("t10k-images-idx3-ubyte", idx(8, {0, 28, 28}, ""));
  CHECK(files.complaint().starts_with("mnist: these are not images of 28 by 28 bytes: the shape is (0, 28, 28)"));
  CHECK_THROWS_WITH_AS(nn::data::mnist("/nowhere"),
                       doctest::Contains("mnist: a file is missing\n  file  /nowhere/train-images-idx3-ubyte.gz\n"),
                       FormatError);
}

TEST_CASE("Fashion-MNIST is found, or how to get it is said") {
  CHECK_THROWS_WITH_AS(nn::data::fashion_mnist("/nowhere"), doctest::Contains("apt-get install dataset-fashion-mnist"),
                       FormatError);
  Folder files(12, 3);
  setenv("FASHION_MNIST", files.folder.path.c_str(), 1);
  CHECK(nn::data::fashion_mnist().train.size() == 12);
  unsetenv("FASHION_MNIST");
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) return;
  nn::data::ImageClasses fashion = nn::data::fashion_mnist();
  CHECK(fashion.train.shape() == Shape{60000, 1, 28, 28});
  CHECK(fashion.test.shape() == Shape{10000, 1, 28, 28});
  CHECK(fashion.classes[static_cast<std::size_t>(fashion.train.labels()(0).item<int>())] == "Ankle boot");
  CHECK(fashion.test.labels()(range(0, 5)).to_vector<int>() == std::vector<int>{9, 2, 1, 1, 6});
  CHECK(sum(fashion.test.labels() == 3).item<int>() == 1000);
}
