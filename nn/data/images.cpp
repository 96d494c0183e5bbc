#include "images.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "../../core/error/error.hpp"
#include "idx_bytes.hpp"

namespace xg::nn::data {
namespace {

/// Each byte over 255, rounded to nearest.
const float* fractions() {
  static const auto table = [] {
    std::array<float, 256> table;
    for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<float>(i) / 255.0f;
    return table;
  }();
  return table.data();
}

constexpr const char* debian_folder = "/usr/share/datasets/fashion-mnist";

bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

/// Reads the images and labels of one half of MNIST, or of a set like it.
LabelledImages read_half(const char* op, const std::string& folder, const std::string& half, bool debian,
                         const Site& site) {
  auto read = [&](const char* kind, const Shape& lengths) {
    std::string path = folder + "/" + half + kind;
    if (!is_there(path) && is_there(path + ".gz")) path += ".gz";
    if (!is_there(path)) {
      Complaint complaint(op, "a file is missing");
      complaint.fact("file", path + ".gz").at(site);
      if (debian) complaint.mend("apt-get install dataset-fashion-mnist");
      complaint.raise<FormatError>();
    }
    Source source{op, path, site};
    IdxBytes idx = read_idx_bytes(source, std::int64_t(1) << 30);
    bool fits = idx.element == Element::u8 && idx.shape.size() == lengths.size() && idx.shape[0] > 0;
    for (std::size_t i = 1; fits && i < lengths.size(); ++i) fits = idx.shape[i] == lengths[i];
    if (!fits)
      source.fail(std::string("these are not ") +
                  (lengths.size() == 3 ? "images of 28 by 28 bytes" : "labels of bytes") + ": the shape is " +
                  to_string(idx.shape));
    return idx;
  };
  IdxBytes images = read("-images-idx3-ubyte", {-1, 28, 28}), labels = read("-labels-idx1-ubyte", {-1});
  std::string path = folder + "/" + half + "-labels-idx1-ubyte";
  Source source{op, path, site};
  if (images.shape[0] != labels.shape[0])
    source.fail("there are " + std::to_string(labels.shape[0]) + " labels for " + std::to_string(images.shape[0]) +
                " images");
  for (std::size_t i = labels.start; i < labels.bytes.size(); ++i)
    if (static_cast<unsigned char>(labels.bytes[i]) > 9)
      source.fail("label " + std::to_string(i - labels.start) + " is " +
                  std::to_string(static_cast<unsigned char>(labels.bytes[i])) + ", not from 0 to 9");
  std::string fault;
  Tensor label(read_elements(labels.bytes.data() + labels.start, labels.shape, labels.element, true, fault));
  return LabelledImages(
      std::vector<std::uint8_t>(images.bytes.begin() + static_cast<std::ptrdiff_t>(images.start), images.bytes.end()),
      {images.shape[0], 1, 28, 28}, label, site);
}

}  // namespace

LabelledImages::LabelledImages(std::vector<std::uint8_t> pixels, const Shape& shape, const Tensor& labels, Site site)
    : shape_(shape), labels_(labels.array().contiguous()) {
  if (shape.rank() != 4 || checked_elements(shape) != static_cast<std::int64_t>(pixels.size()))
    Complaint("LabelledImages", std::to_string(pixels.size()) + " pixels do not make images of shape " +
                                    to_string(shape) + " (N, C, H, W)")
        .at(site)
        .raise<ShapeError>();
  if (labels.dtype() != i64 || labels.shape() != Shape{shape[0]})
    Complaint("LabelledImages", "there must be an i64 label an image")
        .fact("labels", describe(labels))
        .fact("images", to_string(shape))
        .at(site)
        .raise<ShapeError>();
  pixels_ = std::make_shared<const std::vector<std::uint8_t>>(std::move(pixels));
}

std::array<Tensor, 2> LabelledImages::batch(const Rows& rows, Site site) const {
  detail::check_rows("LabelledImages", rows, size(), site);
  Shape shape = shape_;
  shape[0] = static_cast<std::int64_t>(rows.size());
  Array images(shape, f32);
  std::int64_t pixels = shape_[1] * shape_[2] * shape_[3];
  float* to = images.fill<float>();
  const float* fraction = fractions();
  for (std::int64_t i : rows) {
    const std::uint8_t* from = pixels_->data() + i * pixels;
    for (std::int64_t k = 0; k < pixels; ++k) *to++ = fraction[from[k]];
  }
  return {Tensor(std::move(images)), detail::take_rows(labels_, rows)};
}

Tensor LabelledImages::images() const { return batch(detail::all_rows(size()))[0]; }

ImageClasses fashion_mnist(const std::string& folder, Site site) {
  const char* variable = std::getenv("FASHION_MNIST");
  std::string where = !folder.empty() ? folder : variable && *variable ? variable : debian_folder;
  return {read_half("fashion_mnist", where, "train", true, site),
          read_half("fashion_mnist", where, "t10k", true, site),
          {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}};
}

ImageClasses mnist(const std::string& folder, Site site) {
  return {read_half("mnist", folder, "train", false, site),
          read_half("mnist", folder, "t10k", false, site),
          {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}};
}

}  // namespace xg::nn::data
