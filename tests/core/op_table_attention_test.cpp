// Rows of attention and of what tells it positions.
#include "op_table.hpp"

namespace op_table {

const Rows& attention_rows() {
  const std::vector<Shapes> alike{{{3, 2}, {3, 2}, {3, 2}},
                                  {{2, 3, 2}, {2, 3, 2}, {2, 3, 2}},
                                  {{2, 2, 3, 2}, {2, 2, 3, 2}, {2, 2, 3, 2}},
                                  {{0, 3, 2}, {0, 3, 2}, {0, 3, 2}}};
  const std::vector<Shapes> any{{{2, 3}, {4, 3}, {4, 2}},
                                {{2, 1, 3}, {2, 4, 3}, {2, 4, 2}},
                                {{2, 2, 2, 3}, {1, 2, 4, 3}, {2, 1, 4, 2}},
                                {{2, 0, 3}, {2, 4, 3}, {2, 4, 2}},
                                {{2, 2, 3}, {2, 0, 3}, {2, 0, 2}}};
  static const Rows rows{
      {"scaled_dot_product_attention", OP(scaled_dot_product_attention(x[0], x[1], x[2])), {{}, {}, {}}, any},
      {"scaled_dot_product_attention",
       OP(scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true, .scale = 0.7})),
       {{}, {}, {}},
       any},
      {"scaled_dot_product_attention",
       OP(scaled_dot_product_attention(x[0], x[1], x[2], {.mask = tensor({{0, 1, 0}, {1, 1, 1}, {0, 0, 1}}, boolean)})),
       {{}, {}, {}},
       alike},
      {"scaled_dot_product_attention",
       OP(scaled_dot_product_attention(x[0], x[1], x[2], {.mask = x[3], .causal = true})),
       {{}, {}, {}, {}},
       {{{3, 2}, {3, 2}, {3, 2}, {3, 3}}, {{2, 2, 3, 2}, {2, 2, 3, 2}, {2, 2, 3, 2}, {2, 1, 3}}}},
      {"rotary", OP(rotary(x[0])), {{}}, {{{3, 4}}, {{2, 3, 2}}, {{2, 1, 2, 6}}, {{0, 3, 2}}}},
      {"rotary", OP(rotary(x[0], {.first = 3, .base = 10, .interleaved = true})), {{}}, {{{3, 4}}, {{2, 2, 3, 2}}}},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("attention", op_table::attention_rows())
