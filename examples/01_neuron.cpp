// One neuron tells malignant tumours from benign ones by 30 measurements x of their cell nuclei.
//
//     z = x w + b                                  the weighted sum
//     a = σ(z) = 1 / (1 + e⁻ᶻ)                     the activation: how likely the tumour is benign
//     L = −mean( y log a + (1 − y) log(1 − a) )    binary cross-entropy with the truth y
//     w ← w − h ∂L/∂w,   b ← b − h ∂L/∂b           gradient descent with step h
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Neuron {
  nn::Parameter w = zeros({30});
  nn::Parameter b = zeros({});
  Tensor operator()(const Tensor& x) const { return sigmoid(matmul(x, w) + b); }
};

double accuracy(const Tensor& a, const Tensor& y) { return mean(round(a) == y).item(); }

int main() {
  seed(4);

  // 1. The data: 569 patients, a quarter of them kept for the test; each measurement scaled to mean 0, deviation 1.
  nn::data::Csv table = nn::data::read_csv("examples/data/breast_cancer.csv");
  nn::data::Split data = nn::data::train_test_split(table.without({"label"}), table.column("label"), 0.25);
  nn::data::Standardizer scale(data.train_x);
  Tensor x = scale(data.train_x), y = data.train_y;
  Tensor test_x = scale(data.test_x), test_y = data.test_y;

  // 2. Gradient descent.
  Neuron neuron;
  const double h = 0.5;
  std::vector<double> training, testing;
  nn::Progress progress(200, "step");
  for ([[maybe_unused]] auto step : progress) {
    Tensor loss = nn::binary_cross_entropy(neuron(x), y);
    nn::zero_grad(neuron);
    loss.backward();
    neuron.w = neuron.w - h * neuron.w.grad();
    neuron.b = neuron.b - h * neuron.b.grad();

    training.push_back(loss.item());
    testing.push_back(nn::binary_cross_entropy(neuron(test_x), test_y).item());
    progress.show("loss", training.back());
  }

  // 3. What came of it.
  double correct = accuracy(neuron(test_x), test_y);
  fmt::print("\n{}\n", nn::plot({{"training loss", training}, {"test loss", testing}}, {.unit = "step"}));
  fmt::print("{}\n", inspect::gradients(neuron));
  fmt::print("{:.1f} % of {} test patients told right\n", 100 * correct, test_y.size());
  return correct >= 0.96 ? 0 : 1;
}
