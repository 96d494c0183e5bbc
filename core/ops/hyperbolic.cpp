#include "define.hpp"
#include "trigonometric.hpp"

namespace xg {

XG_UNARY_OP(sinh)
XG_UNARY_OP(cosh)
XG_UNARY_OP(tanh)
XG_UNARY_OP(asinh)
XG_UNARY_OP(acosh)
XG_UNARY_OP(atanh)

}  // namespace xg
