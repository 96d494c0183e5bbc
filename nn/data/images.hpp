// Labelled images, kept as bytes, and where to find Fashion-MNIST.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataset.hpp"

namespace xg::nn::data {

/// Images of 8-bit pixels with a label each. A batch is `std::array{images, labels}`: f32 (B, C, H, W) with pixels from
/// 0 to 1 (the byte over 255), and i64 (B,). Copies share the pixels.
class LabelledImages {
 public:
  /// `shape` is (N, C, H, W); pixels are row-major. Throws ShapeError unless there are as many pixels as the shape says
  /// and labels are i64 (N,).
  LabelledImages(std::vector<std::uint8_t> pixels, const Shape& shape, const Tensor& labels, Site site = Site::here());

  std::int64_t size() const { return shape_[0]; }
  /// (N, C, H, W).
  const Shape& shape() const { return shape_; }
  std::array<Tensor, 2> batch(const Rows& rows, Site site = Site::here()) const;
  /// All images, f32 (N, C, H, W): four times the memory.
  Tensor images() const;
  /// i64 (N,).
  const Tensor& labels() const { return labels_; }

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> pixels_;
  Shape shape_;
  Tensor labels_;
};

/// A data set of images in classes.
struct ImageClasses {
  LabelledImages train, test;
  /// What the labels mean.
  std::vector<std::string> classes;
};

/// Fashion-MNIST: 60,000 and 10,000 images of (1, 28, 28) in ten classes of clothes, from the four IDX files
/// (`train-images-idx3-ubyte.gz`, ...; .gz or not) in `folder`; without one, in the folder that the environment
/// variable FASHION_MNIST names, else where Debian's package dataset-fashion-mnist puts them. Throws FormatError: a
/// file is missing (the message says how to get it), damaged, or not what it should be. H. Xiao, K. Rasul, R. Vollgraf,
/// "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms" (2017).
ImageClasses fashion_mnist(const std::string& folder = "", Site site = Site::here());
/// MNIST's handwritten digits: the same files and shapes, in `folder`.
ImageClasses mnist(const std::string& folder, Site site = Site::here());

}  // namespace xg::nn::data
