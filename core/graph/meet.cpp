#include "meet.hpp"

#include "../error/error.hpp"

namespace xg::detail {

DType common_dtype(const Operands& operands) {
  DType dtype = DType::f32;
  bool first = true;
  for (const Operand& operand : operands)
    if (!operand.is_number()) {
      dtype = first ? operand.dtype() : promote(dtype, operand.dtype());
      first = false;
    }
  for (const Operand& operand : operands)
    if (operand.is_number()) {
      dtype = first ? operand.dtype() : promote(dtype, operand.number());
      first = false;
    }
  return dtype;
}

MetArrays arrays_in(DType dtype, const Operands& operands) {
  MetArrays arrays;
  for (const Operand& operand : operands) {
    if (!operand.is_number() && operand.dtype() == dtype) arrays.refer(operand.own_array());
    else arrays.make(operand.array(dtype));
  }
  return arrays;
}

Met meet(const char* op, const Operands& operands, bool real_only) {
  Met met;
  met.dtype = common_dtype(operands);
  if (real_only) met.dtype = real(met.dtype);
  for (const Operand& operand : operands) {
    if (!operand.is_number() && operand.shape() != met.shape) {
      Shape wide;
      if (!broadcast_shapes(met.shape, operand.shape(), wide)) {
        Complaint complaint(op,
                            "shapes do not broadcast: " + to_string(met.shape) + " and " + to_string(operand.shape()));
        const char* names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        for (std::size_t i = 0; i < operands.size(); ++i) complaint.fact(i < 8 ? names[i] : "x", describe(operands[i]));
        complaint.at(operands[0].site())
            .mend("axes are matched from the last; each pair must be equal or one of them 1")
            .raise<ShapeError>();
      }
      met.shape = std::move(wide);
    }
  }
  met.arrays = arrays_in(met.dtype, operands);
  return met;
}

}  // namespace xg::detail
