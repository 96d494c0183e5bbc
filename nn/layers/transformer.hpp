// Layers of transformers, stacks of them, and the encoder-decoder.
#pragma once

#include <vector>

#include "attention.hpp"
#include "dropout.hpp"
#include "layer_norm.hpp"

namespace xg::nn {

/// What stands between the two linear maps of a transformer layer.
enum class TransformerActivation { relu, gelu };

struct TransformerLayerOptions {
  /// Width between the two linear maps.
  std::int64_t feed_forward = 2048;
  /// Of attention weights, between the linear maps, and before each sum.
  double dropout = 0.1;
  TransformerActivation activation = TransformerActivation::relu;
  /// x + f(norm(x)) (pre-norm) instead of norm(x + f(x)).
  bool norm_first = false;
  /// A stack has a norm of its own behind the last layer.
  bool final_norm = false;
  double eps = 1e-5;
  /// Of self-attention: see MultiHeadAttentionOptions.
  std::int64_t key_value_heads = 0;
  bool rotary = false;
  Rng* rng = nullptr;
};

namespace detail {

template <class Cache>
struct EncoderCall {
  /// As AttentionCall's.
  Tensor mask = {}, key_padding = {};
  bool causal = false;
  /// Keys and values of the positions before x.
  Cache* cache = nullptr;
};

template <class Cache>
struct DecoderCall {
  Tensor mask = {}, key_padding = {};
  bool causal = false;
  Tensor memory_mask = {}, memory_key_padding = {};
  /// With one, the memory passed with the first call counts, and `x` is what comes after the positions before.
  Cache* cache = nullptr;
};

/// linear2(dropout(activation(linear1(x)))), and what both kinds of layers have beside attention.
class TransformerLayer {
 protected:
  TransformerLayer(std::int64_t width, const TransformerLayerOptions& options, const Site& site);
  Tensor feed_forward(const Tensor& x) const;
  /// x + f(norm(x)) or norm(x + f(x)).
  template <class F>
  Tensor residual(const Tensor& x, const LayerNorm& norm, const F& f) const {
    if (norm_first_) return x + dropout(f(norm(x)));
    return norm(x + dropout(f(x)));
  }

  TransformerActivation activation_;
  bool norm_first_;

 public:
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  Dropout dropout;
};

/// Layers one after another, each with initial values of its own (PyTorch copies one layer), and a norm if asked for.
template <class Layer>
class TransformerStack {
 public:
  auto fields() { return nn::fields("layers", layers, "norm", norm); }

  std::vector<Layer> layers;
  LayerNorm norm;

 protected:
  TransformerStack(std::int64_t count, std::int64_t width, std::int64_t heads, const TransformerLayerOptions& options,
                   const Site& site);
  /// `step(layer, y, cache)` for one layer after another, y being x at first; the caches change if nothing throws.
  template <class Cache, class Step>
  Tensor run(const char* name, const Operand& x, std::vector<Cache>* cache, const Step& step) const;

 private:
  bool has_norm_;
};

}  // namespace detail

/// How an encoder layer is called: `block(x, {.causal = true})`.
using EncoderLayerCall = detail::EncoderCall<KeyValues>;

/// Self-attention and two linear maps with an activation between them, each added to what went in and normalised:
/// (batch, positions, width) -> the same. PyTorch's weights and names: self_attn, linear1, linear2, norm1, norm2.
/// Called, throws what MultiHeadAttention throws; made, ValueError.
class TransformerEncoderLayer : public detail::TransformerLayer {
 public:
  TransformerEncoderLayer(std::int64_t width, std::int64_t heads, const TransformerLayerOptions& options = {},
                          Site site = Site::here());
  Tensor operator()(const Operand& x, const EncoderLayerCall& call = {}) const;
  auto fields() {
    return nn::fields("self_attn", self_attn, "linear1", linear1, "linear2", linear2, "norm1", norm1, "norm2", norm2,
                      "dropout", dropout);
  }

  MultiHeadAttention self_attn;
};

/// What a decoder layer keeps: of the positions before, and of the memory, projected once.
struct DecoderLayerCache {
  KeyValues self, memory;
  DecoderLayerCache select(const Tensor& rows) const { return {self.select(rows), memory.select(rows)}; }
};

/// How a decoder layer is called.
using DecoderLayerCall = detail::DecoderCall<DecoderLayerCache>;

/// Self-attention, attention to an encoder's memory, and two linear maps, each added and normalised: x (batch,
/// positions, width), memory (batch, keys, width) -> as x. PyTorch's weights and names: self_attn, multihead_attn,
/// linear1, linear2, norm1, norm2, norm3. Throws as TransformerEncoderLayer.
class TransformerDecoderLayer : public detail::TransformerLayer {
 public:
  TransformerDecoderLayer(std::int64_t width, std::int64_t heads, const TransformerLayerOptions& options = {},
                          Site site = Site::here());
  Tensor operator()(const Operand& x, const Tensor& memory, const DecoderLayerCall& call = {}) const;
  auto fields() {
    return nn::fields("self_attn", self_attn, "multihead_attn", multihead_attn, "linear1", linear1, "linear2", linear2,
                      "norm1", norm1, "norm2", norm2, "norm3", norm3, "dropout", dropout);
  }

  MultiHeadAttention self_attn, multihead_attn;
  LayerNorm norm3;
};

/// How stacks of layers are called. An empty cache becomes one of as many parts as there are layers.
using EncoderCall = detail::EncoderCall<std::vector<KeyValues>>;
using DecoderCall = detail::DecoderCall<std::vector<DecoderLayerCache>>;

/// `count` encoder layers, one after another, each with initial values of its own (PyTorch copies one layer).
class TransformerEncoder : public detail::TransformerStack<TransformerEncoderLayer> {
 public:
  TransformerEncoder(std::int64_t count, std::int64_t width, std::int64_t heads,
                     const TransformerLayerOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x, const EncoderCall& call = {}) const;
};

/// `count` decoder layers, one after another, each with initial values of its own.
class TransformerDecoder : public detail::TransformerStack<TransformerDecoderLayer> {
 public:
  TransformerDecoder(std::int64_t count, std::int64_t width, std::int64_t heads,
                     const TransformerLayerOptions& options = {}, Site site = Site::here());
  Tensor operator()(const Operand& x, const Tensor& memory, const DecoderCall& call = {}) const;
};

struct TransformerOptions {
  std::int64_t encoder_layers = 6, decoder_layers = 6;
  /// As TransformerLayerOptions'.
  std::int64_t feed_forward = 2048;
  double dropout = 0.1;
  TransformerActivation activation = TransformerActivation::relu;
  bool norm_first = false;
  double eps = 1e-5;
  Rng* rng = nullptr;
};

/// How an encoder-decoder is called. Of memory_key_padding, PyTorch's default is none.
struct TransformerCall {
  Tensor source_mask = {}, target_mask = {}, memory_mask = {};
  Tensor source_key_padding = {}, target_key_padding = {}, memory_key_padding = {};
  /// No position of the target attends to the future.
  bool causal = false;
};

/// decoder(target, encoder(source)), each with a norm behind it: (batch, keys, width), (batch, positions, width) ->
/// (batch, positions, width). Matrices start Xavier-uniform. Throws as TransformerEncoderLayer. Source: Vaswani et al.,
/// Attention Is All You Need, 2017.
class Transformer {
 public:
  explicit Transformer(std::int64_t width = 512, std::int64_t heads = 8, const TransformerOptions& options = {},
                       Site site = Site::here());
  Tensor operator()(const Operand& source, const Operand& target, const TransformerCall& call = {}) const;
  auto fields() { return nn::fields("encoder", encoder, "decoder", decoder); }

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

}  // namespace xg::nn
