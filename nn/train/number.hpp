// How numbers are shown to people.
#pragma once

#include <string>

namespace xg::nn {

/// About five digits in six or seven characters, so that the same quantity keeps its width from line to line:
/// "0.1234", "12.346", "123.46", "1.2e-05", "1.2e+06".
std::string steady_number(double value);

}  // namespace xg::nn
