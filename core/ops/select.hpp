// Choosing among values.
#pragma once

#include <optional>

#include "../graph/tensor.hpp"

namespace xg {

/// The larger of a and b; NaN where either is. The gradient goes to the larger one, half to each of equals. Integers
/// stay integers.
Tensor maximum(const Operand& a, const Operand& b);
/// The smaller of a and b; NaN where either is. The gradient goes to the smaller one, half to each of equals.
/// Integers stay integers.
Tensor minimum(const Operand& a, const Operand& b);

/// A bound of `clamp`: a number, a tensor, or `none`.
class Bound {
 public:
  Bound(None) {}
  Bound(const Tensor& tensor, Site site = Site::here()) : operand_(Operand(tensor, site)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Bound(T number, Site site = Site::here()) : operand_(Operand(number, site)) {}
  explicit operator bool() const { return operand_.has_value(); }
  const Operand& operator*() const { return *operand_; }

 private:
  std::optional<Operand> operand_;
};
/// x limited to [least, most], either of which may be `none`; where they cross, `most` wins. The gradient is x's
/// within the bounds and at them, a bound's beyond it. Integers stay integers. Throws ValueError when both are `none`.
Tensor clamp(const Operand& x, const Bound& least, const Bound& most);

/// a where `condition` (a boolean tensor; other dtypes: nonzero) holds, else b; all three broadcast. The branch not
/// taken gets a gradient of exactly 0, even where its own derivative is inf or NaN. Throws ShapeError.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace xg
