// Models in files: parameters and buffers by name, as PyTorch names and lays them out.
#pragma once

#include <string>

#include "../module/module.hpp"
#include "../module/state.hpp"
#include "safetensors.hpp"

namespace xg::nn {

/// Writes a model's parameters and buffers as a safetensors file, which Python loads with `safetensors.torch.load_file`
/// and `load_state_dict`. Tied tensors are written once, under their first name. Written in one step: a kill or a full
/// disk leaves the old file or the new one. Throws ValueError when two tensors have one name, FormatError when the file
/// cannot be written.
void save(const AnyModel& model, const std::string& path, Site site = Site::here());

struct LoadOptions {
  /// Loads what fits and leaves the rest of the model as it is; otherwise all names must fit.
  bool partial = false;
  /// Keeps to names in the file that start with this, and drops it: "model." takes a model out of a checkpoint.
  std::string prefix = "";
  /// Larger files are refused.
  std::int64_t max_bytes = SafetensorsOptions().max_bytes;
};

/// Loads parameters and buffers from a safetensors file. Shapes and dtypes must be the model's (f16 and bf16 are read
/// as f32); tied tensors may be there under any of their names, or under several with equal values. Optimizers keep
/// working; gradients stay. Throws FormatError, the model being unchanged, when the file is damaged (see
/// `read_safetensors`) or, unless `partial`, lacks names, has others or has tensors that do not fit: all are listed.
/// The report says the same.
LoadReport load(const AnyModel& model, const std::string& path, const LoadOptions& options = {},
                Site site = Site::here());

}  // namespace xg::nn
