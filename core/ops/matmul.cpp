#include "matmul.hpp"

#include "../error/error.hpp"
#include "../graph/meet.hpp"
#include "../graph/record.hpp"
#include "../kernels/matmul.hpp"
#include "arithmetic.hpp"
#include "matrix.hpp"
#include "reduce.hpp"
#include "shape.hpp"

namespace xg {
namespace {

Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

/// matmul of operands with at least two axes, summed to the leading axes `batch`.
Tensor matmul_to(const Tensor& a, const Tensor& b, const Shape& batch) {
  DType dtype = promote(a.dtype(), b.dtype());
  return record("matmul", kernels::matmul(a.array().cast(dtype), b.array().cast(dtype), batch), {a, b},
                [a, b](const Tensor& g, const Wants& wants) -> Tensors {
                  return {wants[0] ? matmul_to(g, matrix_transpose(b), leading(a.shape())) : Tensor(),
                          wants[1] ? matmul_to(matrix_transpose(a), g, leading(b.shape())) : Tensor()};
                });
}

/// Operands of matmul with vectors made matrices, and the axes that the result has.
struct Product {
  Shape a, b;    // with at least two axes
  Shape batch;   // broadcast leading axes
  Shape result;  // without the axes added for vectors
};

Product check_matmul(const Operand& a, const Operand& b) {
  auto complain = [&](const std::string& what) {
    return Complaint("matmul", what).fact("a", describe(a)).fact("b", describe(b)).at(a.site());
  };
  Product p{a.shape(), b.shape(), {}, {}};
  if (p.a.empty() || p.b.empty())
    complain("a 0-d operand has no axis to sum over").mend("multiply numbers with *").raise<ShapeError>();
  bool row = p.a.size() == 1, column = p.b.size() == 1;
  if (row) p.a.insert(0, 1);
  if (column) p.b.push_back(1);
  std::int64_t inner_a = p.a.back(), inner_b = p.b[p.b.size() - 2];
  if (inner_a != inner_b)
    complain("inner sizes differ: " + std::to_string(inner_a) + " and " + std::to_string(inner_b))
        .mend("the last axis of a must be as long as the " + std::string(column ? "only" : "second to last") +
              " axis of b")
        .raise<ShapeError>();
  if (!broadcast_shapes(leading(p.a), leading(p.b), p.batch))
    complain("leading axes do not broadcast: " + to_string(leading(p.a)) + " and " + to_string(leading(p.b)))
        .mend("all axes but the last two are matched from the back; each pair must be equal or one of them 1")
        .raise<ShapeError>();
  p.result = p.batch;
  if (!row) p.result.push_back(p.a[p.a.size() - 2]);
  if (!column) p.result.push_back(p.b.back());
  return p;
}

}  // namespace

Tensor matmul(const Operand& a, const Operand& b) {
  Product p = check_matmul(a, b);
  DType dtype = promote(a, b);
  Array value = kernels::matmul(a.array(dtype).reshaped(p.a), b.array(dtype).reshaped(p.b), p.batch);
  if (a.shape().size() > 1 && b.shape().size() > 1)
    return record("matmul", std::move(value), {a, b},
                  [a = a.tensor(), b = b.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
                    return {wants[0] ? matmul_to(g, matrix_transpose(b), leading(a.shape())) : Tensor(),
                            wants[1] ? matmul_to(matrix_transpose(a), g, leading(b.shape())) : Tensor()};
                  });
  Shape product = value.shape();
  return record(
      "matmul", value.reshaped(p.result), {a, b},
      [a = a.tensor(), b = b.tensor(), p, product](const Tensor& g, const Wants& wants) -> Tensors {
        Tensor y = detail::reshaped(g, product), da, db;
        if (wants[0])
          da = detail::reshaped(matmul_to(y, matrix_transpose(detail::reshaped(b, p.b)), leading(p.a)), a.shape());
        if (wants[1])
          db = detail::reshaped(matmul_to(matrix_transpose(detail::reshaped(a, p.a)), y, leading(p.b)), b.shape());
        return {da, db};
      });
}

Tensor matrix_transpose(const Operand& x) {
  detail::check_matrices("matrix_transpose", x);
  return record("matrix_transpose", x.array().transposed(), {x},
                [](const Tensor& g) -> Tensors { return {matrix_transpose(g)}; });
}

namespace {

/// Σ gᵀ x over the leading axes: the gradient of a weight.
Tensor sum_of_outer(const Tensor& g, const Tensor& x) {
  DType dtype = promote(g.dtype(), x.dtype());
  return record("sum_of_outer", kernels::sum_of_outer(g.array().cast(dtype), x.array().cast(dtype)), {g, x},
                [g, x](const Tensor& h, const Wants& wants) -> Tensors {
                  return {wants[0] ? linear(x, h) : Tensor(), wants[1] ? linear(g, matrix_transpose(h)) : Tensor()};
                });
}

/// Cotangents of x, weight and bias.
Tensors linear_gradients(const Tensor& g, const Tensor& x, const Tensor& weight, const Wants& wants) {
  bool biased = wants.size() == 3;
  Shape outputs{g.shape().back()};
  bool one_row = g.size() == outputs[0];
  Tensors result;
  if (is_recording() || x.dtype() != g.dtype() || weight.dtype() != g.dtype()) {
    result.push_back(wants[0] ? linear(g, matrix_transpose(weight)) : Tensor());
    result.push_back(wants[1] ? sum_of_outer(g, x) : Tensor());
    if (biased) result.push_back(one_row ? detail::reshaped(g, outputs) : g);  // the engine sums it
    return result;
  }
  // The same, without the views between.
  result.push_back(wants[0] ? Tensor(kernels::linear(g.array(), weight.array(), nullptr, true)) : Tensor());
  result.push_back(wants[1] ? Tensor(kernels::sum_of_outer(g.array(), x.array())) : Tensor());
  if (biased && wants[2]) result.push_back(one_row ? Tensor(g.array().reshaped(outputs)) : Tensor(g));
  else if (biased) result.push_back(Tensor());
  return result;
}

void check_linear(const Operand& x, const Operand& weight, const Tensor& bias) {
  auto complain = [&](const std::string& what) {
    Complaint complaint("linear", what);
    if (!weight.is_number()) complaint.layer(weight.tensor().name());
    complaint.fact("x", describe(x)).fact("weight", describe(weight));
    if (bias.defined()) complaint.fact("bias", describe(bias));
    return complaint.at(x.site());
  };
  const Shape &s = x.shape(), &w = weight.shape();
  if (w.size() != 2) complain("the weight has shape " + to_string(w) + ", not (out, in)").raise<ShapeError>();
  if (s.empty()) complain("x has no axes, so no features").raise<ShapeError>();
  if (s.back() != w[1])
    complain("x has " + std::to_string(s.back()) + " features, the weight takes " + std::to_string(w[1]))
        .raise<ShapeError>();
  if (bias.defined() && (bias.rank() != 1 || bias.shape()[0] != w[0]))
    complain("the bias has shape " + to_string(bias.shape()) + ", the weight gives " + std::to_string(w[0]) +
             " outputs")
        .raise<ShapeError>();
}

}  // namespace

Tensor linear(const Operand& x, const Operand& weight, const Tensor& bias) {
  check_linear(x, weight, bias);
  DType dtype = promote(x, weight);
  auto rule = [x = x.tensor(), weight = weight.tensor()](const Tensor& g, const Wants& wants) -> Tensors {
    return linear_gradients(g, x, weight, wants);
  };
  if (!bias.defined()) {
    detail::MetArrays in = detail::arrays_in(dtype, {x, weight});
    return record("linear", kernels::linear(in[0], in[1], nullptr), {x, weight}, std::move(rule));
  }
  dtype = promote(dtype, bias.dtype());
  Operand b(bias, x.site());
  detail::MetArrays in = detail::arrays_in(dtype, {x, weight, b});
  return record("linear", kernels::linear(in[0], in[1], &in[2]), {x, weight, b}, std::move(rule));
}

Tensor dot(const Operand& a, const Operand& b) {
  if (a.shape().size() != 1 || b.shape().size() != 1 || a.shape() != b.shape())
    Complaint("dot", "takes two vectors of one length, not " + to_string(a.shape()) + " and " + to_string(b.shape()))
        .fact("a", describe(a))
        .fact("b", describe(b))
        .at(a.site())
        .mend("matmul(a, b) for matrices")
        .raise<ShapeError>();
  CallScope scope(a.site());
  return matmul(a, b);
}

Tensor outer(const Operand& a, const Operand& b) {
  CallScope scope(a.site());
  return matmul(detail::reshaped(a.tensor(), {a.tensor().size(), 1}),
                detail::reshaped(b.tensor(), {1, b.tensor().size()}));
}

Tensor bilinear(const Operand& a, const Operand& b, const Operand& weight, const Tensor& bias) {
  auto complain = [&](const std::string& what) {
    Complaint complaint("bilinear", what);
    if (!weight.is_number()) complaint.layer(weight.tensor().name());
    complaint.fact("a", describe(a)).fact("b", describe(b)).fact("weight", describe(weight));
    return complaint.at(a.site());
  };
  const Shape &first = a.shape(), &second = b.shape(), &w = weight.shape();
  if (w.size() != 3)
    complain("the weight has shape " + to_string(w) + ", not (out, first, second)").raise<ShapeError>();
  if (first.empty() || first.size() != second.size() || first.back() != w[1] || second.back() != w[2] ||
      Shape(first.begin(), first.end() - 1) != Shape(second.begin(), second.end() - 1))
    complain("shapes " + to_string(first) + " and " + to_string(second) + " do not fit the weight " + to_string(w))
        .mend("the operands differ in the last axis only, and end in the last two lengths of the weight")
        .raise<ShapeError>();
  if (bias.defined() && bias.shape() != Shape{w[0]})
    complain("the bias has shape " + to_string(bias.shape()) + ", the weight gives " + std::to_string(w[0]) +
             " outputs")
        .raise<ShapeError>();
  CallScope scope(a.site());
  Shape column = first, matrices(first.begin(), first.end() - 1), result = matrices;
  column.push_back(1);
  matrices.push_back(w[0]);
  matrices.push_back(w[1]);
  result.push_back(w[0]);
  Tensor rows = reshape(linear(b, reshape(weight, {w[0] * w[1], w[2]})), matrices);  // (…, out, first)
  Tensor y = reshape(matmul(rows, reshape(a, column)), result);
  return bias.defined() ? y + bias : y;
}

}  // namespace xg
