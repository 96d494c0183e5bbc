// Random changes to batches of images, for training on more than there is.
#pragma once

#include <vector>

#include "../../core/array/random.hpp"
#include "../../core/graph/tensor.hpp"

namespace xg::nn::data {

/// Mirrors each image of a batch (N, C, H, W) left to right with probability p. Not differentiable. Throws ShapeError
/// for another rank, ValueError unless 0 ≤ p ≤ 1. torchvision's `RandomHorizontalFlip`, image by image.
Tensor random_horizontal_flip(const Operand& images, double p, Rng& rng);
/// Puts `padding` zeros around each image of a batch (N, C, H, W) and cuts it out at random in its old size: moves it
/// by up to `padding` pixels. Not differentiable. Throws ShapeError for another rank, ValueError for a negative
/// padding. torchvision's `RandomCrop(size, padding)`, image by image.
Tensor random_crop(const Operand& images, std::int64_t padding, Rng& rng);
/// (x − mean[c]) / deviation[c] for each channel c of (N, C, H, W); one number serves all channels. Differentiable.
/// Throws ShapeError when there are as many as neither 1 nor C. torchvision's `Normalize`.
Tensor normalize_channels(const Operand& images, const std::vector<double>& mean, const std::vector<double>& deviation);

}  // namespace xg::nn::data
