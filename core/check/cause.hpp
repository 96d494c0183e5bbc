// Why analytic and numeric derivatives differ, where the pattern tells.
#pragma once

#include "subject.hpp"

namespace xg::detail {

/// The derivatives in one slot: analytic beside numeric, a row an output element, a column an input element.
struct Derivatives {
  std::vector<std::int64_t> columns;  // which elements of the slot
  std::int64_t rows = 0;
  std::vector<double> analytic, numeric;
};

/// Where they differ most.
struct Mismatch {
  std::size_t slot = 0;
  std::int64_t row = 0, column = 0;
  double analytic = 0, numeric = 0, excess = 0;
  std::int64_t failing = 0;  // columns with a derivative out of tolerance
};

/// analytic = factor · numeric for every derivative that is large enough to tell, within `spread` of the factor.
bool have_common_factor(const std::vector<double>& analytic, const std::vector<double>& numeric, double spread,
                        double& factor);

bool is_close(double analytic, double numeric, const GradCheckOptions& options);

/// A sentence, or nothing when no cause is recognised.
std::string likely_cause(Subject& subject, const std::vector<Derivatives>& all, const Mismatch& worst,
                         const GradCheckOptions& options);

}  // namespace xg::detail
