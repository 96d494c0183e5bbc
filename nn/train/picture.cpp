#include "picture.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/error/error.hpp"
#include "../data/atomic_file.hpp"

namespace xg::nn {
namespace {

void append_big_endian(std::string& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
}

void append_chunk(std::string& file, const char* kind, const std::string& data) {
  append_big_endian(file, static_cast<std::uint32_t>(data.size()));
  std::string body = kind + data;
  file += body;
  append_big_endian(file, static_cast<std::uint32_t>(
                              crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::uint8_t level(double value) {
  return static_cast<std::uint8_t>(std::isnan(value) ? 0 : std::lround(255 * std::clamp(value, 0.0, 1.0)));
}

/// Samples, row by row, with a pixel's colours side by side.
std::string samples(const Array& pixels, std::int64_t channels, std::int64_t height, std::int64_t width,
                    const Operand& given) {
  bool whole = pixels.dtype() == i64;
  Array values = pixels.cast(f64).contiguous();
  const double* from = values.data<double>();
  if (whole)
    for (std::int64_t i = 0; i < values.size(); ++i)
      if (!(from[i] >= 0 && from[i] <= 255))
        Complaint("png", "a pixel is " + std::to_string(static_cast<std::int64_t>(from[i])) + ", not from 0 to 255")
            .at(given.site())
            .raise<ValueError>();
  std::string bytes;
  for (std::int64_t y = 0; y < height; ++y) {
    bytes += '\0';  // no filter
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < channels; ++c) {
        double value = from[(c * height + y) * width + x];
        bytes += static_cast<char>(whole ? static_cast<std::uint8_t>(value) : level(value));
      }
  }
  return bytes;
}

}  // namespace

std::string png(const Operand& pixels) {
  Shape shape = pixels.shape();
  if (shape.size() == 2) shape = {1, shape[0], shape[1]};
  if (shape.size() != 3 || (shape[0] != 1 && shape[0] != 3))
    Complaint("png", "pixels are (H, W), (1, H, W) or (3, H, W), not " + to_string(pixels.shape()))
        .at(pixels.site())
        .raise<ShapeError>();
  if (pixels.dtype() == boolean)
    Complaint("png", "pixels are real numbers or integers, not booleans").at(pixels.site()).raise<DTypeError>();
  constexpr std::int64_t most = 1 << 20;
  if (shape[1] < 1 || shape[2] < 1 || shape[1] > most || shape[2] > most)
    Complaint("png",
              "a picture has from 1 to " + std::to_string(most) + " pixels a side, not " + to_string(pixels.shape()))
        .at(pixels.site())
        .raise<ValueError>();

  std::string raw = samples(pixels.array(), shape[0], shape[1], shape[2], pixels);
  uLongf size = compressBound(raw.size());
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()), raw.size(), 6);
  packed.resize(size);

  std::string file = "\x89PNG\r\n\x1a\n", header;
  append_big_endian(header, static_cast<std::uint32_t>(shape[2]));
  append_big_endian(header, static_cast<std::uint32_t>(shape[1]));
  constexpr char depth = 8, grey = 0, colour = 2;
  header += {depth, shape[0] == 1 ? grey : colour, 0, 0, 0};
  append_chunk(file, "IHDR", header);
  append_chunk(file, "IDAT", packed);
  append_chunk(file, "IEND", "");
  return file;
}

void write_png(const std::string& path, const Operand& pixels) {
  std::string bytes = png(pixels);
  data::write_file({"write_png", path, pixels.site()}, bytes);
}

Tensor tile(const Operand& pictures, const TileOptions& options) {
  Shape shape = pictures.shape();
  bool coloured = shape.size() == 4;
  if (shape.size() != 3 && !coloured)
    Complaint("tile", "pictures are (n, H, W) or (n, C, H, W), not " + to_string(shape))
        .at(pictures.site())
        .raise<ShapeError>();
  if (!is_differentiable(pictures.dtype()))
    Complaint("tile", std::string("pictures are of real numbers, not ") + name_of(pictures.dtype()))
        .at(pictures.site())
        .raise<DTypeError>();
  if (pictures.shape().elements() == 0 || options.columns < 0 || options.gap < 0)
    Complaint("tile", "there must be pictures, and neither columns nor gap be negative: " + to_string(shape) + ", " +
                          std::to_string(options.columns) + " and " + std::to_string(options.gap))
        .at(pictures.site())
        .raise<ValueError>();
  std::int64_t count = shape[0], channels = coloured ? shape[1] : 1, h = shape[shape.size() - 2], w = shape.back();
  std::int64_t columns =
      options.columns ? options.columns : static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  columns = std::min(columns, count);
  std::int64_t rows = (count + columns - 1) / columns;
  std::int64_t height = rows * (h + options.gap) - options.gap, width = columns * (w + options.gap) - options.gap;
  Array from = pictures.array().cast(f64).contiguous();
  Array all = Array::full({channels, height, width}, options.background, f64);
  double* to = all.fill<double>();
  for (std::int64_t i = 0; i < count; ++i) {
    const double* picture = from.data<double>() + i * channels * h * w;
    double low = 0, high = 1;
    if (options.stretch) {
      auto [least, most] = std::minmax_element(picture, picture + channels * h * w);
      low = *least, high = *most > *least ? *most : *least + 1;
    }
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t y = 0; y < h; ++y)
        for (std::int64_t x = 0; x < w; ++x)
          to[(c * height + i / columns * (h + options.gap) + y) * width + i % columns * (w + options.gap) + x] =
              (picture[(c * h + y) * w + x] - low) / (high - low);
  }
  return Tensor((coloured ? all : all.reshaped({height, width})).cast(pictures.dtype()));
}

}  // namespace xg::nn
