// The npy format in memory.
#pragma once

#include <string>
#include <string_view>

#include "../../core/array/array.hpp"
#include "file.hpp"

namespace xg::nn::data {

/// `member` names what of the file this is; empty for all of it.
Array parse_npy(std::string_view bytes, const Source& source, const std::string& member);
/// What comes before the data of an array; the data is row-major.
std::string npy_header(const Array& array);

}  // namespace xg::nn::data
