// How the operands of an elementwise op meet: one dtype, one shape.
#pragma once

#include "node.hpp"

namespace xg::detail {

/// Arrays for one call: the operands' own where they need no conversion, else made for it.
class MetArrays {
 public:
  const Array& operator[](std::size_t i) const { return entries_[i].own ? *entries_[i].own : made_[entries_[i].made]; }
  std::size_t size() const { return entries_.size(); }
  void refer(const Array& array) { entries_.push_back({&array, 0}); }
  void make(Array&& array) {
    entries_.push_back({nullptr, made_.size()});
    made_.push_back(std::move(array));
  }

 private:
  struct Entry {
    const Array* own;
    std::size_t made;  // where in made_
  };
  SmallVector<Entry, 4> entries_;
  SmallVector<Array, 3> made_;
};

/// The operands' arrays in `dtype`.
MetArrays arrays_in(DType dtype, const Operands& operands);

/// Operands in their common dtype, not yet broadcast.
struct Met {
  MetArrays arrays;
  Shape shape;
  DType dtype = DType::boolean;
};

/// The dtype that tensors and numbers meet in.
DType common_dtype(const Operands& operands);

/// Promotes and broadcasts. `real_only`: integers and booleans become f64. Throws ShapeError naming `op`.
Met meet(const char* op, const Operands& operands, bool real_only = false);

}  // namespace xg::detail
