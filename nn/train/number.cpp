#include "number.hpp"

#include <fmt/format.h>

#include <cmath>

namespace xg::nn {

std::string steady_number(double value) {
  double size = std::abs(value);
  if (value == 0) return "0.0000";
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (size < 1e-3 || size >= 1e6) return fmt::format("{:.1e}", value);
  int decimals = size < 10 ? 4 : size < 100 ? 3 : size < 1000 ? 2 : size < 10000 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace xg::nn
