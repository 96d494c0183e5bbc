// PNG files and tiles.
#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const char* here = "picture_test.cpp:";

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

/// A PNG as its definition says: signature, chunks with checksums, one IHDR, one IDAT, IEND; rows without filter.
struct Decoded {
  std::uint32_t width = 0, height = 0, channels = 0;
  std::vector<int> samples;

  explicit Decoded(const std::string& file) {
    REQUIRE(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
    std::string packed, kinds;
    for (std::size_t at = 8; at < file.size();) {
      std::uint32_t length = big_endian(file, at);
      std::string body = file.substr(at + 4, length + 4), data = body.substr(4);
      kinds += body.substr(0, 4);
      CHECK(big_endian(file, at + 8 + length) ==
            crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
      if (body.starts_with("IHDR")) {
        width = big_endian(data, 0), height = big_endian(data, 4);
        CHECK(data[8] == 8);
        channels = data[9] == 2 ? 3 : 1;
      }
      if (body.starts_with("IDAT")) packed = data;
      at += 12 + length;
    }
    CHECK(kinds == "IHDRIDATIEND");
    uLongf size = (width * channels + 1) * height;
    std::string raw(size, '\0');
    REQUIRE(uncompress(reinterpret_cast<Bytef*>(raw.data()), &size, reinterpret_cast<const Bytef*>(packed.data()),
                       packed.size()) == Z_OK);
    REQUIRE(size == raw.size());
    for (std::uint32_t y = 0; y < height; ++y) {
      CHECK(raw[y * (width * channels + 1)] == 0);
      for (std::uint32_t x = 0; x < width * channels; ++x)
        samples.push_back(static_cast<unsigned char>(raw[y * (width * channels + 1) + 1 + x]));
    }
  }
};

}  // namespace

TEST_CASE("a grey picture comes back from its PNG") {
  Decoded decoded(nn::png(tensor({{0.0, 0.5, 1.0}, {-3.0, 7.0, NAN}})));
  CHECK(decoded.width == 3);
  CHECK(decoded.height == 2);
  CHECK(decoded.channels == 1);
  CHECK(decoded.samples == std::vector<int>{0, 128, 255, 0, 255, 0});
  Tensor levels = arange(256);
  CHECK(Decoded(nn::png(reshape(levels, {1, 16, 16}))).samples == levels.to_vector<int>());
}

TEST_CASE("colours stand side by side") {
  Tensor picture = stack({zeros({2, 2}), full({2, 2}, 0.2), ones({2, 2})});
  Decoded decoded(nn::png(picture));
  CHECK(decoded.channels == 3);
  CHECK(decoded.samples == std::vector<int>{0, 51, 255, 0, 51, 255, 0, 51, 255, 0, 51, 255});
}

TEST_CASE("a large picture that hardly compresses comes back") {
  seed(1);
  Tensor noise = randint(0, 256, {200, 300});
  CHECK(Decoded(nn::png(noise)).samples == noise.to_vector<int>());
}

TEST_CASE("tiles stand row by row, views and colours too") {
  Tensor pictures = reshape(arange(0, 12, f32), {3, 2, 2}) / 12;
  Tensor all = nn::tile(pictures, {.columns = 2, .gap = 1, .background = 1});
  CHECK(all_close(
      all * 12,
      tensor({{0, 1, 12, 4, 5}, {2, 3, 12, 6, 7}, {12, 12, 12, 12, 12}, {8, 9, 12, 12, 12}, {10, 11, 12, 12, 12}})));
  CHECK(nn::tile(pictures).shape() == Shape{5, 5});
  CHECK(nn::tile(pictures, {.columns = 9}).shape() == Shape{2, 8});
  CHECK(nn::tile(zeros({4, 3, 2, 2}), {.gap = 0}).shape() == Shape{3, 4, 4});
  Tensor stretched = nn::tile(pictures, {.columns = 3, .gap = 0, .stretch = true});
  CHECK(all_close(stretched(0) * 3, tensor({0, 1, 0, 1, 0, 1})));
  CHECK(all_equal(nn::tile(full({1, 2, 2}, 5), {.stretch = true}), zeros({2, 2})));
}

TEST_CASE("pictures refuse what they cannot show") {
  CHECK(message<ShapeError>(
            [] {
              nn::png(zeros({2, 3, 4}));
            },
            here) == "png: pixels are (H, W), (1, H, W) or (3, H, W), not (2, 3, 4)");
  CHECK(message<DTypeError>(
            [] {
              nn::png(zeros({2, 2}) == 0);
            },
            here) == "png: pixels are real numbers or integers, not booleans");
  CHECK(message<ValueError>(
            [] {
              nn::png(zeros({0, 2}));
            },
            here) == "png: a picture has from 1 to 1048576 pixels a side, not (0, 2)");
  CHECK(message<ValueError>(
            [] {
              nn::png(tensor({{0, 256}}, i64));
            },
            here) == "png: a pixel is 256, not from 0 to 255");
  CHECK(message<FormatError>(
            [] {
              nn::write_png("/nowhere/a.png", zeros({2, 2}));
            },
            "/nowhere/a.png") == "write_png: cannot create the file: No such file or directory");
  CHECK(message<ShapeError>(
            [] {
              nn::tile(zeros({2, 2}));
            },
            here) == "tile: pictures are (n, H, W) or (n, C, H, W), not (2, 2)");
  CHECK(message<DTypeError>(
            [] {
              nn::tile(zeros({2, 2, 2}, i64));
            },
            here) == "tile: pictures are of real numbers, not i64");
  CHECK(message<ValueError>(
            [] {
              nn::tile(zeros({0, 2, 2}));
            },
            here) == "tile: there must be pictures, and neither columns nor gap be negative: (0, 2, 2), 0 and 1");
  CHECK(message<ValueError>(
            [] {
              nn::tile(zeros({1, 2, 2}), {.gap = -1});
            },
            here) == "tile: there must be pictures, and neither columns nor gap be negative: (1, 2, 2), 0 and -1");
}

TEST_CASE("a PNG file holds the bytes of png") {
  std::string path =
      (std::filesystem::temp_directory_path() / ("xgrad" + std::to_string(::getpid()) + ".png")).string();
  nn::write_png(path, full({3, 3}, 0.5));
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  std::filesystem::remove(path);
  CHECK(all.str() == nn::png(full({3, 3}, 0.5)));
}
