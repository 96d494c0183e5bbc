// A network of three layers tells ten kinds of clothes apart by images x of 28 × 28 pixels (Fashion-MNIST).
//
//     h₁ = relu(x W₁ᵀ + b₁)        256 neurons
//     h₂ = relu(h₁ W₂ᵀ + b₂)       128 neurons; in training, dropout sets a fifth of either to 0
//     z  = h₂ W₃ᵀ + b₃             one logit for each kind
//     L  = −mean( log softmax(z)[label] )
//
// `--small` trains on the first images only, for seconds.
#include <fmt/core.h>

#include <numeric>

#include <xgrad/xgrad.hpp>
using namespace xg;

struct Mlp {
  nn::Linear first{784, 256};
  nn::Linear second{256, 128};
  nn::Linear out{128, 10};
  nn::Dropout dropout{0.2};
  Tensor operator()(const Tensor& x) const {
    Tensor h = dropout(relu(first(reshape(x, {x.size(0), 784}))));
    return out(dropout(relu(second(h))));
  }
};

int main(int argc, char** argv) try {
  bool small = argc > 1 && std::string(argv[1]) == "--small";
  seed(1);

  // 1. The data: 60,000 images, and 10,000 for the test.
  auto [train, test, classes] = nn::data::fashion_mnist();
  nn::data::Rows rows(small ? 3000 : 60000);
  std::iota(rows.begin(), rows.end(), 0);
  nn::data::Loader batches(nn::data::Subset(train, rows), {.batch_size = 128, .shuffle = true});
  nn::data::Loader test_batches(test, {.batch_size = 1000});

  // 2. The model and its training.
  Mlp model;
  std::int64_t epochs = 12;
  fmt::print("{} parameters\n", nn::count_parameters(model));
  nn::AdamW optimizer(nn::parameters(model), {.lr = 2e-3});
  nn::OneCycleSchedule schedule(optimizer, {.steps = epochs * batches.size()});
  nn::History history = nn::fit(model, optimizer, nn::cross_entropy, batches,
                                {.epochs = epochs,
                                 .validation = test_batches,
                                 .schedule = {schedule, nn::Every::step},
                                 .metrics = {{"accuracy", nn::Accuracy()}}});

  // 3. What came of it.
  fmt::print("\n{}\n", nn::plot(history.series({"loss", "val_loss"})));
  double correct = history["val_accuracy"].back();
  fmt::print("{:.2f} % of {} test images told right\n", 100 * correct, test.size());
  return correct >= (small ? 0.75 : 0.885) ? 0 : 1;
} catch (const FormatError& missing) {
  fmt::print("{}\n", missing.what());
  return 77;  // Meson's word for a test that cannot run here
}
