// An autoencoder squeezes images x of 784 pixels through 32 numbers c, and draws them again (Fashion-MNIST).
//
//     c = W₂ relu(W₁ x + b₁) + b₂              encoder
//     y = σ(W₄ relu(W₃ c + b₃) + b₄)           decoder
//     L = mean( (x − y)² )
//
// What a picture explains is 1 − Σ(x − y)² / Σ(x − mean)². Writes autoencoder.png: images above what was drawn of them.
// `--small` takes the first images only, for seconds.
#include <fmt/core.h>

#include <numeric>

#include <xgrad/xgrad.hpp>

#include "read_data.hpp"
using namespace xg;

struct Autoencoder {
  nn::Linear encode_1{784, 256}, encode_2{256, 32};
  nn::Linear decode_1{32, 256}, decode_2{256, 784};

  Tensor encode(const Tensor& x) const { return encode_2(relu(encode_1(flatten(x, 1)))); }  // (B, 1, 28, 28) -> (B, 32)
  Tensor decode(const Tensor& c) const { return reshape(sigmoid(decode_2(relu(decode_1(c)))), {c.size(0), 1, 28, 28}); }
  Tensor operator()(const Tensor& x) const { return decode(encode(x)); }
};

int main(int argc, char** argv) try {
  bool small = argc > 1 && std::string(argv[1]) == "--small";
  seed(5);

  // 1. The data: images only.
  auto [train, test, classes] = read_data([] { return nn::data::fashion_mnist(); });
  nn::data::Rows rows(small ? 3000 : 60000);
  std::iota(rows.begin(), rows.end(), 0);
  nn::data::Loader batches(nn::data::Subset(train, rows), {.batch_size = small ? 64 : 128, .shuffle = true});

  // 2. The model and its training: the loss looks at x alone, so it calls the model itself.
  Autoencoder model;
  auto loss = [](Autoencoder& model, const Tensor& x, const Tensor&) { return nn::mse(model(x), x); };
  std::int64_t epochs = 6;
  nn::AdamW optimizer(nn::parameters(model), {.lr = 3e-3});
  nn::OneCycleSchedule schedule(optimizer, {.steps = epochs * batches.size()});
  nn::fit(model, optimizer, loss, batches, {.epochs = epochs, .schedule = {schedule, nn::Every::step}});

  // 3. What came of it.
  nn::Evaluating evaluating(model);
  Tensor x = test.images(), y = model(x);
  double error = mean(pow(x - y, 2)).item(), spread = mean(pow(x - mean(x, 0), 2)).item();
  double explained = 1 - error / spread;
  fmt::print("{} test images, 32 numbers each, explain {:.1f} % of their pixels\n", test.size(), 100 * explained);

  constexpr std::int64_t shown = 12;
  Tensor pairs = concatenate({x(range(0, shown)), y(range(0, shown))}, 0);  // (2 shown, 1, 28, 28)
  nn::write_png("autoencoder.png", nn::tile(pairs, {.columns = shown, .gap = 2}));
  fmt::print("autoencoder.png: images, and below each what was drawn of it\n");
  return explained >= (small ? 0.6 : 0.85) ? 0 : 1;
} catch (const Error& error) {
  fmt::print("{}\n", error.what());
  return 1;
}
