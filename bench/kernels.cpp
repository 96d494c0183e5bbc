// Reductions, softmax and transposed copies.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor uneven(const Shape& shape) {
  Array a(shape, f32);
  for (std::int64_t i = 0; i < a.size(); ++i) a.fill<float>()[i] = static_cast<float>((i * 7919 % 2003) / 1000.0 - 1);
  return Tensor(a);
}

bench::Run forward_and_back(Tensor (*op)(const Operand&, std::int64_t)) {
  Tensor x = variable(uneven({1024, 1000})), g = uneven({1024, 1000});
  return [=] { grad(Tensors{op(x, 1)}, Tensors{x}, Tensors{g}); };
}

}  // namespace

int main() {
  bench::Table table("kernels");
  Tensor x = uneven({1024, 1024}), logits = uneven({1024, 1000});
  Array flipped = x.array().transposed(), wide = astype(x, f64).array().transposed();

  table.compare("sum of 1024x1024", 1, [&] { sum(x); });
  table.compare("sum of 1024x1024, axis 0", 1, [&] { sum(x, 0); });
  table.compare("sum of 1024x1024, axis 1", 1, [&] { sum(x, 1); });
  table.compare("amax of 1024x1024, axis 1", 1, [&] { amax(x, 1); });
  table.compare("argmax of 1024x1024, axis 1", 1, [&] { argmax(x, 1); });
  table.compare("softmax of 1024x1000", 1, [&] { softmax(logits, 1); });
  table.compare("softmax of 1024x1000, forward and back", 1, forward_and_back(softmax));
  table.compare("log_softmax of 1024x1000", 1, [&] { log_softmax(logits, 1); });
  table.compare("log_softmax of 1024x1000, forward and back", 1, forward_and_back(log_softmax));
  table.compare("copy of a transposed 1024x1024", 1, [&] { flipped.copy(); });
  table.compare("copy of a transposed 1024x1024, f64", 1, [&] { wide.copy(); });
}
