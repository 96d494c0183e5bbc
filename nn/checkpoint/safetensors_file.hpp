// Safetensors files as arrays.
#pragma once

#include <string>
#include <vector>

#include "../data/file.hpp"
#include "../module/state.hpp"
#include "safetensors.hpp"

namespace xg::nn::detail {

struct ArrayFile {
  std::vector<NamedArray> arrays;
  Metadata metadata;
};
ArrayFile read_arrays(const data::Source& source, std::int64_t max_bytes);
void write_arrays(const data::Source& source, const std::vector<NamedArray>& arrays, const Metadata& metadata);

}  // namespace xg::nn::detail
