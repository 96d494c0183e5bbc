#include "axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xg::nn::detail {

Ticks::Ticks(double low, double high, int most, double least) {
  double rough = std::max((high - low) / most, least);
  double power = std::pow(10.0, std::floor(std::log10(rough)));
  step = 10 * power;
  for (double multiple : {5.0, 2.0, 1.0})
    if (multiple * power >= rough * (1 - 1e-9)) step = multiple * power;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) at.push_back(k * step);
}

std::string Ticks::label(double value) const {
  if (std::abs(value) >= 1e6 || (value != 0 && step < 1e-4)) return fmt::format("{:.3g}", value);
  return fmt::format("{:.{}f}", value + 0.0, std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))));
}

Scale::Scale(const std::vector<Series>& curves, bool logarithmic, int most)
    : low(INFINITY), high(-INFINITY), logarithmic(logarithmic) {
  for (const Series& curve : curves)
    for (double value : curve.values)
      if (double v = transformed(value); std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  if (low > high) low = 0, high = 1;
  if (high - low <= 1e-12 * std::abs(high)) {
    double room = high == 0 ? 1 : std::abs(high) / 2;
    low -= room, high += room;
  }
  if (logarithmic) name_decades();
  else name_steps(most);
}

double Scale::transformed(double value) const { return !logarithmic ? value : value > 0 ? std::log10(value) : NAN; }

void Scale::name_steps(int most) {
  double step = Ticks(low, high, most).step;
  low = std::floor(low / step + 1e-9) * step;
  high = std::ceil(high / step - 1e-9) * step;
  Ticks marks(low, high, static_cast<int>(std::lround((high - low) / step)));
  for (double v : marks.at) ticks.emplace_back(place(v), marks.label(v));
}

/// Powers of ten; with 2 and 5 between them where they are few.
void Scale::name_decades() {
  std::vector<double> between = {0};
  if (high - low < 3) between = {0, std::log10(2.0), std::log10(5.0)};
  std::vector<double> marks;
  for (double decade = std::floor(low); decade <= std::ceil(high); ++decade)
    for (double part : between) marks.push_back(decade + part);
  while (marks.size() > 2 && marks[1] <= low) marks.erase(marks.begin());
  while (marks.size() > 2 && marks[marks.size() - 2] >= high) marks.pop_back();
  low = marks.front(), high = marks.back();
  for (double v : marks) ticks.emplace_back(place(v), fmt::format("{:g}", std::pow(10.0, v)));
}

}  // namespace xg::nn::detail
