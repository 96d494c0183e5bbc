// Checks that convolutions and poolings share.
#pragma once

#include "../error/error.hpp"
#include "../kernels/convolution.hpp"
#include "convolution.hpp"

namespace xg::detail {

/// What is done along one axis of a sequence or an image, as the user asked for it.
struct WindowOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1, output_padding = 0;
};
/// One an axis.
using WindowOptionsList = SmallVector<WindowOptions, 2>;

/// "(batch, channels, height, width)" or "(batch, channels, length)".
const char* batch_layout(std::size_t axes);
/// "5" or "3 x 5".
std::string by(const SmallVector<std::int64_t, 2>& lengths);

/// Throws ShapeError unless x is a batch of sequences or images. The error names the layer that `weight` is of.
void check_batch(const char* op, const Operand& x, std::size_t axes, const Operand* weight = nullptr);
/// Throws ValueError for a stride or dilation below 1, a padding below 0, or numbers beyond 2³¹.
void check_windows(const char* op, const WindowOptionsList& options, const Site& site);
/// Throws ShapeError when windows of `kernel` do not fit in the padded x.
void check_windows_fit(const char* op, const Operand& x, const SmallVector<kernels::ConvolutionAxis, 2>& axes,
                       const Operand* weight = nullptr);
/// Names the layer that `weight` is of, if there is one.
Complaint& name_layer(Complaint& complaint, const Operand* weight);

}  // namespace xg::detail
