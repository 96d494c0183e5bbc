// Attention and a transformer layer, forward and back; and the memory that long attention takes.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace bench {

/// Bytes that libtorch's long attention has at its peak; 0 without libtorch.
#if WITH_TORCH
std::int64_t torch_peak();
#else
std::int64_t torch_peak() { return 0; }
#endif

}  // namespace bench

namespace {

bench::Run attention(const Shape& shape, bool causal) {
  Tensor q = variable(randn(shape)), k = variable(randn(shape)), v = variable(randn(shape)), g = randn(shape);
  return [=] {
    grad(Tensors{scaled_dot_product_attention(q, k, v, {.causal = causal})}, Tensors{q, k, v}, Tensors{g});
  };
}

bench::Run layer(const nn::TransformerEncoderLayer& layer, bool causal, std::int64_t batch, std::int64_t time,
                 std::int64_t width) {
  Tensor x = variable(randn({batch, time, width})), g = randn({batch, time, width});
  Tensors inputs{x};
  for (const Tensor& p : nn::parameters(layer)) inputs.push_back(p);
  return [=, &layer] { grad(Tensors{layer(x, {.causal = causal})}, inputs, Tensors{g}); };
}

}  // namespace

int main() {
  seed(1);
  nn::TransformerEncoderLayer block{128, 4, {.feed_forward = 512, .dropout = 0}};
  nn::TransformerEncoderLayer small{128, 4, {.feed_forward = 512, .dropout = 0, .norm_first = true}};
  for (int threads : {1, 2}) {
    bench::Table table("attention, f32, forward and back", {.threads = threads});
    table.compare("encoder layer, 16x128x128, 4 heads", 0.7, layer(block, false, 16, 128, 128));
    table.compare("pre-norm causal, 12x64x128, 4 heads", 0.7, layer(small, true, 12, 64, 128));
    table.compare("causal attention, T 2048, 8 heads of 64", 0.6, attention({1, 8, 2048, 64}, true));
    table.compare("attention, T 512, 8 heads of 64", 0.8, attention({1, 8, 512, 64}, false));
  }
  bench::Run once = attention({1, 8, 2048, 64}, true);
  std::int64_t before = memory_stats().live_bytes;
  reset_peak_memory();
  once();
  auto mib = [](std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  std::int64_t ours = memory_stats().peak_bytes - before, theirs = bench::torch_peak();
  fmt::print("peak of causal attention, T 2048, 8 heads of 64: {:.1f} MiB", mib(ours));
  if (theirs)
    fmt::print(", libtorch {:.1f} MiB, ratio {:.3f}, target 0.200", mib(theirs),
               static_cast<double>(ours) / static_cast<double>(theirs));
  fmt::print("\n");
}
