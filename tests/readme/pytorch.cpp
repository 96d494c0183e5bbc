// The lines of docs/pytorch.md, one by one.
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

int failures = 0;
void check(bool holds, Site site = Site::here()) {
  if (holds) return;
  ++failures;
  fmt::print("pytorch.cpp:{}\n", site.line);
}

template <class E, class F>
bool throws(F f) {
  try {
    f();
  } catch (const E&) {
    return true;
  }
  return false;
}

void dtypes() {
  check(tensor({1, 2, 3}).dtype() == f32 && tensor({1, 2, 3}, i64).dtype() == i64);
  check(tensor(std::vector<double>{1.5}).dtype() == f64 && arange(3).dtype() == i64);
  check((arange(3) + ones({3})).dtype() == f64 && (arange(3) * 2.5).dtype() == f64 && (ones({3}) * 2).dtype() == f32);
  nn::Linear layer(3, 2);
  check(layer(ones({1, 3}, f64)).dtype() == f64 && layer.weight.dtype() == f32);
  Tensor labels = tensor({0, 1}, i64);
  check(throws<DTypeError>([&] { nn::cross_entropy(zeros({2, 3}), astype(labels, f32)); }));
}

void shapes() {
  Tensor x = reshape(arange(6, f32), {2, 3}), y = zeros({2, 3, 4});
  check(x(1).shape() == Shape{3} && x(1, 2).item() == 5 && x(range(0, 1)).shape() == Shape{1, 3});
  check(all_equal(x(all, range(none, none, -1)), flip(x, 1)) && x(ellipsis, -1).shape() == Shape{2});
  check(all_equal(x(newaxis), expand_dims(x, 0)) && squeeze(x(newaxis)).shape() == x.shape());
  check(transpose(y).shape() == Shape{4, 3, 2} && matrix_transpose(y).shape() == Shape{2, 4, 3});
  check(swapaxes(y, 0, 1).shape() == Shape{3, 2, 4} && permute(y, {2, 0, 1}).shape() == Shape{4, 2, 3});
  check(concatenate({x, x}, 1).shape() == Shape{2, 6} && stack({x, x}).shape() == Shape{2, 2, 3});
  check(broadcast_to(x, {5, 2, 3}).shape() == Shape{5, 2, 3} && tile(x, {2, 2}).shape() == Shape{4, 6});
  check(repeat(x, 2, 0).shape() == Shape{4, 3} && all_equal(repeat(x, 2, 0)(1), x(0)));
  check(split(zeros({6, 2}), 3).size() == 3 && split(zeros({6, 2}), {2, 4})[1].size(0) == 4);
  check(pad(x, {{0, 0}, {1, 2}}).shape() == Shape{2, 6});
  check(sum(x, 1).shape() == Shape{2} && sum(x, 1, keepdims).shape() == Shape{2, 1} && mean(x).item() == 2.5);
  auto [values, indices] = max(x, 1);
  check(indices(0).item() == 2 && amax(x).item() == 5 && maximum(x, 4)(0, 0).item() == 4);
  check(all_equal(clamp(x, 1, none), maximum(x, 1)) && xg::std(x).item() > 1.8 && pow(x, 2)(1, 2).item() == 25);
  check(take(x, tensor({2, 0}, i64), 1).shape() == Shape{2, 2});
  check(gather(x, tensor({{2}, {0}}, i64), 1)(0, 0).item() == 2 && floor_divide(x, 2)(1, 2).item() == 2);
  check(throws<ShapeError>([&] { x.item(); }) && all_equal(x, x) && !all(x == 0).item<bool>());
  check(all_equal(masked_fill(x, x > 2, 0), where(x > 2, 0, x)));
}

void graphs() {
  Tensor w = variable({1.0, 2.0}), held = w, y = w * w;
  check(throws<GradError>([&] { y.backward(); }));
  y.backward({.seed = ones({2})});
  check(all_equal(w.grad(), tensor({2, 4})));
  check(throws<GradError>([&] { y.backward({.seed = ones({2})}); }));
  w -= 0.5;
  check(!w.is_leaf() && held.is_leaf() && all_equal(held, tensor({1, 2})));
  held.assign(held - 0.5);
  check(held.is_leaf() && all_equal(held, w));
  {
    NoGrad guard;
    check(!(held * 2).requires_grad());
  }
  check(!detach(held * 2).requires_grad());
}

struct Net {
  nn::Linear in{2, 4}, out{4, 1};
  nn::Dropout drop{0.5};
  Tensor operator()(const Tensor& x) const { return out(drop(relu(in(x)))); }
};

void models() {
  Net model, copy = model;
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  optimizer.minimize(nn::mse(model(ones({3, 2})), zeros({3, 1})));
  check(!all_equal(model.out.bias, copy.out.bias));
  nn::eval(model);
  check(!model.drop.training && copy.drop.training);

  Tensor before = model.out.weight;
  model.out.weight -= 0.5;
  check(model.out.weight.is_leaf() && all_equal(before, model.out.weight));

  Tensor logits = randn({2, 5, 7}), labels = zeros({2, 5}, i64);  // (B, T, C), (B, T)
  Tensor loss = nn::cross_entropy(logits, labels);
  Tensor same = nn::cross_entropy(swapaxes(logits, 1, 2), labels, {.axis = 1});
  check(all_close(loss, same));
}

int main() {
  dtypes();
  shapes();
  graphs();
  models();
  return failures > 0;
}
