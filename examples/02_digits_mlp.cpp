// A network of two layers reads handwritten digits from images x of 8 × 8 pixels.
//
//     h = relu(x W₁ᵀ + b₁)                    64 hidden neurons
//     z = h W₂ᵀ + b₂                          one logit for each digit
//     L = −mean( log softmax(z)[label] )      cross-entropy
//     v ← μ v + ∂L/∂w,   w ← w − lr v         stochastic gradient descent with momentum μ
#include <fmt/core.h>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Mlp {
  nn::Linear hidden{64, 64};
  nn::Linear out{64, 10};
  Tensor operator()(const Tensor& x) const { return out(relu(hidden(x))); }
};

double accuracy(const Tensor& logits, const Tensor& label) { return mean(argmax(logits, 1) == label).item(); }

int main() {
  seed(2);

  // 1. The data: 1797 images with pixels from 0 to 16, a fifth of them kept for the test.
  nn::data::Csv table = nn::data::read_csv("examples/data/digits.csv");
  auto [x, label, test_x, test_label] =
      nn::data::train_test_split(table.without({"label"}) / 16, table.labels("label", 10), 0.2);

  // 2. The model and its training: 20 times through the images, 32 at a time, each time in another order.
  Mlp model;
  fmt::print("{} parameters, {} training and {} test images\n", nn::count_parameters(model), label.size(),
             test_label.size());
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1, .momentum = 0.9});
  std::vector<double> training, testing;
  nn::Progress progress(20, "epoch");
  for ([[maybe_unused]] auto epoch : progress) {
    double total = 0;
    for (const Tensor& rows : nn::data::batches(label.size(), 32)) {
      Tensor loss = nn::cross_entropy(model(x(rows)), label(rows));
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      total += loss.item() * static_cast<double>(rows.size());
    }
    training.push_back(total / static_cast<double>(label.size()));
    testing.push_back(nn::cross_entropy(model(test_x), test_label).item());
    progress.show("loss", training.back());
    progress.show("accuracy", accuracy(model(test_x), test_label));
  }

  // 3. What came of it.
  double correct = accuracy(model(test_x), test_label);
  fmt::print("\n{}\n", nn::plot({{"training loss", training}, {"test loss", testing}}, {.logarithmic = true}));
  fmt::print("{}\n", inspect::gradients(model));
  fmt::print("{:.1f} % of {} test images read right\n", 100 * correct, test_label.size());
  return correct >= 0.96 ? 0 : 1;
}
