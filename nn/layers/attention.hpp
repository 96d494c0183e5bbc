// MultiHeadAttention, and what it keeps of a text while the text is written.
#pragma once

#include "../../core/array/random.hpp"
#include "linear.hpp"

namespace xg {
class Complaint;
}

namespace xg::nn {

/// Keys and values by head, (…, heads, positions, width of a head).
struct KeyValues {
  Tensor key, value;
  /// How many positions; 0 when there is nothing yet.
  std::int64_t length() const { return key.defined() ? key.size(-2) : 0; }
  /// Those of some rows of the batch, in this order, which may repeat: what goes on when a beam search has chosen.
  KeyValues select(const Tensor& rows) const;
};

struct MultiHeadAttentionOptions {
  /// The probability that a weight is left out in training.
  double dropout = 0;
  bool bias = true;
  /// Widths of the keys' and the values' inputs (PyTorch's kdim and vdim); 0: as that of the queries.
  std::int64_t key_width = 0, value_width = 0;
  /// Heads of keys and values, each shared by heads / key_value_heads heads of queries; 0: as many as those.
  std::int64_t key_value_heads = 0;
  /// Turn queries and keys by their positions: `rotary`.
  bool rotary = false;
  /// Where dropout's random numbers come from; null is the default generator. It must outlive the layer and its copies.
  Rng* rng = nullptr;
};

/// Which weights to return beside the result.
enum class AttentionWeights { none, mean, by_head };

/// How one call of MultiHeadAttention attends.
struct AttentionCall {
  /// Boolean (true may not be attended to) or real (added to the scores): (queries, keys), or with axes of the batch in
  /// front, or of the batch and the heads.
  Tensor mask = {};
  /// Boolean (batch, keys): true is padding.
  Tensor key_padding = {};
  /// Nobody attends to the future.
  bool causal = false;
  /// The mean over the heads, (batch, queries, keys); each head's, (batch, heads, queries, keys); or none, which saves
  /// the memory of all scores.
  AttentionWeights weights = AttentionWeights::mean;
  /// Keys and values of what came before, to which this call's are added: decoding word by word.
  KeyValues* cache = nullptr;
};

/// What MultiHeadAttention gives; `weights` is undefined where none were asked for.
struct AttentionResult {
  Tensor y, weights;
};

/// y = concat(attention of each head) W_outᵀ + b, where a head attends with its part of the projected query, key and
/// value: (batch, queries, width), (batch, keys, key width), (batch, keys, value width) -> (batch, queries, width), and
/// the weights, as in PyTorch (batch first; without the axis of the batch too). in_proj_weight (3 width, width) starts
/// Xavier-uniform, or q_proj_weight, k_proj_weight and v_proj_weight where widths differ; out_proj.weight as Linear's;
/// biases 0. Called, throws ShapeError and DTypeError; made, ValueError for sizes out of range and heads that do not
/// divide the width. Source: Vaswani et al. 2017; grouped heads: Ainslie et al. 2023.
class MultiHeadAttention {
 public:
  MultiHeadAttention(std::int64_t width, std::int64_t heads, const MultiHeadAttentionOptions& options = {},
                     Site site = Site::here());

  AttentionResult operator()(const Operand& query, const Operand& key, const Operand& value,
                             const AttentionCall& call = {}) const;
  /// To keys and values that `project` made earlier, for a memory that is attended to again and again; without a cache
  /// and without rotary positions.
  AttentionResult operator()(const Operand& query, const KeyValues& memory, const AttentionCall& call = {}) const;
  KeyValues project(const Operand& key, const Operand& value) const;

  std::int64_t heads() const { return heads_; }
  auto fields() {
    return nn::fields("in_proj_weight", in_proj_weight, "q_proj_weight", q_proj_weight, "k_proj_weight", k_proj_weight,
                      "v_proj_weight", v_proj_weight, "in_proj_bias", in_proj_bias, "out_proj", out_proj, "training",
                      training);
  }

  Parameter in_proj_weight;                               // undefined where widths differ
  Parameter q_proj_weight, k_proj_weight, v_proj_weight;  // undefined where they do not
  Parameter in_proj_bias;                                 // undefined without one
  Linear out_proj;
  Training training;

 private:
  struct Projected {
    Tensor q;
    KeyValues made;
  };
  Projected project_all(const Operand& query, const Operand& key, const Operand& value) const;
  Tensor project_query(const Operand& query) const;
  Tensor by_head(const Tensor& x, std::int64_t heads) const;
  Complaint complain(const std::string& what) const;
  void check_width(const char* name, const Operand& x, std::int64_t width) const;
  void check_masks(const AttentionCall& call, const Shape& queries, std::int64_t keys, const Site& site) const;
  AttentionResult attend(Tensor q, const KeyValues& memory, const AttentionCall& call, const Site& site) const;

  std::int64_t width_, heads_, key_value_heads_, key_width_, value_width_;
  double dropout_;
  bool rotary_;
  Rng* rng_;
};

}  // namespace xg::nn
