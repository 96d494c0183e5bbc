// What stands before the data of a safetensors file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../data/elements.hpp"
#include "../data/file.hpp"
#include "safetensors.hpp"

namespace xg::nn::detail {

struct TensorEntry {
  std::string name;
  data::Element element{};
  Shape shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;
  Metadata metadata;
};

/// Reads the JSON text and checks each entry for itself. Throws FormatError.
SafetensorsHeader parse_safetensors_header(std::string_view text, const data::Source& source);

}  // namespace xg::nn::detail
