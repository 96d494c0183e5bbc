// Curves drawn in text.
#pragma once

#include <string>
#include <vector>

namespace xg::nn {

struct PlotOptions {
  std::string title = "loss";
  /// What the points are numbered in, the first one's number, and how far on the next is.
  std::string unit = "epoch";
  double first = 1, spacing = 1;
  /// Logarithmic ordinate; values ≤ 0 are left out.
  bool logarithmic = false;
  /// Of the field with the curves, in characters.
  int width = 60, height = 12;
};

/// One curve: its name, and its value at each point.
struct Series {
  std::string name;
  std::vector<double> values;
};

/// Draws curves in braille dots, with axes, as lines of text; the second is dotted, the third dashed. Values that are
/// not finite leave gaps.
std::string plot(const std::vector<Series>& curves, const PlotOptions& options = {});

}  // namespace xg::nn
