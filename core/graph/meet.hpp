// How the operands of an elementwise op meet: one dtype, one shape.
#pragma once

#include "node.hpp"

namespace xg::detail {

/// Arrays for one call: the operands' own where they need no conversion, else made for it.
class MetArrays {
 public:
  const Array& operator[](std::size_t i) const { return entries_[i].own ? *entries_[i].own : entries_[i].made; }
  std::size_t size() const { return entries_.size(); }
  void refer(const Array& array) { entries_.push_back({&array, Array()}); }
  void make(Array array) { entries_.push_back({nullptr, std::move(array)}); }

 private:
  struct Entry {
    const Array* own;
    Array made;
  };
  SmallVector<Entry, 3> entries_;
};

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
