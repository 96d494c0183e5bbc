// Tensors and their gradients: what docs/engine.md quotes, and that it is true.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

int failures = 0;
void check(bool holds, Site site = Site::here()) {
  if (holds) return;
  ++failures;
  fmt::print("engine.cpp:{}\n", site.line);
}

void tensors() {
  Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});                   // f32 (2, 3)
  Tensor labels = tensor({2, 0}, i64);                         // i64 (2,)
  Tensor v = tensor(std::vector<double>{1, 2, 3, 4}, {2, 2});  // as the vector: f64
  Tensor w = variable({0.5, -1.0, 2.0});                       // a leaf: gradients are computed for it

  check(x.dtype() == f32 && labels.dtype() == i64 && v.dtype() == f64 && v.shape() == Shape{2, 2} && w.is_leaf());
  check((labels + tensor({1, 2})).dtype() == f64 && (x * 2.5).dtype() == f32 && (labels * 2).dtype() == i64);
  check((labels / 2).dtype() == f64 && mean(labels).dtype() == f64 && (x + v(0, 0)).dtype() == f64);

  Tensor first = x(0);                          // (3,): the first row
  Tensor corner = x(range(0, 1), range(1, 3));  // (1, 2)
  Tensor most = x(all, range(0, -1));           // (2, 2): all columns but the last
  Tensor backwards = x(range(none, none, -1));  // (2, 3): rows in reverse
  Tensor column = x(ellipsis, 2, newaxis);      // (2, 1)
  Tensor large = x(x > 2);                      // (4,): where it is true
  Tensor rows = x(tensor({1, 1, 0}, i64));      // (3, 3): rows by number

  check(first.shape() == Shape{3} && corner.shape() == Shape{1, 2} && most.shape() == Shape{2, 2});
  check(backwards(0, 0).item() == 4 && column.shape() == Shape{2, 1} && large.shape() == Shape{4});
  check(rows.shape() == Shape{3, 3});
  check(most.array().storage().get() == x.array().storage().get());
  check(reshape(x, {3, 2}).array().storage().get() == x.array().storage().get());
  check(large.array().storage().get() != x.array().storage().get());

  Tensor clipped = where(x > 4, 0, x);       // x[x > 4] = 0
  Tensor filled = masked_fill(x, x > 4, 0);  // the same
  w.assign(zeros({3}));                      // a leaf may get new values
  x += 1;                                    // makes x another tensor: x = x + 1

  check(all_equal(clipped, filled) && all_equal(w, zeros({3})) && first(0).item() == 1 && x(0, 0).item() == 2);
}

void gradients() {
  Tensor w = variable({1.0, 2.0}, f64), b = variable(0.5, f64);
  Tensor loss = sum(square(w) * b);
  auto [dw, db] = grad(loss, w, b, retain_graph);  // 2 w b and Σ w²
  loss.backward();                                 // adds them to w.grad() and b.grad()

  check(all_equal(dw, tensor({1, 2}, f64)) && db.item() == 5 && all_equal(w.grad(), dw));

  auto energy = [](const Tensor& x) { return sum(x * x * x); };
  Tensor x = tensor({1.0, 2.0}, f64), v = tensor({1.0, -1.0}, f64);
  auto [value, slope] = value_and_grad(energy, x);  // 9 and (3, 12)
  Tensor whole = hessian(energy, x);                // (2, 2)
  Tensor product = hvp(energy, x, v);               // the same times v, without the matrix
  auto wave = [](const Tensor& x) { return sin(x); };
  Tensor table = jacobian(wave, x);                                       // (2, 2)
  Tensor along = jvp(wave, x, v), against = vjp(wave, x, v);              // J v and vᵀ J
  Tensor y = checkpoint([](const Tensor& x) { return exp(sin(x)); }, w);  // computed again by backward, not kept

  check(value.item() == 9 && all_equal(slope, tensor({3, 12}, f64)));
  check(all_close(matmul(whole, v), product) && all_close(matmul(table, v), along) && all_close(along, against));
  check(all_close(grad(sum(y), w), cos(w) * exp(sin(w))));
}

Tensor hypotenuse(const Operand& a, const Operand& b) {
  Tensor x = a.tensor(), y = b.tensor();
  return record("hypotenuse", detach(sqrt(x * x + y * y)), {a, b},
                [x, y](const Tensor& g, const Wants& wants, const Tensor& z) -> Tensors {
                  return {wants[0] ? g * x / z : Tensor(), wants[1] ? g * y / z : Tensor()};
                });
}

void own_op() {
  Tensor x = rand({3}, f64) + 1, y = rand({2, 1}, f64) + 1;
  check(bool(gradcheck(hypotenuse, x, y)) && bool(gradgradcheck(hypotenuse, x, y)));
  check(hypotenuse(3, 4).item() == 5);
}

void watching() {
  Tensor x = variable({1.0, 2.0});
  Tensor h = x * x;
  retain_grad(h);                                               // h is no leaf, but keeps its gradient
  on_grad(h, [](const Tensor& g) { return clamp(g, -1, 1); });  // called with the whole gradient; may replace it
  sum(exp(h)).backward();

  check(all_equal(x.grad(), tensor({2, 4})) && all_equal(h.grad(), ones({2})));
}

void surroundings() {
  seed(7);                            // the default generator
  Rng rng(7);                         // one of your own
  Tensor noise = randn({2, 3}, rng);  // the same numbers as randn({2, 3}) gives now
  set_threads(2);                     // as many as OpenMP says unless told

  check(all_equal(noise, randn({2, 3})));
  Tensor big = randn({1000, 100});
  double two = sum(exp(big)).item();
  set_threads(1);
  check(sum(exp(big)).item() == two);

  reset_peak_memory();
  Tensor y = sum(exp(zeros({1000})));
  MemoryStats stats = memory_stats();

  check(stats.live_nodes == 0 && stats.peak_bytes >= 4000);

  try {
    matmul(zeros({2, 3}), zeros({4, 5}));
  } catch (const ShapeError& error) {  // or xg::Error, the base of all
    fmt::print("{}\n", error.what());
  }
}

int main() {
  tensors();
  gradients();
  own_op();
  watching();
  surroundings();
  return failures > 0;
}
