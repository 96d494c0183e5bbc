// Max pooling.
#pragma once

#include "convolution.hpp"

namespace xg::kernels {

/// Windows over the last one or two axes of x; all axes before them are kept.
struct Pool {
  Shape leading;
  SmallVector<ConvolutionAxis, 2> axes;

  Shape x_shape() const;
  Shape y_shape() const;
};

/// The largest number of each window, or its first NaN; −∞ where a window lies in the padding. `places` becomes where
/// in each window it was first found; what it holds is known to the functions here only. f32 or f64.
Array max_pool(const Pool& pool, const Array& x, Array& places);
/// y[window] = x[the place found in it]; 0 for a window in the padding.
Array pick_places(const Pool& pool, const Array& x, const Array& places);
/// The transpose of `pick_places`: x[the place found] = Σ y[window].
Array put_places(const Pool& pool, const Array& y, const Array& places);

}  // namespace xg::kernels
