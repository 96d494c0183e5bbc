// Scaled dot-product attention by blocks: no matrix of all scores is ever held.
#pragma once

#include "../array/random.hpp"

namespace xg::kernels {

/// softmax(scale · q kᵀ + masks) v. Leading axes L are those of every array; the masks are views broadcast to
/// (L…, queries, keys). All real arrays have one dtype.
struct Attention {
  Array q, k, v;                 // (L…, queries, width), (L…, keys, width), (L…, keys, values)
  Array added;                   // real, or none
  SmallVector<Array, 2> barred;  // boolean: true may not be attended to
  bool causal = false;           // the last query sees all keys, the one before it all but the last, …
  double scale = 1;
  double dropout = 0;
  RngState random;  // where dropout's numbers start; each query has ⌈keys / 4⌉ blocks of them

  std::int64_t queries() const { return q.shape()[q.shape().size() - 2]; }
  std::int64_t keys() const { return k.shape()[k.shape().size() - 2]; }
  /// How many blocks of random bits it takes.
  std::int64_t random_blocks() const { return queries() == 0 ? 0 : rows() * ((keys() + 3) / 4); }
  /// Queries of all leading axes.
  std::int64_t rows() const { return Shape(q.shape().begin(), q.shape().end() - 1).elements(); }
};

/// y (L…, queries, values), and of each query the logarithm of the sum of its exponentiated scores in two parts: the
/// highest score and the sum relative to it, each (L…, queries). Queries that may attend to nothing give 0.
struct Attended {
  Array y, top, total;
};
Attended attend(const Attention& attention);

/// Gradients, `added` with the shape of all scores and only when `wants_added`.
struct AttentionGradients {
  Array q, k, v, added;
};
AttentionGradients attend_vjp(const Attention& attention, const Attended& forward, const Array& g, bool wants_added);

}  // namespace xg::kernels
