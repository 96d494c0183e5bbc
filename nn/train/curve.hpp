// A curve of any length in bounded room.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace xg::nn::detail {

/// The means of 1, 2, 4, … neighbouring values, so that there are never more than `most` of them.
class Curve {
 public:
  explicit Curve(std::size_t most = 512) : most_(most) {}

  void add(double value) {
    sum_ += value;
    if (++count_ < spacing_) return;
    means_.push_back(sum_ / static_cast<double>(count_));
    sum_ = 0, count_ = 0;
    if (means_.size() < most_) return;
    for (std::size_t i = 0; i < means_.size() / 2; ++i) means_[i] = (means_[2 * i] + means_[2 * i + 1]) / 2;
    means_.resize(means_.size() / 2);
    spacing_ *= 2;
  }
  const std::vector<double>& means() const { return means_; }
  /// How many values each mean is of.
  std::int64_t spacing() const { return spacing_; }

 private:
  std::size_t most_;
  std::int64_t spacing_ = 1, count_ = 0;
  double sum_ = 0;
  std::vector<double> means_;
};

}  // namespace xg::nn::detail
