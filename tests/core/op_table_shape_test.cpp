// Rows of ops that move elements: shapes, indexing, joining, and creation.
#include "op_table.hpp"

#include <cmath>

namespace op_table {
namespace {

Row made(const char* name, Tensors (*op)(const Tensors&)) { return {name, op, {}, {{}}, false}; }
/// Random numbers of another dtype are other numbers.
Row random_like(const char* name, Tensors (*op)(const Tensors&)) {
  Row row = without_gradient(unary(name, op));
  row.f32_tolerance = HUGE_VAL;
  return row;
}
Row moved(const char* name, Tensors (*op)(const Tensors&), std::vector<Shapes> shapes) {
  std::vector<Domain> domains(shapes[0].size());
  return {name, op, std::move(domains), std::move(shapes)};
}

}  // namespace

const Rows& shape_rows() {
  const std::vector<Shapes> any = any_shapes(), last = last_axis_shapes();
  const std::vector<Shapes> matrices{{{2, 3}}, {{3, 2, 2}}, {{2, 1, 2, 2}}, {{0, 3}}, {{2, 0, 3}}};
  const std::vector<Shapes> broadcast_down{
      {{}, {}}, {{3}, {3}}, {{2, 3}, {3}}, {{2, 3}, {2, 1}}, {{2, 1, 2, 2}, {2, 1}}, {{0, 3}, {3}}};
  static const Rows rows{
      moved("reshape", OP(reshape(x[0], {-1, 2})), {{{2, 3}}, {{4}}, {{2, 1, 2, 2}}, {{0, 2}}}),
      moved("flatten", OP(flatten(x[0])), any),
      moved("flatten", OP(flatten(x[0], 1)), matrices),
      moved("transpose", OP(transpose(x[0])), any),
      moved("permute", OP(permute(x[0], {1, 2, 0})), {{{2, 3, 2}}, {{1, 2, 3}}, {{2, 0, 3}}}),
      moved("moveaxis", OP(moveaxis(x[0], 0, -1)), matrices),
      moved("swapaxes", OP(swapaxes(x[0], 0, 1)), matrices),
      moved("squeeze", OP(squeeze(x[0])), {{{1}}, {{2, 1, 3}}, {{1, 2, 1, 2}}, {{1, 0}}, {{2}}}),
      moved("expand_dims", OP(expand_dims(x[0], {0, -1})), any),
      moved("copy", OP(copy(x[0])), any),
      moved("contiguous", OP(contiguous(x[0])), any),
      moved("broadcast_to", OP(broadcast_to(x[0], {2, 2, 3})), {{{}}, {{3}}, {{2, 1}}, {{2, 1, 3}}, {{2, 2, 3}}}),
      moved("broadcast_to", OP(broadcast_to(x[0], {0, 3})), {{{}}, {{3}}, {{1, 3}}, {{0, 1}}}),
      moved("sum_to", OP(sum_to(x[0], {1, 3})), {{{2, 3}}, {{1, 3}}, {{2, 2, 3}}, {{0, 3}}}),
      moved(
          "concatenate", OP(concatenate({x[0], x[1], 2 * x[0]})),
          {{{2}, {3}}, {{2, 3}, {1, 3}}, {{2, 3}, {0, 3}}, {{0, 3}, {0, 3}}, {{1, 2, 1, 2}, {2, 2, 1, 2}}, {{3}, {3}}}),
      moved("concatenate", OP(concatenate({x[0], x[1]}, -1)), {{{2, 3}, {2, 1}}, {{2, 1, 2}, {2, 1, 2}}}),
      moved("stack", OP(stack({x[0], x[1]})),
            {{{}, {}}, {{3}, {3}}, {{2, 3}, {2, 3}}, {{0}, {0}}, {{1, 2, 2}, {1, 2, 2}}}),
      moved("stack", OP(stack({x[0], x[1]}, -1)), {{{}, {}}, {{3}, {3}}, {{2, 3}, {2, 3}}, {{2, 0}, {2, 0}}}),
      moved("split", OP(split(x[0], 2)), {{{4}}, {{2, 3}}, {{4, 1, 2}}, {{0, 3}}}),
      moved("split", OP(split(x[0], {1, 0, 2}, -1)), {{{3}}, {{2, 3}}, {{2, 1, 2, 3}}, {{0, 3}}}),
      moved("chunk", OP(chunk(x[0], 2)), {{{3}}, {{5, 2}}, {{2, 2, 2}}}),
      moved("index", OP(x[0](1)), {{{2}}, {{2, 3}}, {{3, 1, 2, 2}}, {{2, 0}}}),
      moved("index", OP(x[0](range(none, none, -2), newaxis)), {{{4}}, {{3, 2}}, {{0, 2}}, {{5, 1, 2}}}),
      moved("index", OP(x[0](ellipsis, range(1, none))), last),
      moved("index", OP(x[0](all, -1)), {{{2, 3}}, {{3, 2, 2}}, {{2, 1, 2, 2}}, {{0, 3}}}),
      moved("index", OP(x[0](tensor({1, 0, 1, -1}, i64))), {{{2}}, {{3, 2}}, {{2, 2, 1, 2}}, {{2, 0}}}),
      moved("index", OP(x[0](all, tensor({{1, 0}, {1, 1}}, i64))), {{{2, 3}}, {{2, 2, 2}}, {{0, 2}}}),
      moved("index", OP(x[0](tensor({0, 1, 1}, i64), tensor({1, 0, 0}, i64))), {{{2, 2}}, {{2, 3, 2}}}),
      moved("index", OP(x[0](tensor({true, false, true}))), {{{3}}, {{3, 2}}, {{3, 0}}}),
      {"take", OP(take(x[0], x[1])), {{}, integers(0, 3)}, {{{3}, {4}}, {{2, 3}, {}}, {{2, 2, 2}, {2, 2}}, {{3}, {0}}}},
      {"take",
       OP(take(x[0], x[1], -1)),
       {{}, integers(-3, 3)},
       {{{3}, {4}}, {{2, 3}, {}}, {{2, 1, 3}, {2, 2}}, {{0, 3}, {2}}}},
      {"gather",
       OP(gather(x[0], x[1], 0)),
       {{}, integers(0, 2)},
       {{{2}, {4}}, {{2, 3}, {3, 3}}, {{3, 2, 2}, {2, 1, 2}}, {{2, 3}, {0, 3}}}},
      {"take_along_axis",
       OP(take_along_axis(x[0], x[1], 1)),
       {{}, integers(0, 2)},
       {{{2, 3}, {2, 4}}, {{2, 2}, {1, 3}}, {{1, 3}, {2, 3}}, {{2, 2, 2}, {2, 1, 2}}}},
      {"scatter_add",
       OP(scatter_add(x[0], x[1], x[2], 0)),
       {{}, integers(0, 2), {}},
       {{{2}, {4}, {4}},
        {{2, 3}, {3, 3}, {3, 3}},
        {{2, 2, 2}, {3, 1, 2}, {3, 1, 2}},
        {{2, 3}, {0, 3}, {0, 3}},
        {{2, 2}, {3, 2}, {}}}},
      {"masked_fill", OP(masked_fill(x[0], x[1], 2)), {{}, booleans()}, broadcast_down},
      {"masked_fill",
       OP(masked_fill(x[0], x[1], x[2])),
       {{}, booleans(), {}},
       {{{3}, {3}, {}}, {{2, 3}, {3}, {}}, {{2, 3}, {2, 1}, {1}}}},
      {"one_hot", OP(one_hot(x[0], 4)), {integers(0, 4)}, any, false},
      moved("pad", OP(pad(x[0], 1)), any),
      moved("pad", OP(pad(x[0], {{0, 2}, {1, 0}}, {.value = 3})), {{{2, 3}}, {{1, 1}}, {{0, 2}}}),
      moved("pad", OP(pad(x[0], {{1, 0}, {2, 1}}, {.mode = PadMode::reflect})), {{{2, 3}}, {{3, 4}}}),
      moved("pad", OP(pad(x[0], {{1, 0}, {2, 3}}, {.mode = PadMode::replicate})), {{{2, 3}}, {{1, 1}}}),
      moved("pad", OP(pad(x[0], {{1, 0}, {2, 1}}, {.mode = PadMode::circular})), {{{2, 3}}, {{1, 2}}}),
      moved("flip", OP(flip(x[0])), any),
      moved("flip", OP(flip(x[0], -1)), last),
      moved("roll", OP(roll(x[0], 2)), any),
      moved("roll", OP(roll(x[0], -1, -1)), last),
      moved("roll", OP(roll(x[0], {1, 2}, {0, -1})), matrices),
      moved("tile", OP(tile(x[0], {2, 3})), {{{}}, {{2}}, {{2, 2}}, {{1, 2, 2}}, {{0, 2}}}),
      moved("tile", OP(tile(x[0], {0, 1})), {{{2}}, {{2, 2}}}),
      moved("repeat", OP(repeat(x[0], 2, -1)), last),
      moved("repeat", OP(repeat(x[0], {2, 0, 1}, -1)), {{{3}}, {{2, 3}}, {{2, 1, 1, 3}}, {{0, 3}}}),
      moved("meshgrid", OP(meshgrid({x[0], x[1]})), {{{2}, {3}}, {{1}, {1}}, {{0}, {2}}}),
      made("zeros", OP(zeros({2, 3}))),
      made("ones", OP(ones({2, 0}, f64))),
      made("full", OP(full({}, 2.5))),
      made("eye", OP(eye(3, 2))),
      made("arange", OP(arange(2, 9, 3))),
      made("linspace", OP(linspace(0, 1, 5))),
      made("tensor", OP(tensor({{1, 2}, {3, 4}}))),
      made("rand", OP((seed(1), rand({2, 3})))),
      made("randn", OP((seed(1), randn({2, 3})))),
      made("randint", OP((seed(1), randint(0, 5, {2, 3})))),
      made("bernoulli", OP((seed(1), bernoulli(0.5, {2, 3})))),
      made("randperm", OP((seed(1), randperm(5)))),
      without_gradient(unary("zeros_like", OP(zeros_like(x[0])))),
      without_gradient(unary("ones_like", OP(ones_like(x[0])))),
      without_gradient(unary("full_like", OP(full_like(x[0], 2)))),
      random_like("rand_like", OP((seed(1), rand_like(x[0])))),
      random_like("randn_like", OP((seed(1), randn_like(x[0])))),
      moved("shuffle", OP((seed(1), shuffle(x[0]))), {{{3}}, {{3, 2}}, {{0, 2}}}),
      unary("variable", OP(x[0]))};
  return rows;
}

}  // namespace op_table

OP_TABLE("shape and indexing", op_table::shape_rows())
