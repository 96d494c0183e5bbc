#include "attention.hpp"

#include <cmath>
#include <limits>

#include "../error/error.hpp"
#include "../graph/record.hpp"
#include "../kernels/attention.hpp"
#include "create.hpp"
#include "dropout.hpp"
#include "functions.hpp"
#include "matmul.hpp"
#include "matrix.hpp"
#include "reduce.hpp"
#include "shape.hpp"
#include "softmax.hpp"

namespace xg {
namespace {

constexpr const char* op = "scaled_dot_product_attention";

/// Attention as it was asked for, found to fit.
struct Asked {
  Tensor q, k, v;
  Tensor added;    // real, or undefined
  Tensors barred;  // boolean, broadcasting to the scores
  Shape leading;
  DType dtype = f32;
  bool causal = false;
  double scale = 1, dropout = 0;
  RngState random;

  std::int64_t queries() const { return q.size(-2); }
  std::int64_t keys() const { return k.size(-2); }
  Shape matrix(std::int64_t rows, std::int64_t columns) const {
    Shape shape = leading;
    shape.push_back(rows);
    shape.push_back(columns);
    return shape;
  }

  kernels::Attention kernel() const {
    auto wide = [&](const Tensor& t, std::int64_t rows, std::int64_t columns) {
      return t.array().broadcast_to(matrix(rows, columns));
    };
    auto real = [&](const Tensor& t) { return wide(Tensor(t.array().cast(dtype)), t.size(-2), t.size(-1)); };
    kernels::Attention a;
    a.q = real(q);
    a.k = real(k);
    a.v = real(v);
    if (added.defined()) a.added = wide(Tensor(added.array().cast(dtype)), queries(), keys());
    for (const Tensor& t : barred) a.barred.push_back(wide(t, queries(), keys()));
    a.causal = causal;
    a.scale = scale;
    a.dropout = dropout;
    a.random = random;
    return a;
  }

  // In plain ops, which can be differentiated again.

  Tensor probabilities() const {
    Tensor scores = matmul(q, matrix_transpose(k)) * scale;
    if (added.defined()) scores = scores + added;
    auto bar = [&](const Tensor& t) { scores = where(t, -std::numeric_limits<double>::infinity(), scores); };
    for (const Tensor& t : barred) bar(t);
    if (causal) bar(arange(keys()) > expand_dims(arange(queries()), 1) + (keys() - queries()));
    return softmax(scores, -1);
  }
  /// The factors that the kernel draws row by row.
  Tensor drawn() const {
    Rng rng(random.seed);
    rng.set_state(random);
    Array mask = draw::dropout_mask(matrix(queries(), (keys() + 3) / 4 * 4), dtype, dropout, rng);
    return Tensor(mask.view(matrix(queries(), keys()), mask.strides()));
  }
  Tensors composed_vjp(const Tensor& g) const {
    Tensor p = probabilities(), dp = matmul(g, matrix_transpose(v)), kept = p;
    if (dropout > 0) {
      Tensor factors = drawn();
      dp = dp * factors;
      kept = p * factors;
    }
    Tensor ds = p * (dp - sum(dp * p, -1, keepdims));
    return {matmul(ds, k) * scale, matmul(matrix_transpose(ds), q) * scale, matmul(matrix_transpose(kept), g), ds};
  }
};

Asked checked(const Operand& q, const Operand& k, const Operand& v, const AttentionOptions& options) {
  auto complain = [&](const std::string& what) {
    Complaint complaint(op, what);
    complaint.fact("q", describe(q)).fact("k", describe(k)).fact("v", describe(v));
    if (options.mask.defined()) complaint.fact("mask", describe(options.mask));
    if (options.key_padding.defined()) complaint.fact("key padding", describe(options.key_padding));
    return complaint.at(q.site());
  };
  for (const Operand* x : {&q, &k, &v})
    if (x->shape().rank() < 2)
      complain("q, k and v must have axes of positions and of numbers, not shape " + to_string(x->shape()))
          .mend("(…, queries, width), (…, keys, width), (…, keys, values)")
          .raise<ShapeError>();
  auto last = [](const Operand& x, std::size_t axis) { return x.shape()[x.shape().size() - axis]; };
  if (last(q, 1) != last(k, 1))
    complain("widths differ: q has " + std::to_string(last(q, 1)) + ", k " + std::to_string(last(k, 1)))
        .raise<ShapeError>();
  if (last(k, 2) != last(v, 2))
    complain("there are " + std::to_string(last(k, 2)) + " keys but " + std::to_string(last(v, 2)) + " values")
        .raise<ShapeError>();
  detail::check_dropout(op, options.dropout, q.site());

  Asked asked{
      .q = q.tensor(), .k = k.tensor(), .v = v.tensor(), .added = {}, .barred = {}, .leading = {}, .random = {}};
  auto leading = [](const Operand& x) { return Shape(x.shape().begin(), x.shape().end() - 2); };
  Shape both;
  if (!broadcast_shapes(leading(q), leading(k), both) || !broadcast_shapes(both, leading(v), asked.leading))
    complain("leading axes do not broadcast: " + to_string(leading(q)) + ", " + to_string(leading(k)) + " and " +
             to_string(leading(v)))
        .raise<ShapeError>();
  asked.dtype = real(promote(asked.q.dtype(), promote(asked.k.dtype(), asked.v.dtype())));
  Shape scores = asked.matrix(asked.queries(), asked.keys());
  if (options.mask.defined()) {
    Shape shape;
    if (!broadcast_shapes(options.mask.shape(), scores, shape) || shape != scores)
      complain("the mask of shape " + to_string(options.mask.shape()) + " does not broadcast to the scores " +
               to_string(scores))
          .raise<ShapeError>();
    if (options.mask.dtype() == DType::i64)
      complain("the mask is of i64, which is neither boolean nor real")
          .mend("boolean (true may not be attended to), or f32 or f64 to add to the scores")
          .raise<DTypeError>();
    if (options.mask.dtype() == DType::boolean) asked.barred.push_back(options.mask);
    else {
      asked.added = options.mask;
      asked.dtype = promote(asked.dtype, options.mask.dtype());
    }
  }
  if (options.key_padding.defined()) {
    Shape expected{asked.keys()}, wide(asked.leading.size() + 2, 1);
    if (!asked.leading.empty()) expected.insert(0, wide[0] = asked.leading[0]);
    wide.back() = asked.keys();
    if (options.key_padding.shape() != expected)
      complain("the key padding has shape " + to_string(options.key_padding.shape()) + ", not " + to_string(expected))
          .raise<ShapeError>();
    if (options.key_padding.dtype() != DType::boolean)
      complain("the key padding is of " + std::string(name_of(options.key_padding.dtype())) + ", not boolean")
          .mend("true where a key is padding: ids == padding")
          .raise<DTypeError>();
    asked.barred.push_back(Tensor(options.key_padding.array().reshaped(wide)));
  }
  asked.causal = options.causal;
  asked.scale = options.scale.value_or(last(q, 1) ? 1 / std::sqrt(static_cast<double>(last(q, 1))) : 1);
  asked.dropout = options.dropout;
  if (asked.dropout > 0) {
    std::int64_t rows = scores.elements() == 0 ? 0 : scores.elements() / asked.keys();
    Rng& rng = options.rng ? *options.rng : default_rng();
    asked.random = rng.reserve(static_cast<std::uint64_t>(rows * ((asked.keys() + 3) / 4)));
  }
  return asked;
}

}  // namespace

Tensor scaled_dot_product_attention(const Operand& q, const Operand& k, const Operand& v,
                                    const AttentionOptions& options) {
  Asked asked = checked(q, k, v, options);
  Tensors inputs{asked.q, asked.k, asked.v};
  if (asked.added.defined()) inputs.push_back(asked.added);
  kernels::Attended forward = kernels::attend(asked.kernel());
  Array y = forward.y;
  forward.y = Array();
  return record(op, std::move(y), Operands(inputs, q.site()),
                [asked, forward](const Tensor& g, const Wants& wants, const Tensor& y) -> Tensors {
                  Tensors all;
                  if (is_recording()) {
                    all = asked.composed_vjp(g);
                  } else {
                    bool wants_added = wants.size() > 3 && wants[3];
                    kernels::AttentionGradients found =
                        kernels::attend_vjp(asked.kernel(), {y.array(), forward.top, forward.total},
                                            g.array().cast(asked.dtype), wants_added);
                    all = {Tensor(found.q), Tensor(found.k), Tensor(found.v)};
                    all.push_back(wants_added ? Tensor(found.added) : Tensor());
                  }
                  Tensors result;
                  for (std::size_t i = 0; i < wants.size(); ++i) result.push_back(wants[i] ? all[i] : Tensor());
                  return result;
                });
}

detail::AttentionWithWeights detail::attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                                            const AttentionOptions& options, const Site& site) {
  Asked asked = checked({q, site}, {k, site}, {v, site}, options);
  Tensor weights = asked.probabilities();
  if (asked.dropout > 0) weights = weights * asked.drawn();
  return {matmul(weights, asked.v), weights};
}

}  // namespace xg
