// Random numbers: counter-based (Philox4x32-10), so that the same seed gives the same bits with any number of threads.
#pragma once

#include <array>
#include <cstdint>

#include "array.hpp"

namespace xg {

/// Where a generator stands: all that a checkpoint must keep.
struct RngState {
  std::uint64_t seed = 0;
  /// Blocks of 128 random bits handed out so far.
  std::uint64_t position = 0;
  friend constexpr bool operator==(const RngState&, const RngState&) = default;
};

/// A random generator. Drawing from one on several threads at once is safe; the order of the draws is then open.
///
/// Philox4x32-10 by Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). Uniform
/// numbers, integers and permutations have the same bits on every machine; normal deviates pass through the C library's
/// log, sin and cos in double precision, so their last bits may differ between C libraries.
class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) : state_{seed, 0} {}

  RngState state() const;
  void set_state(const RngState& state);
  /// Hands out `blocks` blocks of 128 random bits; returns the state of the first.
  RngState reserve(std::uint64_t blocks);

 private:
  RngState state_;
};

/// Stands for all draws of this thread so far, from whatever generators: after the same draws from the same states it
/// has changed from one value to another in the same way.
std::uint64_t& draw_trace();

/// The generator that random functions use when none is named. Its seed is 0 until `seed` is called.
Rng& default_rng();
/// While it lives, `rng` is the default generator of this thread.
class DefaultRngScope {
 public:
  explicit DefaultRngScope(Rng& rng);
  ~DefaultRngScope();
  DefaultRngScope(const DefaultRngScope&) = delete;
  DefaultRngScope& operator=(const DefaultRngScope&) = delete;

 private:
  Rng* before_;
};
/// Starts the default generator anew (PyTorch `manual_seed`).
void seed(std::uint64_t value);

namespace draw {

using Block = std::array<std::uint32_t, 4>;
/// The Philox4x32-10 bijection.
Block philox(Block counter, std::array<std::uint32_t, 2> key);

/// Uniform over [0, 1); f32 has 24 random bits, f64 53.
Array uniform(const Shape& shape, DType dtype, Rng& rng);
/// Normal with mean 0 and variance 1 (Box and Muller).
Array normal(const Shape& shape, DType dtype, Rng& rng);
/// Integers uniform over [low, high), as i64; low < high.
Array integers(std::int64_t low, std::int64_t high, const Shape& shape, Rng& rng);
/// Each element 0 with probability p, else 1/(1 − p), for 0 ≤ p ≤ 1; p to 32 bits.
Array dropout_mask(const Shape& shape, DType dtype, double p, Rng& rng);
/// Elements of the mask that `dropout_mask` draws from a generator at `state`: `count` of them from 4 · block on.
template <class T>
void dropout_part(const RngState& state, std::int64_t block, double p, T* to, std::int64_t count);
extern template void dropout_part(const RngState&, std::int64_t, double, float*, std::int64_t);
extern template void dropout_part(const RngState&, std::int64_t, double, double*, std::int64_t);
/// 0 … count − 1 in random order, as i64.
Array permutation(std::int64_t count, Rng& rng);

}  // namespace draw
}  // namespace xg
