// Arrays from IDX files, the format of MNIST.
#pragma once

#include <string>

#include "../../core/graph/tensor.hpp"

namespace xg::nn::data {

struct IdxOptions {
  /// Larger files, and gzip files with more inside, are refused.
  std::int64_t max_bytes = std::int64_t(1) << 30;
};

/// Reads an IDX file, .gz too, of any rank: integers of 8 to 32 bits give i64, reals f32 and f64. Throws FormatError
/// naming the file: not IDX, an unknown type, lengths that do not fit together, less or more data than they claim, a
/// damaged or truncated .gz, more than `max_bytes`. Y. LeCun, C. Cortes, C. Burges, "The MNIST database".
Tensor read_idx(const std::string& path, const IdxOptions& options = {}, Site site = Site::here());

}  // namespace xg::nn::data
