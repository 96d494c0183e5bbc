// Linear maps along the last axes of an array, such as averages over windows and interpolation.
#pragma once

#include <vector>

#include "../array/array.hpp"

namespace xg::kernels {

/// y[o] = Σ weight · x[place] over the terms of o. Arrays, so that copies share them.
class AxisMap {
 public:
  struct Term {
    std::int64_t place;
    double weight;
  };
  /// `terms` has one list for each position of the result.
  AxisMap(std::int64_t from, const std::vector<std::vector<Term>>& terms);

  std::int64_t from() const { return from_; }
  std::int64_t to() const { return starts_.size() - 1; }
  std::int64_t terms() const { return places_.size(); }
  /// Where the terms of each position start in the two lists below, and where the last ones end.
  const std::int64_t* starts() const { return starts_.data<std::int64_t>(); }
  const std::int64_t* places() const { return places_.data<std::int64_t>(); }
  const Array& weights() const { return weights_; }
  AxisMap transposed() const;

 private:
  std::int64_t from_;
  Array starts_, places_, weights_;
};
using AxisMaps = SmallVector<AxisMap, 2>;

/// x with its last axis, or its last two, mapped. f32 or f64.
Array resample(const Array& x, const AxisMaps& maps);

}  // namespace xg::kernels
