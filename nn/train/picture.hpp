// Pictures as PNG files.
#pragma once

#include <string>

#include "../../core/graph/tensor.hpp"

namespace xg::nn {

/// The bytes of a PNG file, 8 bits a sample. Pixels are (H, W) or (1, H, W) in grey, or (3, H, W) in red, green and
/// blue; real numbers from 0, black, to 1, white, beyond which they are cut off (NaN is black), integers from 0 to 255.
/// Throws ShapeError, DTypeError for booleans, ValueError for an empty picture and integers beyond 0 … 255. PNG is
/// ISO/IEC 15948.
std::string png(const Operand& pixels);
/// Writes them to a file; throws FormatError when it cannot be written.
void write_png(const std::string& path, const Operand& pixels);

struct TileOptions {
  /// How many stand side by side; 0: about as many as below one another.
  std::int64_t columns = 0;
  /// Pixels between tiles, and their colour.
  std::int64_t gap = 1;
  double background = 1;
  /// Gives each tile the whole range from black to white. Else 0 is black and 1 white.
  bool stretch = false;
};
/// Sets pictures (n, H, W) or (n, C, H, W) side by side in one, (H', W') or (C, H', W'), row by row. Throws ShapeError;
/// DTypeError unless they are real; ValueError when there are none or an option is negative.
Tensor tile(const Operand& pictures, const TileOptions& options = {});

}  // namespace xg::nn
