// Attention and a transformer layer, forward and back; a training step of a small GPT; and the memory that long
// attention takes.
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

/// The model of examples/10_gpt.cpp.
struct Gpt {
  nn::Embedding token{65, 128}, position{64, 128};
  nn::TransformerEncoder blocks{4,
                                128,
                                4,
                                {.feed_forward = 512,
                                 .dropout = 0,
                                 .activation = nn::TransformerActivation::gelu,
                                 .norm_first = true,
                                 .final_norm = true}};
  nn::Linear head{128, 65, {.bias = false}};
  Tensor operator()(const Tensor& ids) const {
    return head(blocks(token(ids) + position(arange(ids.size(1))), {.causal = true}));
  }
};

bench::Run gpt_step(std::int64_t batch, std::int64_t time) {
  auto gpt = std::make_shared<Gpt>();
  auto optimizer = std::make_shared<nn::AdamW>(nn::parameters(*gpt), nn::AdamWOptions{.weight_decay = 0.1});
  Tensor x = randint(0, 65, {batch, time}), y = randint(0, 65, {batch, time});
  return [=] {
    Tensor loss = nn::cross_entropy((*gpt)(x), y);
    optimizer->zero_grad();
    loss.backward();
    nn::clip_grad_norm(optimizer->parameters(), 1);
    optimizer->step();
  };
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
    table.compare("step of a GPT, 4 layers of 128, 12x64", 0.5, gpt_step(12, 64));
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
