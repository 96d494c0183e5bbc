#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "threads.hpp"

namespace xg {

RngState Rng::state() const {
  return {__atomic_load_n(&state_.seed, __ATOMIC_RELAXED), __atomic_load_n(&state_.position, __ATOMIC_RELAXED)};
}

void Rng::set_state(const RngState& state) {
  __atomic_store_n(&state_.seed, state.seed, __ATOMIC_RELAXED);
  __atomic_store_n(&state_.position, state.position, __ATOMIC_RELAXED);
}

std::uint64_t& draw_trace() {
  constinit static thread_local std::uint64_t trace = 0;
  return trace;
}

RngState Rng::reserve(std::uint64_t blocks) {
  RngState state{__atomic_load_n(&state_.seed, __ATOMIC_RELAXED),
                 __atomic_fetch_add(&state_.position, blocks, __ATOMIC_RELAXED)};
  std::uint64_t& trace = draw_trace();
  for (std::uint64_t word : {state.seed, state.position, blocks}) trace = (trace ^ word) * 0x9e3779b97f4a7c15;
  return state;
}

constinit static thread_local Rng* scoped = nullptr;

Rng& default_rng() {
  constinit static Rng rng(0);
  return scoped ? *scoped : rng;
}

DefaultRngScope::DefaultRngScope(Rng& rng) : before_(std::exchange(scoped, &rng)) {}
DefaultRngScope::~DefaultRngScope() { scoped = before_; }

void seed(std::uint64_t value) { default_rng().set_state({value, 0}); }

namespace draw {

Block philox(Block counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    std::uint64_t a = std::uint64_t(0xD2511F53) * counter[0], b = std::uint64_t(0xCD9E8D57) * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

namespace {

constexpr std::int64_t grain = 1 << 12;  // blocks

Block block_at(const RngState& state, std::int64_t index) {
  std::uint64_t position = state.position + static_cast<std::uint64_t>(index);
  return philox({static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32), 0, 0},
                {static_cast<std::uint32_t>(state.seed), static_cast<std::uint32_t>(state.seed >> 32)});
}

std::uint64_t word(const Block& block, std::size_t half) {
  return std::uint64_t(block[2 * half + 1]) << 32 | block[2 * half];
}

/// Fills `result` from blocks that make `N` numbers each: `make(block, numbers)`.
template <class T, std::int64_t N, class F>
void fill(Array& result, Rng& rng, const F& make) {
  std::int64_t count = result.size(), blocks = (count + N - 1) / N;
  RngState state = rng.reserve(static_cast<std::uint64_t>(blocks));
  T* to = result.fill<T>();
  parallel_for(blocks, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t at = first; at < last; ++at) {
      T numbers[N];
      make(block_at(state, at), numbers);
      for (std::int64_t i = 0; i < N && at * N + i < count; ++i) to[at * N + i] = numbers[i];
    }
  });
}

// No product meets a sum here, so no compiler can fuse the two and round differently.
void box_muller(double radius_bits, double angle_bits, double& a, double& b) {
  double radius = std::sqrt(-2 * std::log(radius_bits)), angle = 2 * std::numbers::pi * angle_bits;
  a = radius * std::cos(angle);
  b = radius * std::sin(angle);
}

/// An integer below `range` from 128 bits; the bias is below 2⁻⁶⁴.
std::uint64_t below(std::uint64_t range, const Block& block) {
  using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide(word(block, 1)) * range + (Wide(word(block, 0)) * range >> 64)) >> 64);
}

}  // namespace

Array uniform(const Shape& shape, DType dtype, Rng& rng) {
  Array result(shape, dtype == DType::f64 ? DType::f64 : DType::f32);
  if (result.dtype() == DType::f64) {
    fill<double, 2>(result, rng, [](const Block& block, double* to) {
      for (std::size_t i = 0; i < 2; ++i) to[i] = static_cast<double>(word(block, i) >> 11) * 0x1p-53;
    });
  } else {
    fill<float, 4>(result, rng, [](const Block& block, float* to) {
      for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<float>(block[i] >> 8) * 0x1p-24f;
    });
  }
  return result.cast(dtype);
}

Array normal(const Shape& shape, DType dtype, Rng& rng) {
  Array result(shape, dtype == DType::f64 ? DType::f64 : DType::f32);
  if (result.dtype() == DType::f64) {
    fill<double, 2>(result, rng, [](const Block& block, double* to) {
      box_muller(static_cast<double>((word(block, 0) >> 11) + 1) * 0x1p-53,
                 static_cast<double>(word(block, 1) >> 11) * 0x1p-53, to[0], to[1]);
    });
  } else {
    fill<float, 4>(result, rng, [](const Block& block, float* to) {
      for (std::size_t i = 0; i < 4; i += 2) {
        double a, b;
        box_muller(static_cast<double>(std::uint64_t(block[i]) + 1) * 0x1p-32, block[i + 1] * 0x1p-32, a, b);
        to[i] = static_cast<float>(a);
        to[i + 1] = static_cast<float>(b);
      }
    });
  }
  return result.cast(dtype);
}

Array integers(std::int64_t low, std::int64_t high, const Shape& shape, Rng& rng) {
  Array result(shape, DType::i64);
  std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  fill<std::int64_t, 1>(result, rng, [&](const Block& block, std::int64_t* to) {
    *to = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(range, block));
  });
  return result;
}

template <class T>
void dropout_part(const RngState& state, std::int64_t block, double p, T* to, std::int64_t count) {
  auto threshold = static_cast<std::uint64_t>(p * 0x1p32);
  T kept = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0);
  for (std::int64_t i = 0; i < count; i += 4, ++block) {
    Block bits = block_at(state, block);
    for (std::int64_t k = 0; k < 4 && i + k < count; ++k) to[i + k] = bits[k] < threshold ? T(0) : kept;
  }
}
template void dropout_part(const RngState&, std::int64_t, double, float*, std::int64_t);
template void dropout_part(const RngState&, std::int64_t, double, double*, std::int64_t);

Array dropout_mask(const Shape& shape, DType dtype, double p, Rng& rng) {
  Array result(shape, dtype);
  std::int64_t count = result.size(), blocks = (count + 3) / 4;
  RngState state = rng.reserve(static_cast<std::uint64_t>(blocks));
  visit_real(dtype, [&](auto zero) {
    auto* to = result.fill<decltype(zero)>();
    parallel_for(blocks, grain, [&](std::int64_t first, std::int64_t last) {
      dropout_part(state, first, p, to + 4 * first, std::min(count, 4 * last) - 4 * first);
    });
  });
  return result;
}

Array permutation(std::int64_t count, Rng& rng) {
  Array result(Shape{count}, DType::i64);
  std::int64_t* to = result.fill<std::int64_t>();
  RngState state = rng.reserve(static_cast<std::uint64_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {  // Fisher and Yates, inside out
    auto j = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(i) + 1, block_at(state, i)));
    to[i] = to[j];
    to[j] = i;
  }
  return result;
}

}  // namespace draw
}  // namespace xg
