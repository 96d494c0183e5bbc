// libtorch's side of bench/attention.cpp.
#include <torch/torch.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "harness.hpp"

namespace bench {
namespace {

using torch::Tensor;

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& barred) {
  Tensor scores = torch::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (barred.defined()) scores = scores.masked_fill(barred, -std::numeric_limits<double>::infinity());
  return torch::matmul(torch::softmax(scores, -1), v);
}

Tensor future(std::int64_t time) { return torch::ones({time, time}, torch::kBool).triu(1); }

Run attention(at::IntArrayRef shape, bool causal) {
  Tensor q = torch::randn(shape).requires_grad_(), k = torch::randn(shape).requires_grad_();
  Tensor v = torch::randn(shape).requires_grad_(), g = torch::randn(shape);
  Tensor barred = causal ? future(shape[2]) : Tensor();
  return [=] { torch::autograd::grad({attend(q, k, v, barred)}, {q, k, v}, {g}); };
}

/// PyTorch's TransformerEncoderLayer in the same operations, batch first.
struct Layer {
  bool norm_first, gelu;
  Tensor in = torch::empty({384, 128}), in_bias = torch::zeros({384});
  torch::nn::Linear out{128, 128}, first{128, 512}, second{512, 128};
  torch::nn::LayerNorm norm1{torch::nn::LayerNormOptions({128})}, norm2{torch::nn::LayerNormOptions({128})};

  explicit Layer(bool norm_first, bool gelu = false) : norm_first(norm_first), gelu(gelu) {
    torch::nn::init::xavier_uniform_(in);
    in.requires_grad_();
    in_bias.requires_grad_();
  }

  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all{in, in_bias};
    for (const auto& p : out->parameters()) all.push_back(p);
    for (const auto& p : first->parameters()) all.push_back(p);
    for (const auto& p : second->parameters()) all.push_back(p);
    for (const auto& p : norm1->parameters()) all.push_back(p);
    for (const auto& p : norm2->parameters()) all.push_back(p);
    return all;
  }

  Tensor self(const Tensor& x, const Tensor& barred) {
    auto parts =
        torch::linear(x, in, in_bias).view({x.size(0), x.size(1), 3, 4, 32}).permute({2, 0, 3, 1, 4}).unbind(0);
    Tensor y = attend(parts[0], parts[1], parts[2], barred);
    return out(y.transpose(1, 2).reshape(x.sizes()));
  }
  Tensor forward(const Tensor& x, const Tensor& barred) {
    auto feed = [&](const Tensor& t) { return second(gelu ? torch::gelu(first(t)) : torch::relu(first(t))); };
    if (norm_first) {
      Tensor y = x + self(norm1(x), barred);
      return y + feed(norm2(y));
    }
    Tensor y = norm1(x + self(x, barred));
    return norm2(y + feed(y));
  }
};

Run layer(bool norm_first, bool causal, std::int64_t batch, std::int64_t time) {
  auto one = std::make_shared<Layer>(norm_first);
  Tensor x = torch::randn({batch, time, 128}).requires_grad_(), g = torch::randn({batch, time, 128});
  std::vector<Tensor> inputs = one->parameters();
  inputs.push_back(x);
  Tensor barred = causal ? future(time) : Tensor();
  return [=] { torch::autograd::grad({one->forward(x, barred)}, inputs, {g}); };
}

/// A training step of a character GPT.
Run gpt_step(std::int64_t batch, std::int64_t time) {
  struct Gpt {
    torch::nn::Embedding token{65, 128}, position{64, 128};
    std::vector<Layer> blocks{Layer(true, true), Layer(true, true), Layer(true, true), Layer(true, true)};
    torch::nn::LayerNorm norm{torch::nn::LayerNormOptions({128})};
    torch::nn::Linear head{torch::nn::LinearOptions(128, 65).bias(false)};
    std::vector<Tensor> all;
    std::unique_ptr<torch::optim::AdamW> optimizer;
  };
  auto gpt = std::make_shared<Gpt>();
  gpt->all = {gpt->token->weight, gpt->position->weight, gpt->norm->weight, gpt->norm->bias, gpt->head->weight};
  for (const Layer& block : gpt->blocks)
    for (const Tensor& p : block.parameters()) gpt->all.push_back(p);
  gpt->optimizer = std::make_unique<torch::optim::AdamW>(gpt->all, torch::optim::AdamWOptions(1e-3).weight_decay(0.1));
  Tensor x = torch::randint(65, {batch, time}), y = torch::randint(65, {batch * time});
  Tensor barred = future(time), places = torch::arange(time);
  return [=] {
    Tensor h = gpt->token(x) + gpt->position(places);
    for (Layer& block : gpt->blocks) h = block.forward(h, barred);
    Tensor logits = gpt->head(gpt->norm(h));
    gpt->optimizer->zero_grad();
    torch::nn::functional::cross_entropy(logits.view({batch * time, 65}), y).backward();
    torch::nn::utils::clip_grad_norm_(gpt->all, 1);
    gpt->optimizer->step();
  };
}

/// Counts the bytes of libtorch's tensors.
struct Counting : c10::Allocator {
  mutable std::int64_t live = 0, peak = 0;

  struct Block {
    void* data;
    std::int64_t bytes;
    const Counting* owner;
  };
  static void drop(void* context) {
    auto* block = static_cast<Block*>(context);
    block->owner->live -= block->bytes;
    std::free(block->data);
    delete block;
  }
  c10::DataPtr allocate(std::size_t bytes) const override {
    auto size = static_cast<std::int64_t>(bytes);
    auto* block = new Block{std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64), size, this};
    live += size;
    peak = std::max(peak, live);
    return {block->data, block, &drop, c10::DeviceType::CPU};
  }
};

}  // namespace

std::int64_t torch_peak() {
  static Counting counting;
  Run once = attention({1, 8, 2048, 64}, true);
  c10::SetAllocator(c10::DeviceType::CPU, &counting, 255);
  once();
  return counting.peak;
}

Run torch_run(const std::string& name) {
  torch::set_num_threads(threads);
  if (name == "encoder layer, 16x128x128, 4 heads") return layer(false, false, 16, 128);
  if (name == "pre-norm causal, 12x64x128, 4 heads") return layer(true, true, 12, 64);
  if (name == "step of a GPT, 4 layers of 128, 12x64") return gpt_step(12, 64);
  if (name == "causal attention, T 2048, 8 heads of 64") return attention({1, 8, 2048, 64}, true);
  if (name == "attention, T 512, 8 heads of 64") return attention({1, 8, 512, 64}, false);
  return {};
}

}  // namespace bench
