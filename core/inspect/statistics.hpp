// What a look at many numbers tells: norms, extremes, how many are zero or not finite, how they are distributed.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../array/array.hpp"

namespace xg::inspect {

/// A summary of an array. Numbers that are not finite are counted, and left out of all the rest. Without finite numbers
/// the norm is 0, and mean, deviation, least and greatest are NaN.
struct Statistics {
  std::int64_t count = 0, zeros = 0, nans = 0, infinities = 0;
  /// √Σx².
  double norm = 0;
  /// The deviation is √(Σ(x − mean)²/n), as NumPy's.
  double mean = NAN, deviation = NAN, least = NAN, greatest = NAN;
  /// Row-major index of the first number that is not finite; −1 when there is none.
  std::int64_t first_bad = -1;

  bool finite() const { return nans + infinities == 0; }
  /// √(Σx²/n): a size that does not grow with the number of elements.
  double root_mean_square() const;
  /// zeros / count; 0 of nothing.
  double zero_share() const { return count > 0 ? static_cast<double>(zeros) / static_cast<double>(count) : 0; }
};

/// One pass over the numbers; booleans count as 0 and 1.
Statistics statistics(const Array& values);

/// Whether every number is exactly 0.
bool is_zero(const Array& values);

/// How finite numbers are spread: `counts[i]` of them lie in the i-th of equally wide bins from `low` to `high`, the
/// last of which holds `high` too. Without finite numbers all counts are 0.
struct Histogram {
  double low = 0, high = 0;
  std::vector<std::int64_t> counts;

  /// Where bin i ends.
  double end(std::size_t i) const;
};

/// From the least to the greatest number; equal numbers all fall into the first bin.
Histogram histogram(const Array& values, int bins = 40);
/// The same where the statistics of the values are known already.
Histogram histogram(const Array& values, const Statistics& known, int bins = 40);

}  // namespace xg::inspect
