// Rows of recurrent ops.
#include "op_table.hpp"

namespace op_table {
namespace {

Tensors all_of(const Recurrent& r) { return {r.y, r.h}; }
Tensors all_of(const RecurrentWithCell& r) { return {r.y, r.h, r.c}; }

/// One length for every sequence, all but one the longest.
Tensor lengths_for(const Tensor& x) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(x.size(0)), x.size(1));
  if (!lengths.empty()) lengths[0] = 1;
  return reshape(tensor(lengths), {x.size(0)});
}

}  // namespace

const Rows& recurrent_rows() {
  const std::vector<Domain> seven(7), six(6), three(3);
  // x, the weights, the biases, the states.
  const std::vector<Shapes> plain{{{2, 3, 2}, {2, 2}, {2, 2}, {2}, {2}, {2, 2}},
                                  {{1, 1, 1}, {3, 1}, {3, 3}, {3}, {3}, {1, 3}},
                                  {{0, 2, 2}, {1, 2}, {1, 1}, {1}, {1}, {0, 1}}};
  const std::vector<Shapes> gated{{{2, 3, 2}, {6, 2}, {6, 2}, {6}, {6}, {2, 2}},
                                  {{1, 2, 3}, {3, 3}, {3, 1}, {3}, {3}, {1, 1}},
                                  {{0, 2, 2}, {3, 2}, {3, 1}, {3}, {3}, {0, 1}}};
  const std::vector<Shapes> memory{{{2, 2, 2}, {8, 2}, {8, 2}, {8}, {8}, {2, 2}, {2, 2}},
                                   {{1, 3, 1}, {4, 1}, {4, 1}, {4}, {4}, {1, 1}, {1, 1}},
                                   {{0, 2, 2}, {4, 2}, {4, 1}, {4}, {4}, {0, 1}, {0, 1}}};
  static const Rows rows{
      {"rnn", OP(all_of(rnn(x[0], {x[1], x[2], x[3], x[4]}, x[5]))), six, plain},
      {"rnn",
       OP(all_of(rnn(x[0], {x[1], x[2], {}, {}}, {}, {.lengths = lengths_for(x[0]), .reverse = true}))),
       three,
       {{{2, 3, 2}, {2, 2}, {2, 2}}, {{3, 2, 1}, {1, 1}, {1, 1}}}},
      {"gru", OP(all_of(gru(x[0], {x[1], x[2], x[3], x[4]}, x[5]))), six, gated},
      {"gru", OP(all_of(gru(x[0], {x[1], x[2], x[3], x[4]}, x[5], {.lengths = lengths_for(x[0]), .reverse = true}))),
       six, gated},
      {"lstm", OP(all_of(lstm(x[0], {x[1], x[2], x[3], x[4]}, x[5], x[6]))), seven, memory},
      {"lstm",
       OP(all_of(lstm(x[0], {x[1], x[2], x[3], x[4]}, x[5], x[6], {.lengths = lengths_for(x[0]), .reverse = true}))),
       seven, memory},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("recurrent", op_table::recurrent_rows())
