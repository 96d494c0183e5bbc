// Named tensors in files: the safetensors format.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../module/module.hpp"

namespace xg::nn {

/// Texts by name.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// What a safetensors file holds.
struct TensorFile {
  /// In the order of their data.
  std::vector<NamedTensor> tensors;
  Metadata metadata;

  /// Null when there is none of that name.
  const Tensor* find(const std::string& name) const;
  /// Throws ValueError when there is none of that name.
  const Tensor& operator[](const std::string& name) const;
};

struct SafetensorsOptions {
  /// Larger files are refused.
  std::int64_t max_bytes = std::int64_t(1) << 34;
};

/// Reads a safetensors file (Python `safetensors.torch.load_file`). F32, F64, I64 and BOOL are read as they are, F16
/// and BF16 as f32, other integers as i64. Throws FormatError naming the file, and the tensor, for anything that is not
/// exactly as the format says: https://huggingface.co/docs/safetensors.
TensorFile read_safetensors(const std::string& path, const SafetensorsOptions& options = {}, Site site = Site::here());

/// Writes a safetensors file in one step: a kill or a full disk leaves the old file or the new one. Throws ValueError
/// when a name is given twice, is not UTF-8, or is `__metadata__`; FormatError when the file cannot be written.
void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata = {},
                       Site site = Site::here());

}  // namespace xg::nn
