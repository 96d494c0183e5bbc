#include "special.hpp"

#include "../error/error.hpp"
#include "define.hpp"

namespace xg {

XG_UNARY_OP(erf)
XG_UNARY_OP(erfc)
XG_UNARY_OP(lgamma)
XG_UNARY_OP(digamma)

Tensor polygamma(std::int64_t n, const Operand& x) {
  // The derivative of the last is one more: 100 leaves room for any order that anyone takes.
  if (n < 0 || n > 100)
    Complaint("polygamma", "the order is " + std::to_string(n) + ", not within 0 and 100")
        .at(x.site())
        .raise<ValueError>();
  int order = static_cast<int>(n);
  return elementwise(
      "polygamma", [order](auto v) { return polygamma(order, v); }, polygamma_derivative(order))(x);
}

}  // namespace xg
