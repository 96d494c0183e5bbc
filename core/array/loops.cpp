#include "loops.hpp"

namespace xg {

LoopNest::LoopNest(const Shape& lengths, std::initializer_list<const Strides*> operands) : shape(lengths) {
  for (const Strides* operand : operands) strides.push_back(*operand);
  merge();
}

LoopNest::LoopNest(const Shape& lengths, const SmallVector<Strides, 4>& operands) : shape(lengths), strides(operands) {
  merge();
}

void LoopNest::merge() {
  std::size_t kept = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    bool joins = kept > 0;
    for (const Strides& s : strides) joins = joins && s[kept - 1] == s[axis] * shape[axis];
    std::size_t target = joins ? kept - 1 : kept++;
    shape[target] = joins ? shape[target] * shape[axis] : shape[axis];
    for (Strides& s : strides) s[target] = s[axis];
  }
  shape.resize(kept);
  for (Strides& s : strides) s.resize(kept);
}

}  // namespace xg
