#include "trigonometric.hpp"

#include "define.hpp"

namespace xg {

XG_UNARY_OP(sin)
XG_UNARY_OP(cos)
XG_UNARY_OP(tan)
XG_UNARY_OP(asin)
XG_UNARY_OP(acos)
XG_UNARY_OP(atan)
XG_BINARY_OP(atan2)

}  // namespace xg
