#include "transformer.hpp"

#include "../../core/error/error.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/activations.hpp"
#include "../../core/ops/arithmetic.hpp"
#include "../init/init.hpp"
#include "../module/sequential.hpp"

namespace xg::nn {
namespace {

/// A width that LayerNorm and Linear can be made of, so that MultiHeadAttention is the one to complain.
std::int64_t possible(std::int64_t width) { return width < 1 ? 1 : width; }

MultiHeadAttention self_attention(std::int64_t width, std::int64_t heads, const TransformerLayerOptions& options,
                                  const Site& site) {
  return {width,
          heads,
          {.dropout = options.dropout,
           .key_value_heads = options.key_value_heads,
           .rotary = options.rotary,
           .rng = options.rng},
          site};
}

TransformerLayerOptions of_layer(const TransformerOptions& options) {
  return {.feed_forward = options.feed_forward,
          .dropout = options.dropout,
          .activation = options.activation,
          .norm_first = options.norm_first,
          .final_norm = true,
          .eps = options.eps,
          .rng = options.rng};
}

}  // namespace

detail::TransformerLayer::TransformerLayer(std::int64_t width, const TransformerLayerOptions& options, const Site& site)
    : activation_(options.activation), norm_first_(options.norm_first),
      linear1(possible(width), options.feed_forward, {}, site),
      linear2(options.feed_forward, possible(width), {}, site), norm1(possible(width), {.eps = options.eps}, site),
      norm2(possible(width), {.eps = options.eps}, site), dropout(options.dropout, {.rng = options.rng}, site) {}

Tensor detail::TransformerLayer::feed_forward(const Tensor& x) const {
  Tensor inner = linear1(x);
  inner = activation_ == TransformerActivation::relu ? relu(inner) : gelu(inner);
  return linear2(dropout(inner));
}

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t width, std::int64_t heads,
                                                 const TransformerLayerOptions& options, Site site)
    : TransformerLayer(width, options, site), self_attn(self_attention(width, heads, options, site)) {}

Tensor TransformerEncoderLayer::operator()(const Operand& x, const EncoderLayerCall& call) const {
  ModuleCall told(*this, x);
  CallScope scope(x.site());
  AttentionCall attention{.mask = call.mask, .key_padding = call.key_padding, .causal = call.causal};
  attention.weights = AttentionWeights::none;
  attention.cache = call.cache;
  Tensor y = residual(x.tensor(), norm1, [&](const Tensor& t) {
    Operand input(t, x.site());
    return self_attn(input, input, input, attention).y;
  });
  return told(residual(y, norm2, [&](const Tensor& t) { return feed_forward(t); }));
}

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t width, std::int64_t heads,
                                                 const TransformerLayerOptions& options, Site site)
    : TransformerLayer(width, options, site), self_attn(self_attention(width, heads, options, site)),
      multihead_attn(width, heads, {.dropout = options.dropout, .rng = options.rng}, site),
      norm3(possible(width), {.eps = options.eps}, site) {}

Tensor TransformerDecoderLayer::operator()(const Operand& x, const Tensor& memory, const DecoderLayerCall& call) const {
  ModuleCall told(*this, x, memory);
  CallScope scope(x.site());
  DecoderLayerCache cache;
  if (call.cache) cache = *call.cache;
  AttentionCall to_self{.mask = call.mask, .key_padding = call.key_padding, .causal = call.causal};
  to_self.cache = call.cache ? &cache.self : nullptr;
  AttentionCall to_memory{.mask = call.memory_mask, .key_padding = call.memory_key_padding};
  to_self.weights = to_memory.weights = AttentionWeights::none;
  Tensor y = residual(x.tensor(), norm1, [&](const Tensor& t) {
    Operand input(t, x.site());
    return self_attn(input, input, input, to_self).y;
  });
  if (cache.memory.length() == 0) cache.memory = multihead_attn.project({memory, x.site()}, {memory, x.site()});
  y = residual(y, norm2, [&](const Tensor& t) { return multihead_attn({t, x.site()}, cache.memory, to_memory).y; });
  y = residual(y, norm3, [&](const Tensor& t) { return feed_forward(t); });
  if (call.cache) *call.cache = cache;
  return told(y);
}

template <class Layer>
detail::TransformerStack<Layer>::TransformerStack(std::int64_t count, std::int64_t width, std::int64_t heads,
                                                  const TransformerLayerOptions& options, const Site& site)
    : layers(repeat(
          count, [&] { return Layer(width, heads, options, site); }, site)),
      norm(possible(width), {.eps = options.eps, .affine = options.final_norm}, site), has_norm_(options.final_norm) {}

template <class Layer>
template <class Cache, class Step>
Tensor detail::TransformerStack<Layer>::run(const char* name, const Operand& x, std::vector<Cache>* cache,
                                            const Step& step) const {
  std::vector<Cache> caches;
  if (cache) caches = *cache;
  if (caches.empty()) caches.resize(layers.size());
  if (caches.size() != layers.size())
    Complaint(name, "the cache has " + std::to_string(caches.size()) + " parts for " + std::to_string(layers.size()) +
                        " layers")
        .at(x.site())
        .raise<ValueError>();
  Tensor y = x.tensor();
  for (std::size_t i = 0; i < layers.size(); ++i)
    y = step(layers[i], Operand(y, x.site()), cache ? &caches[i] : nullptr);
  if (cache) *cache = std::move(caches);
  return has_norm_ ? norm(y) : y;
}

TransformerEncoder::TransformerEncoder(std::int64_t count, std::int64_t width, std::int64_t heads,
                                       const TransformerLayerOptions& options, Site site)
    : TransformerStack(count, width, heads, options, site) {}

Tensor TransformerEncoder::operator()(const Operand& x, const EncoderCall& call) const {
  ModuleCall told(*this, x);
  CallScope scope(x.site());
  return told(run("TransformerEncoder", x, call.cache,
                  [&](const TransformerEncoderLayer& layer, const Operand& y, KeyValues* cache) {
                    return layer(y, {call.mask, call.key_padding, call.causal, cache});
                  }));
}

TransformerDecoder::TransformerDecoder(std::int64_t count, std::int64_t width, std::int64_t heads,
                                       const TransformerLayerOptions& options, Site site)
    : TransformerStack(count, width, heads, options, site) {}

Tensor TransformerDecoder::operator()(const Operand& x, const Tensor& memory, const DecoderCall& call) const {
  ModuleCall told(*this, x, memory);
  CallScope scope(x.site());
  return told(run("TransformerDecoder", x, call.cache,
                  [&](const TransformerDecoderLayer& layer, const Operand& y, DecoderLayerCache* cache) {
                    return layer(
                        y, memory,
                        {call.mask, call.key_padding, call.causal, call.memory_mask, call.memory_key_padding, cache});
                  }));
}

Transformer::Transformer(std::int64_t width, std::int64_t heads, const TransformerOptions& options, Site site)
    : encoder(options.encoder_layers, width, heads, of_layer(options), site),
      decoder(options.decoder_layers, width, heads, of_layer(options), site) {
  for (const Tensor& p : parameters(*this))
    if (p.rank() > 1) p.assign(init::xavier_uniform(p.shape()));
}

Tensor Transformer::operator()(const Operand& source, const Operand& target, const TransformerCall& call) const {
  ModuleCall told(*this, source, target);
  CallScope scope(source.site());
  Tensor memory = encoder(source, {.mask = call.source_mask, .key_padding = call.source_key_padding});
  return told(decoder(target, memory,
                      {.mask = call.target_mask,
                       .key_padding = call.target_key_padding,
                       .causal = call.causal,
                       .memory_mask = call.memory_mask,
                       .memory_key_padding = call.memory_key_padding}));
}

}  // namespace xg::nn
