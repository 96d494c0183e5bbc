// The axes of a plot: which numbers they name, and where.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plot.hpp"

namespace xg::nn::detail {

/// The numbers from `low` to `high` that an axis names: multiples of 1, 2 or 5 times a power of ten, about `most` of
/// them and at least `least` apart.
struct Ticks {
  double step;
  std::vector<double> at;

  Ticks(double low, double high, int most, double least = 0);
  std::string label(double value) const;
};

/// The ordinate of some curves.
struct Scale {
  double low, high;
  bool logarithmic;
  std::vector<std::pair<double, std::string>> ticks;  // where, from 0 at the bottom to 1, and what

  Scale(const std::vector<Series>& curves, bool logarithmic, int most);
  /// NaN where a logarithmic axis has no place for the value.
  double transformed(double value) const;
  double place(double v) const { return (v - low) / (high - low); }

 private:
  void name_steps(int most);
  void name_decades();
};

}  // namespace xg::nn::detail
