// What a training looks like, as lines of text.
#pragma once

#include <string>
#include <vector>

#include "curve.hpp"
#include "history.hpp"

namespace xg::nn::detail {

/// One layer over the looks of a monitor.
struct LayerRow {
  std::string name;
  std::vector<double> gradient_norms;
  double update_ratio;  // NaN: unknown
  std::string verdict;
};

struct DashboardState {
  std::string title;
  std::int64_t step = 0, steps = 0;  // in all; 0: nobody knows
  std::int64_t epoch = 0, last_epoch = 0;
  double elapsed = 0, samples_per_second = 0, learning_rate = 0, gradient_norm = NAN;
  std::vector<Scalar> shown;
  const Curve* losses = nullptr;
  std::vector<LayerRow> layers;

  double steps_per_second() const { return elapsed > 0 ? static_cast<double>(step) / elapsed : 0; }
  /// Infinite where it is not known.
  double seconds_left() const;
};

/// One line: where there is no terminal.
std::string dashboard_line(const DashboardState& state);
/// At most `rows` lines of at most `columns` characters; what does not fit is left out, the layers last.
std::vector<std::string> dashboard_lines(const DashboardState& state, int columns, int rows);

}  // namespace xg::nn::detail
