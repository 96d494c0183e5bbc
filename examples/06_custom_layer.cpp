// A layer of one's own, with an op of one's own, learns what relu cannot: that a curve goes on as it began.
//
//     snake(x, a) = x + sin²(a x) / a          an op from a formula; the compiler derives ∂/∂x and ∂/∂a, to any order
//     h = snake(x Wᵀ + b, a)                   a layer with a frequency a for each neuron, learned as W and b are
//     L = mean( (y − sin x)² )                 on −6 ≤ x ≤ 6 only; judged on 6 ≤ x ≤ 10
//
// Ziyin, Hartwig, Ueda, "Neural networks fail to learn periodic functions and how to fix it" (2020).
#include <fmt/format.h>

#include <xgrad/formula.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

// 1. The op: a formula with its name.
const auto snake = elementwise("snake", [](auto x, auto a) { return x + sin(a * x) * sin(a * x) / a; });

// 2. The layer: a struct with parameters and a call. It is found, named, trained and saved as the built-in ones are.
struct SnakeLayer {
  nn::Linear linear;
  nn::Parameter a;
  SnakeLayer(std::int64_t in, std::int64_t out) : linear(in, out), a(1 + 0.1 * randn({out})) {}
  Tensor operator()(const Tensor& x) const { return snake(linear(x), a); }
  auto fields() { return nn::fields("linear", linear, "a", a); }
};

template <class Layer>
struct Net {
  Layer hidden{1, 16};
  nn::Linear out{16, 1};
  Tensor operator()(const Tensor& x) const { return out(hidden(x)); }
};

struct ReluLayer {
  nn::Linear linear;
  ReluLayer(std::int64_t in, std::int64_t out) : linear(in, out) {}
  Tensor operator()(const Tensor& x) const { return relu(linear(x)); }
  auto fields() { return nn::fields("linear", linear); }
};

/// Trains on −6 … 6; the error beyond, on 6 … 10.
template <class Model>
double error_beyond(Model model, const std::string& name, std::vector<double>& curve) {
  Tensor x = reshape(linspace(-6, 6, 256), {256, 1});
  Tensor beyond = reshape(linspace(6, 10, 64), {64, 1});
  nn::Adam optimizer(nn::parameters(model), {.lr = 0.01});
  nn::Progress progress(1500, name);
  for ([[maybe_unused]] auto step : progress) {
    Tensor loss = nn::mse(model(x), sin(x));
    optimizer.minimize(loss);
    if (step == 1000) optimizer.set_learning_rate(0.001);
    progress.show("loss", loss.item());
  }
  Tensor everywhere = model(reshape(linspace(-6, 10, 120), {120, 1}));
  curve = everywhere.to_vector();
  return nn::mse(model(beyond), sin(beyond)).item();
}

int main() {
  seed(2);

  // 3. Are the gradients right? The op, to second order, and the layer with its parameters.
  Tensor x = randn({4, 3}, f64), a = 1 + rand({3}, f64);
  SnakeLayer layer(3, 5);
  nn::to(layer, f64);
  GradCheckOptions with_parameters;
  for (auto& [name, p] : nn::named_parameters(layer)) with_parameters.parameters.emplace_back(name, p);
  GradCheck op = gradcheck(snake, x, a), twice = gradgradcheck(snake, x, a);
  GradCheck whole = gradcheck([&](const Tensors& in) { return Tensors{layer(in[0])}; }, Tensors{x}, with_parameters);
  fmt::print("{}\n{}\n{}\n\n", op, twice, whole);

  // 4. What it is good for.
  std::vector<double> truth = sin(linspace(-6, 10, 120)).to_vector(), with_snake, with_relu;
  double snake_error = error_beyond(Net<SnakeLayer>(), "snake", with_snake);
  double relu_error = error_beyond(Net<ReluLayer>(), "relu ", with_relu);
  fmt::print("\n{}\n", nn::plot({{"snake", with_snake}, {"relu", with_relu}, {"sin x", truth}},
                                {.title = "trained up to x = 6", .unit = "x", .first = -6, .spacing = 16.0 / 119}));
  fmt::print("mean squared error beyond: snake {:.4f}, relu {:.4f}\n", snake_error, relu_error);
  return op && twice && whole && snake_error < 0.1 && snake_error < 0.1 * relu_error ? 0 : 1;
}
