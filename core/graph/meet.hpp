// How the operands of an elementwise op meet: one dtype, one shape.
#pragma once

#include "node.hpp"

namespace xg::detail {

struct Met {
  Arrays arrays;  // in the common dtype, not yet broadcast
  Shape shape;
  DType dtype;
};

/// Promotes and broadcasts. `real_only`: integers and booleans become f64. Throws ShapeError naming `op`.
Met meet(const char* op, const Operands& operands, bool real_only = false);

}  // namespace xg::detail
