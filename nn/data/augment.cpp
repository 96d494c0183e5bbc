#include "augment.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "../../core/error/error.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/shape.hpp"

namespace xg::nn::data {
namespace {

void check_images(const char* op, const Operand& images) {
  if (images.shape().rank() != 4)
    Complaint(op, "images are (N, C, H, W), not " + to_string(images.shape()))
        .fact("images", describe(images))
        .at(images.site())
        .raise<ShapeError>();
}

}  // namespace

Tensor random_horizontal_flip(const Operand& images, double p, Rng& rng) {
  check_images("random_horizontal_flip", images);
  if (!(p >= 0 && p <= 1))
    Complaint("random_horizontal_flip", "a probability is from 0 to 1, not " + std::to_string(p))
        .at(images.site())
        .raise<ValueError>();
  Array result = images.array().copy();
  const Shape& shape = result.shape();
  Array chance = draw::uniform(Shape{shape[0]}, f64, rng);
  std::int64_t width = shape[3], rows = shape[1] * shape[2];
  visit(result.dtype(), [&](auto t) {
    using T = decltype(t);
    for (std::int64_t n = 0; n < shape[0]; ++n) {
      if (!(chance.data<double>()[n] < p)) continue;
      T* image = result.fill<T>() + n * rows * width;
      for (std::int64_t row = 0; row < rows; ++row) std::reverse(image + row * width, image + (row + 1) * width);
    }
  });
  return Tensor(std::move(result));
}

Tensor random_crop(const Operand& images, std::int64_t padding, Rng& rng) {
  check_images("random_crop", images);
  if (padding < 0 || padding > std::numeric_limits<std::int32_t>::max())
    Complaint("random_crop", "the padding cannot be " + std::to_string(padding) + " pixels")
        .at(images.site())
        .raise<ValueError>();
  Array from = images.array().contiguous();
  const Shape& shape = from.shape();
  Array result = Array::zeros(shape, from.dtype());
  Array moves = draw::integers(-padding, padding + 1, Shape{shape[0], 2}, rng);
  std::int64_t height = shape[2], width = shape[3], size = static_cast<std::int64_t>(xg::size_of(from.dtype()));
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    std::int64_t down = moves.data<std::int64_t>()[2 * n], right = moves.data<std::int64_t>()[2 * n + 1];
    // result[i, j] = from[i + down, j + right] where that is inside.
    std::int64_t top = std::max<std::int64_t>(0, -down), bottom = std::min(height, height - down);
    std::int64_t left = std::max<std::int64_t>(0, -right), count = std::min(width, width - right) - left;
    if (count <= 0) continue;
    for (std::int64_t c = 0; c < shape[1]; ++c)
      for (std::int64_t i = top; i < bottom; ++i) {
        std::int64_t plane = (n * shape[1] + c) * height;
        std::memcpy(result.fill_bytes() + ((plane + i) * width + left) * size,
                    from.bytes() + ((plane + i + down) * width + left + right) * size,
                    static_cast<std::size_t>(count * size));
      }
  }
  return Tensor(std::move(result));
}

Tensor normalize_channels(const Operand& images, const std::vector<double>& mean,
                          const std::vector<double>& deviation) {
  check_images("normalize_channels", images);
  auto fits = [&](const std::vector<double>& numbers) {
    return numbers.size() == 1 || static_cast<std::int64_t>(numbers.size()) == images.shape()[1];
  };
  if (!fits(mean) || !fits(deviation))
    Complaint("normalize_channels", std::to_string(mean.size()) + " means and " + std::to_string(deviation.size()) +
                                        " deviations do not fit " + std::to_string(images.shape()[1]) + " channels")
        .fact("images", describe(images))
        .at(images.site())
        .raise<ShapeError>();
  auto channels = [&](const std::vector<double>& numbers) {
    return reshape(tensor(numbers, real(images.dtype())), {static_cast<std::int64_t>(numbers.size()), 1, 1});
  };
  return (images.tensor() - channels(mean)) / channels(deviation);
}

}  // namespace xg::nn::data
