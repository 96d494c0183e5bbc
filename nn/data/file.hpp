// Files read whole, gunzipped where they are gzip, and never beyond a bound.
#pragma once

#include <cstdint>
#include <string>

#include "../../core/error/site.hpp"

namespace xg::nn::data {

/// The bytes of a file; those inside it when it starts as gzip does, of any number of members. Throws FormatError
/// naming `op` and the file: it cannot be read, it or what it holds has more than `max_bytes`, the gzip data is damaged
/// or ends early, something else follows it, or a name ending in .gz promises gzip that is not there.
std::string read_file(const char* op, const std::string& path, std::int64_t max_bytes, const Site& site);

}  // namespace xg::nn::data
