// Files written whole.
#pragma once

#include <string>
#include <string_view>

#include "../../core/error/site.hpp"

namespace xg::nn::detail {

/// Throws FormatError naming `op` and the file when it cannot be written.
void write_output(const char* op, const std::string& path, std::string_view bytes, const Site& site);

}  // namespace xg::nn::detail
