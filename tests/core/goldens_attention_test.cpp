// Attention and transformers against PyTorch, from the same weights.
#include "goldens.hpp"

using namespace xg_test;

namespace {

/// Puts tensors in the places of a model's parameters, so that gradients reach them.
struct Bound : nn::Walker {
  const Tensors& x;
  std::size_t at;
  std::string names;

  Bound(const nn::AnyModel& model, const Tensors& x, std::size_t first) : x(x), at(first) { model.walk(*this); }
  void parameter(nn::Parameter& p) override {
    if (!p.defined()) return;
    names += (names.empty() ? "" : " ") + path();
    if (p.shape() != x[at].shape()) throw ShapeError(path() + " has another shape");
    static_cast<Tensor&>(p) = x[at++];
  }
};

Tensors attention(const Tensors& x, const Arguments& args) {
  std::size_t at = 3;
  AttentionOptions options;
  if (args.flag("has_mask")) options.mask = x[at++];
  if (args.flag("has_padding")) options.key_padding = x[at];
  options.causal = args.flag("causal");
  if (args.given("scale")) options.scale = args.real("scale");
  return {scaled_dot_product_attention(x[0], x[1], x[2], options)};
}

Tensors multi_head(const Tensors& x, const Arguments& args) {
  nn::MultiHeadAttention layer{
      x[0].size(-1),
      args.integer("heads"),
      {.bias = args.flag("has_bias"), .key_width = x[1].size(-1), .value_width = x[2].size(-1)}};
  std::size_t at = Bound(layer, x, 3).at;
  nn::AttentionCall call;
  if (args.flag("mask")) call.mask = x[at++];
  if (args.flag("padding")) call.key_padding = x[at];
  if (args.flag("by_head")) call.weights = nn::AttentionWeights::by_head;
  auto [y, weights] = layer(x[0], x[1], x[2], call);
  // The fused path gives the same.
  call.weights = nn::AttentionWeights::none;
  Tensor fused = layer(x[0], x[1], x[2], call).y;
  CHECK(all_close(fused, y, 0, y.dtype() == f64 ? 1e-12 : 1e-4));
  return {y.dtype() == f64 ? fused : y, weights};
}

nn::TransformerLayerOptions options_of(const Arguments& args) {
  return {.feed_forward = 3,
          .dropout = 0,
          .activation = args.flag("gelu") ? nn::TransformerActivation::gelu : nn::TransformerActivation::relu,
          .norm_first = args.flag("norm_first")};
}

/// The masks behind inputs and parameters that the case calls with.
Tensor mask_of(const Tensors& x, const Arguments& args, const std::string& name, std::size_t first) {
  for (const std::string& each : args.texts("call")) {
    if (each == name) return x[first];
    ++first;
  }
  return {};
}

template <class Model>
std::size_t bound(Model& model, const Tensors& x, const Arguments& args) {
  Bound bound(model, x, static_cast<std::size_t>(args.integer("count")));
  CHECK(bound.names == args.text("names"));
  return bound.at;
}

Tensors encoder_layer(const Tensors& x, const Arguments& args) {
  nn::TransformerEncoderLayer layer{4, 2, options_of(args)};
  std::size_t at = bound(layer, x, args);
  return {layer(x[0], {.key_padding = mask_of(x, args, "src_key_padding_mask", at), .causal = args.flag("causal")})};
}

Tensors decoder_layer(const Tensors& x, const Arguments& args) {
  nn::TransformerDecoderLayer layer{4, 2, options_of(args)};
  std::size_t at = bound(layer, x, args);
  return {layer(x[0], x[1],
                {.key_padding = mask_of(x, args, "tgt_key_padding_mask", at),
                 .causal = args.flag("causal"),
                 .memory_key_padding = mask_of(x, args, "memory_key_padding_mask", at)})};
}

Tensors transformer(const Tensors& x, const Arguments& args) {
  nn::TransformerLayerOptions layer = options_of(args);
  nn::Transformer model{4,
                        2,
                        {.encoder_layers = 1,
                         .decoder_layers = 2,
                         .feed_forward = 3,
                         .dropout = 0,
                         .activation = layer.activation,
                         .norm_first = layer.norm_first}};
  std::size_t at = bound(model, x, args);
  return {model(x[0], x[1],
                {.source_key_padding = mask_of(x, args, "src_key_padding_mask", at),
                 .memory_key_padding = mask_of(x, args, "memory_key_padding_mask", at),
                 .causal = args.flag("causal")})};
}

}  // namespace

TEST_CASE("attention agrees with PyTorch") {
  check_goldens("attention", {
                                 {"scaled_dot_product_attention", attention},
                                 {"MultiHeadAttention", multi_head},
                                 {"TransformerEncoderLayer", encoder_layer},
                                 {"TransformerDecoderLayer", decoder_layer},
                                 {"Transformer", transformer},
                             });
}
