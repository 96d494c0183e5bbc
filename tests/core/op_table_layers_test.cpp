// Rows of the ops that layers are made of.
#include "op_table.hpp"

namespace op_table {
namespace {

/// Dropout that draws the same numbers each time.
template <Tensor (*op)(const Operand&, double, Rng&)>
Tensor fixed(const Tensor& x) {
  Rng rng(7);
  return op(x, 0.4, rng);
}

}  // namespace

const Rows& layer_rows() {
  static const Rows rows{
      {"dropout", OP(fixed<dropout>(x[0])), {{}}, any_shapes()},
      {"dropout1d", OP(fixed<dropout1d>(x[0])), {{}}, {{{2, 3}}, {{3, 2, 2}}, {{0, 2, 2}}}},
      {"dropout2d", OP(fixed<dropout2d>(x[0])), {{}}, {{{2, 3, 2}}, {{2, 2, 1, 3}}, {{2, 0, 2, 2}}}},
      {"embedding",
       OP(embedding(x[0], x[1])),
       {integers(0, 3), {}},
       {{{}, {3, 2}}, {{4}, {3, 2}}, {{2, 3}, {4, 1}}, {{0}, {3, 2}}, {{2}, {3, 0}}}},
      {"bilinear",
       OP(bilinear(x[0], x[1], x[2])),
       {{}, {}, {}},
       {{{3}, {2}, {2, 3, 2}}, {{2, 3}, {2, 2}, {2, 3, 2}}, {{2, 2}, {2, 2}, {1, 2, 2}}, {{0, 3}, {0, 2}, {2, 3, 2}}}},
      {"bilinear",
       OP(bilinear(x[0], x[1], x[2], x[3])),
       {{}, {}, {}, {}},
       {{{2, 3}, {2, 2}, {2, 3, 2}, {2}}, {{2, 1, 3}, {2, 1, 2}, {2, 3, 2}, {2}}}},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("layers", op_table::layer_rows())
