// Reductions over axes. `axes` are normal (sorted, counted from the front) and are dropped from the result.
#pragma once

#include "../array/array.hpp"

namespace xg::kernels {

/// x summed over `axes`. Booleans sum to i64; f32 is accurate for any number of elements.
Array sum(const Array& x, const Shape& axes);
/// x multiplied over `axes`; booleans give i64.
Array product(const Array& x, const Shape& axes);
/// Number of elements that are not 0, as i64.
Array count_nonzero(const Array& x, const Shape& axes);
/// Whether all elements are nonzero (`every`), or any one is; boolean.
Array truth(const Array& x, const Shape& axes, bool every);

/// The largest (or smallest) element; NaN if there is one. Each reduced part must have elements.
Array extreme(const Array& x, const Shape& axes, bool largest);
/// 1/k at the k elements that equal the extreme y of their part (all NaNs, if y is NaN), 0 elsewhere; shape of x.
Array extreme_weights(const Array& x, const Array& y, const Shape& axes);
/// Row-major index within the reduced axes of the first extreme (or first NaN), as i64.
Array arg_extreme(const Array& x, const Shape& axes, bool largest);

/// Σ (x − mean)², with a mean that is exact for equal elements; f32 or f64.
Array squared_deviations(const Array& x, const Shape& axes);
/// (Σ |x|^p)^(1/p) for finite p other than 0; f32 or f64.
Array norm(const Array& x, const Shape& axes, double p);

}  // namespace xg::kernels
