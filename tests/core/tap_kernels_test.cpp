// The inner loops of convolution, for every kind of processor that this one can stand in for.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/kernels/tap_kernels.hpp"

using namespace xg::kernels;

namespace {

template <class T>
std::vector<T> numbers(std::size_t count, std::mt19937& random) {
  std::vector<T> result(count);
  for (T& x : result) x = static_cast<T>(std::uniform_real_distribution<double>(-1, 1)(random));
  return result;
}

template <class T>
void check_close(const std::vector<T>& found, const std::vector<double>& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(found[i]) - expected[i]));
  CHECK(worst < (sizeof(T) == 4 ? 1e-4 : 1e-12));
}

template <class T>
void check_sums(const TapKernels<T>& kernels) {
  std::mt19937 random(1);
  for (std::int64_t pixels = 1; pixels <= 40; ++pixels)
    for (std::int64_t taps : {0, 1, 7, 30}) {
      CAPTURE(pixels);
      CAPTURE(taps);
      std::vector<T> source = numbers<T>(200, random);
      std::vector<std::int64_t> offsets;
      for (std::int64_t t = 0; t < taps; ++t) offsets.push_back(static_cast<std::int64_t>(random() % 160));
      for (std::int64_t vectors : {1, 2}) {
        std::int64_t width = vectors * kernels.lanes;
        std::vector<T> weights = numbers<T>(taps * width, random), start = numbers<T>(width, random);
        std::vector<T> found(pixels * width);
        kernels.sums(source.data(), offsets.data(), taps, weights.data(), start.data(), found.data(), pixels, vectors);
        std::vector<double> expected;
        for (std::int64_t p = 0; p < pixels; ++p)
          for (std::int64_t c = 0; c < width; ++c) {
            double total = start[c];
            for (std::int64_t t = 0; t < taps; ++t) total += double(source[offsets[t] + p]) * weights[t * width + c];
            expected.push_back(total);
          }
        check_close(found, expected);
      }
      std::vector<T> weights = numbers<T>(taps, random), found(pixels);
      kernels.row(source.data(), offsets.data(), taps, weights.data(), T(0.5), found.data(), pixels);
      std::vector<double> expected(pixels, 0.5);
      for (std::int64_t p = 0; p < pixels; ++p)
        for (std::int64_t t = 0; t < taps; ++t) expected[p] += double(source[offsets[t] + p]) * weights[t];
      check_close(found, expected);
    }
}

template <class T>
void check_products(const TapKernels<T>& kernels) {
  std::mt19937 random(2);
  CHECK(kernels.shifts >= 5);
  for (std::int64_t width : {1, 3, 4, 9, 16, 28, 37})
    for (std::int64_t planes = 1; planes <= 7; ++planes)
      for (std::int64_t shifts = 1; shifts <= kernels.shifts; ++shifts)
        for (std::int64_t vectors : {1, 2}) {
          CAPTURE(width);
          CAPTURE(planes);
          CAPTURE(shifts);
          std::int64_t rows = 3, row = width + shifts + 2, plane = rows * row + 1, count = vectors * kernels.lanes;
          std::int64_t pixel = count + 3, other_row = width * pixel + 5;
          std::vector<T> source = numbers<T>(planes * plane, random), other = numbers<T>(rows * other_row, random);
          std::vector<T> found(planes * shifts * count, T(1));
          typename TapKernels<T>::Window window{source.data(), plane, row,          other.data(),   other_row,
                                                rows,          width, found.data(), shifts * count, count};
          kernels.products(window, planes, shifts, pixel, vectors);
          std::vector<double> expected(found.size(), 1.0);
          for (std::int64_t j = 0; j < planes; ++j)
            for (std::int64_t k = 0; k < shifts; ++k)
              for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t p = 0; p < width; ++p)
                  for (std::int64_t c = 0; c < count; ++c)
                    expected[(j * shifts + k) * count + c] +=
                        double(source[j * plane + r * row + p + k]) * other[r * other_row + p * pixel + c];
          check_close(found, expected);
          if (shifts > 1 || vectors > 1) continue;
          std::vector<T> dots(planes, T(2));
          window.result = dots.data();
          window.result_plane = 1;
          kernels.dots(window, planes);
          std::vector<double> sums(planes, 2.0);
          for (std::int64_t j = 0; j < planes; ++j)
            for (std::int64_t r = 0; r < rows; ++r)
              for (std::int64_t p = 0; p < width; ++p)
                sums[j] += double(source[j * plane + r * row + p]) * other[r * other_row + p];
          check_close(dots, sums);
        }
}

}  // namespace

TEST_CASE_TEMPLATE("the kernels of convolution for each width of vectors are what their comments say", T, float,
                   double) {
  for (const TapKernels<T>& kernels : all_tap_kernels<T>()) {
    CAPTURE(kernels.lanes);
    check_sums(kernels);
    check_products(kernels);
  }
}
