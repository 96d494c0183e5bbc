#include "exponential.hpp"

#include "define.hpp"

namespace xg {

XG_UNARY_OP(exp)
XG_UNARY_OP(exp2)
XG_UNARY_OP(expm1)
XG_UNARY_OP(log)
XG_UNARY_OP(log2)
XG_UNARY_OP(log10)
XG_UNARY_OP(log1p)
XG_BINARY_OP(logaddexp)
XG_BINARY_OP(xlogy)

}  // namespace xg
