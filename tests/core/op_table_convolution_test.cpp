// Rows of convolutions, pooling and resampling.
#include "op_table.hpp"

namespace op_table {

const Rows& convolution_rows() {
  const std::vector<Shapes> sequences{
      {{2, 2, 5}, {3, 2, 2}, {3}}, {{1, 1, 3}, {1, 1, 3}, {1}}, {{0, 2, 4}, {2, 2, 2}, {2}}};
  const std::vector<Shapes> images{
      {{2, 2, 4, 3}, {3, 2, 2, 3}, {3}}, {{1, 3, 3, 3}, {5, 3, 2, 2}, {5}}, {{0, 2, 4, 4}, {2, 2, 2, 2}, {2}}};
  const std::vector<Shapes> grouped{{{1, 4, 3, 4}, {4, 2, 2, 2}, {4}}, {{2, 2, 4, 3}, {8, 1, 3, 2}, {8}}};
  const std::vector<Shapes> turned{{{2, 2, 3, 2}, {2, 3, 2, 3}, {3}}, {{1, 3, 2, 3}, {3, 5, 2, 2}, {5}}};
  const std::vector<Shapes> maps{{{2, 2, 4, 4}}, {{1, 1, 5, 6}}, {{0, 2, 4, 4}}};
  static const Rows rows{
      {"conv1d", OP(conv1d(x[0], x[1], x[2])), {{}, {}, {}}, sequences},
      {"conv1d", OP(conv1d(x[0], x[1], {}, {.stride = 2, .padding = 1})), {{}, {}, {}}, sequences},
      {"conv2d", OP(conv2d(x[0], x[1], x[2])), {{}, {}, {}}, images},
      {"conv2d",
       OP(conv2d(x[0], x[1], x[2], {.stride = {1, 2}, .padding = {2, 1}, .dilation = {2, 1}})),
       {{}, {}, {}},
       images},
      {"conv2d", OP(conv2d(x[0], x[1], x[2], {.padding = 1, .groups = 2})), {{}, {}, {}}, grouped},
      {"conv_transpose1d",
       OP(conv_transpose1d(x[0], x[1], x[2], {.stride = 2, .padding = 1, .output_padding = 1})),
       {{}, {}, {}},
       {{{2, 2, 3}, {2, 3, 2}, {3}}, {{0, 2, 3}, {2, 1, 2}, {1}}}},
      {"conv_transpose2d", OP(conv_transpose2d(x[0], x[1], x[2])), {{}, {}, {}}, turned},
      {"conv_transpose2d",
       OP(conv_transpose2d(x[0], x[1], x[2], {.stride = {2, 3}, .padding = {0, 1}, .output_padding = {1, 0}})),
       {{}, {}, {}},
       turned},
      {"max_pool1d", OP(max_pool1d(x[0], 2)), {{}}, {{{2, 2, 4}}, {{1, 1, 3}}, {{0, 2, 4}}}},
      {"max_pool2d", OP(max_pool2d(x[0], 2)), {{}}, maps},
      {"max_pool2d", OP(max_pool2d(x[0], {3, 2}, {.stride = 1, .padding = 1})), {{}}, maps},
      {"avg_pool1d",
       OP(avg_pool1d(x[0], 3, {.stride = 1, .padding = 1})),
       {{}},
       {{{2, 2, 4}}, {{1, 1, 3}}, {{0, 2, 4}}}},
      {"avg_pool2d", OP(avg_pool2d(x[0], 2)), {{}}, maps},
      {"avg_pool2d",
       OP(avg_pool2d(x[0], {3, 2}, {.stride = {1, 2}, .padding = 1, .count_include_pad = false})),
       {{}},
       maps},
      {"adaptive_avg_pool1d", OP(adaptive_avg_pool1d(x[0], 2)), {{}}, {{{2, 2, 4}}, {{1, 1, 3}}, {{0, 2, 4}}}},
      {"adaptive_avg_pool2d", OP(adaptive_avg_pool2d(x[0], {2, 3})), {{}}, maps},
      {"upsample", OP(upsample(x[0], {.scale = 1.5})), {{}}, maps},
      {"upsample", OP(upsample(x[0], {.size = {3, 8}, .mode = Upsampling::bilinear})), {{}}, maps},
  };
  return rows;
}

}  // namespace op_table

OP_TABLE("convolution", op_table::convolution_rows())
