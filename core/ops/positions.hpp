// How attention learns where its tokens stand: sinusoids to add, rotations of queries and keys, biases of the scores.
#pragma once

#include "../graph/tensor.hpp"

namespace xg {

/// A constant (count, width) to add to tokens: with ω = base^(−2i/width), column 2i is sin(ω · position) and column
/// 2i + 1 its cosine, for positions from `first` on. Throws ValueError for a negative count or width. Source: Vaswani
/// et al. 2017.
Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, std::int64_t first = 0, double base = 1e4,
                            DType dtype = f32, Site site = Site::here());

struct RotaryOptions {
  /// The position of the first row.
  std::int64_t first = 0;
  double base = 1e4;
  /// Which numbers are turned together: neighbours (2i, 2i + 1), or (i, i + width/2).
  bool interleaved = false;
};
/// x (…, positions, width) with pairs of numbers turned by the angle base^(−2i/width) · position, so that products of
/// queries and keys depend on the distance only. The gradient is turned back. Throws ShapeError for an odd width or
/// fewer than two axes. Source: Su et al., RoFormer, 2021.
Tensor rotary(const Operand& x, const RotaryOptions& options = {});

/// A constant (heads, queries, keys) to add to the scores of attention: −slope · distance, with the slopes
/// 2^(−8h/heads) for h from 1 on; for a number of heads that is no power of two, those of the power below and then
/// every other one of the power above. The last query stands at the last key. Throws ValueError for heads < 1 or
/// negative lengths. Source: Press, Smith and Lewis, Train Short, Test Long, 2022.
Tensor alibi(std::int64_t heads, std::int64_t queries, std::int64_t keys, DType dtype = f32, Site site = Site::here());

}  // namespace xg
