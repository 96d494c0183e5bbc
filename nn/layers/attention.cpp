#include "attention.hpp"

#include <algorithm>

#include "../../core/error/error.hpp"
#include "../../core/graph/engine_ops.hpp"
#include "../../core/graph/node.hpp"
#include "../../core/ops/attention.hpp"
#include "../../core/ops/concatenate.hpp"
#include "../../core/ops/create.hpp"
#include "../../core/ops/dropout.hpp"
#include "../../core/ops/gather.hpp"
#include "../../core/ops/matmul.hpp"
#include "../../core/ops/moments.hpp"
#include "../../core/ops/positions.hpp"
#include "../../core/ops/reduce.hpp"
#include "../../core/ops/shape.hpp"
#include "../init/init.hpp"

namespace xg::nn {
namespace {

/// A weight of in_proj that starts as part of one Xavier-uniform matrix, and a bias of zeros.
Parameter xavier(const Shape& shape, const Site& site) {
  return Parameter(init::xavier_uniform(shape, 1, default_rng(), site), site);
}

/// Heads put side by side: (…, heads, positions, n) -> (…, positions, heads · n).
Tensor joined(const Tensor& x) {
  Tensor inside = swapaxes(x, -3, -2);
  Shape shape(inside.shape().begin(), inside.shape().end() - 1);
  shape.back() *= inside.shape().back();
  return reshape(inside, shape);
}

bool is_same(const Operand& a, const Operand& b) { return !a.is_number() && !b.is_number() && &a.impl() == &b.impl(); }

}  // namespace

KeyValues KeyValues::select(const Tensor& rows) const {
  if (!key.defined()) return *this;
  return {take(key, rows, 0), take(value, rows, 0)};
}

MultiHeadAttention::MultiHeadAttention(std::int64_t width, std::int64_t heads, const MultiHeadAttentionOptions& options,
                                       Site site)
    : out_proj(std::max<std::int64_t>(0, width), std::max<std::int64_t>(0, width), {.bias = options.bias}, site),
      width_(width), heads_(heads), key_value_heads_(options.key_value_heads ? options.key_value_heads : heads),
      key_width_(options.key_width ? options.key_width : width),
      value_width_(options.value_width ? options.value_width : width), dropout_(options.dropout),
      rotary_(options.rotary), rng_(options.rng) {
  auto refuse = [&](const std::string& what) { Complaint("MultiHeadAttention", what).at(site).raise<ValueError>(); };
  if (width < 1 || heads < 1 || key_value_heads_ < 1 || key_width_ < 1 || value_width_ < 1)
    refuse("sizes must be at least 1: width " + std::to_string(width) + ", heads " + std::to_string(heads) +
           ", key_value_heads " + std::to_string(key_value_heads_) + ", key_width " + std::to_string(key_width_) +
           ", value_width " + std::to_string(value_width_));
  if (width % heads) refuse(std::to_string(heads) + " heads do not divide the width " + std::to_string(width));
  if (heads % key_value_heads_)
    refuse(std::to_string(key_value_heads_) + " heads of keys and values do not divide " + std::to_string(heads) +
           " heads of queries");
  if (rotary_ && width / heads % 2)
    refuse("rotary positions turn pairs of numbers, and a head has " + std::to_string(width / heads));
  xg::detail::check_dropout("MultiHeadAttention", dropout_, site);
  CallScope scope(site);
  std::int64_t shared = width / heads * key_value_heads_;
  if (key_width_ == width && value_width_ == width) {
    in_proj_weight = xavier({width + 2 * shared, width}, site);
  } else {
    q_proj_weight = xavier({width, width}, site);
    k_proj_weight = xavier({shared, key_width_}, site);
    v_proj_weight = xavier({shared, value_width_}, site);
  }
  if (options.bias) {
    in_proj_bias = Parameter(zeros({width + 2 * shared}), site);
    out_proj.bias = zeros({width});
  }
}

Complaint MultiHeadAttention::complain(const std::string& what) const {
  Complaint complaint("MultiHeadAttention", what);
  complaint.layer((in_proj_weight.defined() ? in_proj_weight : q_proj_weight).name());
  return complaint;
}

void MultiHeadAttention::check_width(const char* name, const Operand& x, std::int64_t width) const {
  const Shape& shape = x.shape();
  if (shape.rank() >= 2 && shape.back() == width) return;
  complain("the " + std::string(name) + " has shape " + to_string(shape) + ", not (batch, positions, " +
           std::to_string(width) + ")")
      .fact(name, describe(x))
      .at(x.site())
      .raise<ShapeError>();
}

/// `queries`: (…, heads, queries, numbers).
void MultiHeadAttention::check_masks(const AttentionCall& call, const Shape& queries, std::int64_t keys,
                                     const Site& site) const {
  Shape scores = queries;
  scores.back() = keys;
  bool batched = scores.size() > 3;
  Shape one(scores.end() - 2, scores.end()), each(scores.begin(), scores.end() - 3);
  for (std::int64_t length : one) each.push_back(length);
  if (call.mask.defined()) {
    Shape shape = call.mask.shape(), wide;
    if (batched && shape.size() == scores.size() - 1) shape.insert(shape.size() - 2, 1);
    if (!broadcast_shapes(shape, scores, wide) || wide != scores)
      complain("the mask has shape " + to_string(call.mask.shape()) + ", which fits neither (queries, keys) = " +
               to_string(one) + (batched ? ", nor one for each text = " + to_string(each) : "") +
               ", nor one for each head = " + to_string(scores))
          .fact("mask", describe(call.mask))
          .at(site)
          .raise<ShapeError>();
    if (call.mask.dtype() == i64)
      complain("the mask is of i64, which is neither boolean nor real")
          .fact("mask", describe(call.mask))
          .at(site)
          .mend("boolean (true may not be attended to), or f32 or f64 to add to the scores")
          .raise<DTypeError>();
  }
  if (call.key_padding.defined()) {
    Shape expected{keys};
    if (batched) expected.insert(0, scores[0]);
    if (call.key_padding.shape() != expected)
      complain("the key padding has shape " + to_string(call.key_padding.shape()) +
               ", not (batch, keys) = " + to_string(expected))
          .fact("key padding", describe(call.key_padding))
          .at(site)
          .raise<ShapeError>();
    if (call.key_padding.dtype() != boolean)
      complain("the key padding is of " + std::string(name_of(call.key_padding.dtype())) + ", not boolean")
          .fact("key padding", describe(call.key_padding))
          .at(site)
          .mend("true where a key is padding: ids == padding")
          .raise<DTypeError>();
  }
}

/// (…, positions, heads · n) -> (…, heads, positions, n), a view.
Tensor MultiHeadAttention::by_head(const Tensor& x, std::int64_t heads) const {
  Shape shape = x.shape();
  shape.back() = width_ / heads_;
  shape.insert(shape.size() - 1, heads);
  return swapaxes(reshape(x, shape), -3, -2);
}

KeyValues MultiHeadAttention::project(const Operand& key, const Operand& value) const {
  check_width("key", key, key_width_);
  check_width("value", value, value_width_);
  CallScope scope(key.site());
  std::int64_t shared = width_ / heads_ * key_value_heads_;
  Tensor bias = in_proj_bias.defined() ? split(in_proj_bias, {width_, 2 * shared})[1] : Tensor();
  if (in_proj_weight.defined() && is_same(key, value)) {
    Tensors both = split(linear(key, split(in_proj_weight, {width_, 2 * shared})[1], bias), 2, -1);
    return {by_head(both[0], key_value_heads_), by_head(both[1], key_value_heads_)};
  }
  Tensors biases = bias.defined() ? split(bias, 2) : Tensors{Tensor(), Tensor()};
  Tensors weights{k_proj_weight, v_proj_weight};
  if (in_proj_weight.defined()) {
    Tensors parts = split(in_proj_weight, {width_, shared, shared});
    weights = {parts[1], parts[2]};
  }
  return {by_head(linear(key, weights[0], biases[0]), key_value_heads_),
          by_head(linear(value, weights[1], biases[1]), key_value_heads_)};
}

Tensor MultiHeadAttention::project_query(const Operand& query) const {
  Tensor weight = q_proj_weight, bias;
  if (in_proj_weight.defined()) weight = in_proj_weight(range(0, width_));
  if (in_proj_bias.defined()) bias = in_proj_bias(range(0, width_));
  return by_head(linear(query, weight, bias), heads_);
}

MultiHeadAttention::Projected MultiHeadAttention::project_all(const Operand& query, const Operand& key,
                                                              const Operand& value) const {
  if (!in_proj_weight.defined() || !is_same(query, key) || !is_same(key, value))
    return {project_query(query), project(key, value)};
  std::int64_t shared = width_ / heads_ * key_value_heads_;
  Tensors parts = split(linear(query, in_proj_weight, in_proj_bias), {width_, shared, shared}, -1);
  return {by_head(parts[0], heads_), {by_head(parts[1], key_value_heads_), by_head(parts[2], key_value_heads_)}};
}

AttentionResult MultiHeadAttention::operator()(const Operand& query, const Operand& key, const Operand& value,
                                               const AttentionCall& call) const {
  ModuleCall told(*this, query, key, value);
  check_width("query", query, width_);
  check_width("key", key, key_width_);
  check_width("value", value, value_width_);
  CallScope scope(query.site());
  auto [q, all] = project_all(query, key, value);
  std::int64_t before = call.cache ? call.cache->length() : 0;
  if (rotary_) {
    q = rotary(q, {.first = before});
    all.key = rotary(all.key, {.first = before});
  }
  if (before > 0) all = {concatenate({call.cache->key, all.key}, -2), concatenate({call.cache->value, all.value}, -2)};
  AttentionResult result = attend(q, all, call, query.site());
  if (call.cache) *call.cache = all;
  return told(std::move(result));
}

AttentionResult MultiHeadAttention::operator()(const Operand& query, const KeyValues& memory,
                                               const AttentionCall& call) const {
  ModuleCall told(*this, query, memory.key, memory.value);
  check_width("query", query, width_);
  if (call.cache || rotary_)
    complain(std::string("keys and values that were made earlier go with no ") +
             (call.cache ? "cache" : "rotary positions"))
        .at(query.site())
        .raise<ValueError>();
  CallScope scope(query.site());
  return told(attend(project_query(query), memory, call, query.site()));
}

AttentionResult MultiHeadAttention::attend(Tensor q, const KeyValues& memory, const AttentionCall& call,
                                           const Site& site) const {
  Tensor k = memory.key, v = memory.value;
  std::int64_t groups = heads_ / key_value_heads_;
  Shape heads = q.shape();
  check_masks(call, heads, k.size(-2), site);
  if (groups > 1) {  // each head of keys and values meets a group of heads of queries
    Shape grouped = heads;
    grouped[grouped.size() - 3] = groups;
    grouped.insert(grouped.size() - 3, key_value_heads_);
    q = reshape(q, grouped);
    k = expand_dims(k, -3);
    v = expand_dims(v, -3);
  }
  AttentionOptions options{.mask = call.mask, .key_padding = call.key_padding, .causal = call.causal};
  options.dropout = training ? dropout_ : 0;
  options.rng = rng_;
  std::int64_t leading = static_cast<std::int64_t>(heads.size()) - 3;
  if (leading == 0 && options.key_padding.defined() && options.key_padding.rank() == 1)
    options.key_padding = broadcast_to(options.key_padding, {q.size(0), options.key_padding.size()});
  if (options.mask.defined()) {
    if (leading > 0 && options.mask.rank() == leading + 2) options.mask = expand_dims(options.mask, -3);
    if (groups > 1 && options.mask.rank() >= 3) {
      Shape shape = options.mask.shape();
      std::int64_t own = shape[shape.size() - 3];
      if (own == heads_) {
        shape[shape.size() - 3] = groups;
        shape.insert(shape.size() - 3, key_value_heads_);
        options.mask = reshape(options.mask, shape);
      } else if (own == 1) {
        options.mask = expand_dims(options.mask, -3);
      }
    }
  }
  AttentionResult result;
  if (call.weights == AttentionWeights::none) {
    result.y = scaled_dot_product_attention({q, site}, k, v, options);
  } else {
    xg::detail::AttentionWithWeights both = xg::detail::attention_with_weights(q, k, v, options, site);
    result = {both.y, both.weights};
  }
  if (groups > 1) {
    auto ungrouped = [&](const Tensor& x) {
      Shape shape = heads;
      shape.back() = x.shape().back();
      return reshape(x, shape);
    };
    result.y = ungrouped(result.y);
    if (result.weights.defined()) result.weights = ungrouped(result.weights);
  }
  if (call.weights == AttentionWeights::mean) result.weights = mean(result.weights, -3);
  result.y = out_proj(joined(result.y));
  return result;
}

}  // namespace xg::nn
