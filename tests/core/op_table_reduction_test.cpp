// Rows of reductions, scans, softmax and sorting.
#include "op_table.hpp"

#include <cmath>

namespace op_table {
namespace {

/// Over all axes, one, and two with their places kept.
void add_reduction(Rows& rows, const char* name, Tensors (*over_all)(const Tensors&),
                   Tensors (*over_last)(const Tensors&), Tensors (*over_two)(const Tensors&), bool takes_nothing) {
  std::vector<Shapes> every = any_shapes(), last = last_axis_shapes();
  if (!takes_nothing)  // an axis of length 0 may be kept, not reduced
    every = {{{}}, {{3}}, {{2, 3}}, {{2, 1, 3}}, {{2, 1, 2, 2}}};
  rows.push_back({name, over_all, {{}}, every});
  rows.push_back({name, over_last, {{}}, last});
  rows.push_back({name, over_two, {{}}, {{{2, 3}}, {{2, 1, 3}}, {{2, 3, 2, 2}}, {{2, 0, 3}}}});
}
#define REDUCTION(name, takes_nothing) \
  add_reduction(rows, #name, OP(name(x[0])), OP(name(x[0], -1)), OP(name(x[0], {0, -1}, keepdims)), takes_nothing)

/// What an op returns beside its indices is checked; so are the indices, as values.
Tensors pair(const ValuesIndices& found) { return {found.values, found.indices}; }

Rows all_rows() {
  const Domain nonzero{-2, 2, {0}};
  const std::vector<Shapes> every = any_shapes(), last = last_axis_shapes(),
                            some{{{}}, {{3}}, {{2, 3}}, {{2, 1, 2, 2}}};
  const std::vector<Shapes> several{{{2, 2}}, {{3}}, {{2, 2, 2}}, {{3, 1, 2, 2}}};
  Rows rows;
  REDUCTION(sum, true);
  REDUCTION(mean, true);
  REDUCTION(prod, true);
  REDUCTION(amax, false);
  REDUCTION(amin, false);
  REDUCTION(logsumexp, true);
  auto add = [&](const char* name, Tensors (*op)(const Tensors&), std::vector<Shapes> shapes,
                 const Domain& domain = {}) {
    rows.push_back({name, op, {domain}, std::move(shapes)});
  };
  add("prod", OP(prod(where(abs(x[0]) < 0.8, 0, x[0]), -1)), last);  // zeros among the factors
  add("var", OP(var(x[0])), several);
  add("var", OP(var(x[0], -1, keepdims)), last);
  add("var", OP(var(x[0], {0, -1}, KeepDims::no, 0)), {{{2, 3}}, {{2, 1, 3}}, {{2, 0, 3}}});
  add("std", OP(xg::std(x[0])), several);
  add("std", OP(xg::std(x[0], -1, keepdims)), last);
  add("std", OP(xg::std(x[0], 0, KeepDims::no, 0)), {{{3}}, {{2, 3}}, {{2, 0, 3}}});
  add("norm", OP(norm(x[0])), some);
  add("norm", OP(norm(x[0], 1, -1)), last, nonzero);
  add("norm", OP(norm(x[0], 3, {0, -1}, keepdims)), {{{2, 3}}, {{2, 1, 3}}}, nonzero);
  add("norm", OP(norm(x[0], 0.5)), some, nonzero);
  add("norm", OP(norm(x[0], HUGE_VAL, -1)), last, nonzero);
  add("norm", OP(norm(x[0], -HUGE_VAL, -1)), last, nonzero);
  add("softmax", OP(softmax(x[0], -1)), last);
  add("softmax", OP(softmax(x[0], 0)), last);
  add("log_softmax", OP(log_softmax(x[0], -1)), last);
  add("log_softmax", OP(log_softmax(x[0], 0)), last);
  add("cumsum", OP(cumsum(x[0], -1)), last);
  add("cumsum", OP(cumsum(x[0], 0)), last);
  add("cumprod", OP(cumprod(x[0], -1)), last);
  add("cumprod", OP(cumprod(where(abs(x[0]) < 0.8, 0, x[0]), -1)), last);
  add("max", OP(pair(max(x[0], -1))), last);
  add("max", OP(pair(max(x[0], 0, keepdims))), {{{3}}, {{2, 3}}, {{2, 0, 3}}});
  add("min", OP(pair(min(x[0], -1))), last);
  add("sort", OP(pair(sort(x[0]))), last);
  add("sort", OP(pair(sort(x[0], 0, {.descending = true}))), last);
  add("topk", OP(pair(topk(x[0], 2))), last);
  add("topk", OP(pair(topk(x[0], 2, {.axis = 0, .largest = false}))), {{{3}}, {{2, 3}}, {{3, 2, 1}}, {{2, 0}}});
  auto indices = [&](const char* name, Tensors (*op)(const Tensors&), std::vector<Shapes> shapes,
                     const Domain& domain = {}) {
    rows.push_back({name, op, {domain}, std::move(shapes), false});
  };
  indices("argmax", OP(argmax(x[0])), some);
  indices("argmax", OP(argmax(x[0], -1)), last);
  indices("argmin", OP(argmin(x[0])), some);
  indices("argmin", OP(argmin(x[0], 0, keepdims)), {{{3}}, {{2, 3}}, {{2, 0, 3}}});
  indices("argsort", OP(argsort(x[0])), last);
  indices("argsort", OP(argsort(x[0], 0, {.descending = true})), last);
  indices("all", OP(all(x[0])), every, booleans());
  indices("all", OP(all(x[0], -1)), last);
  indices("any", OP(any(x[0])), every, booleans());
  indices("any", OP(any(x[0], 0)), last);
  indices("count_nonzero", OP(count_nonzero(x[0], -1)), last, integers(0, 2));
  return rows;
}

}  // namespace

const Rows& reduction_rows() {
  static const Rows rows = all_rows();
  return rows;
}

}  // namespace op_table

OP_TABLE("reductions", op_table::reduction_rows())
