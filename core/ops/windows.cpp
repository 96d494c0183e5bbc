#include "windows.hpp"

#include <algorithm>

namespace xg::detail {

const char* batch_layout(std::size_t axes) {
  return axes == 1 ? "(batch, channels, length)" : "(batch, channels, height, width)";
}

std::string by(const SmallVector<std::int64_t, 2>& lengths) {
  std::string text;
  for (std::int64_t length : lengths) text += (text.empty() ? "" : " x ") + std::to_string(length);
  return text;
}

Complaint& name_layer(Complaint& complaint, const Operand* weight) {
  return weight && !weight->is_number() ? complaint.layer(weight->tensor().name()) : complaint;
}

void check_batch(const char* op, const Operand& x, std::size_t axes, const Operand* weight) {
  if (x.shape().size() == axes + 2) return;
  Complaint complaint(op, "x has shape " + to_string(x.shape()) + ", not " + batch_layout(axes));
  name_layer(complaint, weight).fact("x", describe(x)).at(x.site());
  if (x.shape().size() == axes + 1) complaint.mend("expand_dims(x, 0) for a batch of one");
  complaint.raise<ShapeError>();
}

void check_windows(const char* op, const WindowOptionsList& options, const Site& site) {
  constexpr std::int64_t most = std::int64_t(1) << 31;
  auto check = [&](const char* name, std::int64_t WindowOptions::*member, std::int64_t least) {
    SmallVector<std::int64_t, 2> values;
    bool fits = true;
    for (const WindowOptions& along : options) {
      values.push_back(along.*member);
      fits = fits && along.*member >= least && along.*member < most;
    }
    if (!fits)
      Complaint(op,
                std::string(name) + " must be at least " + std::to_string(least) + " and below 2^31, not " + by(values))
          .at(site)
          .raise<ValueError>();
  };
  check("the stride", &WindowOptions::stride, 1);
  check("the padding", &WindowOptions::padding, 0);
  check("the dilation", &WindowOptions::dilation, 1);
  check("the output padding", &WindowOptions::output_padding, 0);
}

void check_windows_fit(const char* op, const Operand& x, const SmallVector<kernels::ConvolutionAxis, 2>& axes,
                       const Operand* weight) {
  SmallVector<std::int64_t, 2> spans, padded;
  bool fits = true;
  for (const kernels::ConvolutionAxis& axis : axes) {
    spans.push_back(axis.dilation * (axis.kernel - 1) + 1);
    padded.push_back(axis.x + 2 * axis.padding);
    fits = fits && spans.back() <= padded.back();
  }
  if (fits) return;
  Complaint complaint(op, "the kernel spans " + by(spans) + ", more than the padded x with " + by(padded));
  name_layer(complaint, weight).fact("x", describe(x)).at(x.site()).raise<ShapeError>();
}

}  // namespace xg::detail
