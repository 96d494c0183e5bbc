// Rows of normalisations.
#include "op_table.hpp"

namespace op_table {

const Rows& normalization_rows() {
  const std::vector<Shapes> rows_of_3{{{3}}, {{2, 3}}, {{2, 2, 3}}, {{0, 3}}, {{2, 1, 2, 3}}};
  const std::vector<Shapes> batches{{{4, 2}}, {{2, 3, 2}}, {{2, 2, 2, 3}}, {{0, 2, 3}}, {{3, 0, 2}}, {{2, 2, 0}}};
  const Domain weights{0.5, 2};
  static const Rows rows{
      {"layer_norm", OP(layer_norm(x[0], {3}, {}, {}, 0.1)), {{}}, rows_of_3},
      {"layer_norm",
       OP(layer_norm(x[0], {3}, x[1], x[2], 0.1)),
       {{}, weights, {}},
       {{{3}, {3}, {3}}, {{2, 3}, {3}, {3}}, {{2, 2, 3}, {3}, {3}}, {{0, 3}, {3}, {3}}}},
      {"rms_norm", OP(rms_norm(x[0], {3}, {}, 0.1)), {{}}, rows_of_3},
      {"rms_norm",
       OP(rms_norm(x[0], {2, 3}, x[1], 0.1)),
       {{}, weights},
       {{{2, 3}, {2, 3}}, {{2, 2, 3}, {2, 3}}, {{0, 2, 3}, {2, 3}}}},
      {"batch_norm", OP(batch_norm(x[0], {}, {}, 0.1).y), {{}}, batches},
      {"batch_norm",
       OP(batch_norm(x[0], x[1], x[2], 0.1).y),
       {{}, weights, {}},
       {{{4, 2}, {2}, {2}}, {{2, 3, 2}, {3}, {3}}, {{2, 2, 2, 3}, {2}, {2}}, {{0, 2}, {2}, {2}}}},
      {"batch_norm_eval",
       OP(batch_norm_eval(x[0], x[1], x[2], x[3], x[4], 0.1)),
       {{}, {}, weights, weights, {}},
       {{{4, 2}, {2}, {2}, {2}, {2}}, {{2, 3, 2}, {3}, {3}, {3}, {3}}, {{0, 2, 3}, {2}, {2}, {2}, {2}}}},
      {"batch_norm_eval",
       OP(batch_norm_eval(x[0], x[1], x[2])),
       {{}, {}, weights},
       {{{4, 2}, {2}, {2}}, {{2, 3, 2}, {3}, {3}}}},
      {"group_norm",
       OP(group_norm(x[0], 2, x[1], x[2], 0.1)),
       {{}, weights, {}},
       {{{2, 4}, {4}, {4}}, {{2, 4, 3}, {4}, {4}}, {{0, 2, 2}, {2}, {2}}, {{2, 2, 0}, {2}, {2}}}},
      {"instance_norm", OP(instance_norm(x[0], {}, {}, 0.1)), {{}}, {{{2, 2, 3}}, {{1, 2, 2, 2}}, {{2, 0, 3}}}},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("normalization", op_table::normalization_rows())
