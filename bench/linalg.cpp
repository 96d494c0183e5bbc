// Matrix products, fully connected layers and factorisations, from sizes where calls cost most to sizes where BLAS
// does.
#include "harness.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

Tensor uneven(const Shape& shape) {
  Array a(shape, f32);
  for (std::int64_t i = 0; i < a.size(); ++i) a.fill<float>()[i] = static_cast<float>((i * 7919 % 2003) / 1000.0 - 1);
  return Tensor(a);
}

bench::Run layer(std::int64_t batch, std::int64_t in, std::int64_t out) {
  Tensor x = variable(uneven({batch, in})), w = variable(uneven({out, in})), b = variable(uneven({out}));
  Tensor g = uneven({batch, out});
  return [=] { grad(Tensors{linear(x, w, b)}, Tensors{x, w, b}, Tensors{g}); };
}

bench::Run product(const Shape& a, const Shape& b) {
  Tensor x = variable(uneven(a)), y = variable(uneven(b)), g = uneven(matmul(x, y).shape());
  return [=] { grad(Tensors{matmul(x, y)}, Tensors{x, y}, Tensors{g}); };
}

}  // namespace

int main() {
  bench::Table table("linear algebra, f32, forward and back");
  table.compare("linear 4 to 16, batch 1", 0.1, layer(1, 4, 16));
  table.compare("linear 16 to 16, batch 32", 0.2, layer(32, 16, 16));
  table.compare("linear 784 to 128, batch 1", 1, layer(1, 784, 128));
  table.compare("linear 784 to 128, batch 64", 1.1, layer(64, 784, 128));
  table.compare("matmul of 512x512", 1.1, product({512, 512}, {512, 512}));
  table.compare("matmul of 64 batches of 8x8", 1, product({64, 8, 8}, {64, 8, 8}));
  table.compare("matmul of 16 batches of 64x64", 1, product({16, 64, 64}, {16, 64, 64}));
  table.compare("matmul of 16 batches with one matrix", 1, product({16, 64, 64}, {64, 64}));

  Tensor a = variable(uneven({64, 64}) + 40 * eye(64)), b = variable(uneven({64, 8})), g = uneven({64, 8});
  table.compare("solve 64x64, 8 right sides", 1, [=] { grad(Tensors{solve(a, b)}, Tensors{a, b}, Tensors{g}); });
  Tensor q = uneven({4, 8, 32, 16}), k = uneven({4, 8, 32, 16});
  table.compare("einsum bhid,bhjd->bhij, forward", 1, [=] { einsum("bhid,bhjd->bhij", q, k); });
}
