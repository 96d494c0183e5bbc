// Arrays from and for NumPy: .npy files with one, .npz files with several by name.
#pragma once

#include <string>
#include <vector>

#include "../checkpoint/safetensors.hpp"

namespace xg::nn::data {

struct NumpyOptions {
  /// Larger files, and .npz files with more inside, are refused.
  std::int64_t max_bytes = std::int64_t(1) << 34;
};

/// Reads a .npy file (NumPy `load`), versions 1 to 3, of either byte order, row-major or Fortran's order. f32, f64, i64
/// and booleans are read as they are, f16 as f32, other integers as i64. Throws FormatError naming the file: not npy, a
/// header that is not just `descr`, `fortran_order` and `shape`, another dtype (objects, texts, structures, complex
/// numbers), less or more data than the shape needs, an integer that i64 cannot hold, more than `max_bytes`.
Tensor read_npy(const std::string& path, const NumpyOptions& options = {}, Site site = Site::here());
/// Reads a .npz file, compressed or not: its members by name, without `.npy`. Throws FormatError naming file and
/// member: a zip archive whose directory, headers, sizes and checksums do not agree, that is encrypted, has members
/// twice, overlapping, or larger than `max_bytes` together; a member as `read_npy`.
TensorFile read_npz(const std::string& path, const NumpyOptions& options = {}, Site site = Site::here());

/// Writes a .npy file (NumPy `save`) in one step: a kill or a full disk leaves the old file or the new one. Throws
/// ValueError for an undefined tensor, FormatError when the file cannot be written.
void write_npy(const std::string& path, const Tensor& tensor, Site site = Site::here());
/// Writes a .npz file, not compressed (NumPy `savez`), in one step. Throws as `write_npy`, and ValueError when a name
/// is given twice, is empty or too long, or holds a NUL, and for 4 GiB or more.
void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors, Site site = Site::here());

}  // namespace xg::nn::data
