// A convolutional network of fewer than 100,000 parameters tells ten kinds of clothes apart (Fashion-MNIST).
//
//     h ← relu(norm(pool(conv(h))))        three times: 24, 48 and 96 channels on 14², 7² and 3² pixels
//     z = W h + b                          one logit for each kind
//     L = −mean( Σ q log softmax(z) )      with targets q of 0.955 for the label, 0.005 for the others (smoothing)
//     AdamW, its step rising and falling once ("one cycle"); half of the images are mirrored
//
// Pooling comes before the norm, which leaves that a quarter of the work. About a minute of training;
// `--full` goes on for longer, `--small` takes the first images only. Writes fashion_cnn.svg and
// fashion_cnn.safetensors.
#include <fmt/core.h>

#include <chrono>
#include <numeric>

#include <xgrad/xgrad.hpp>

#include "read_data.hpp"
using namespace xg;

struct Block {
  nn::Conv2d conv;
  nn::BatchNorm2d norm;
  Block(std::int64_t in, std::int64_t out) : conv(in, out, 3, {.padding = 1}), norm(out) {}
  Tensor operator()(const Tensor& x) const { return relu(norm(max_pool2d(conv(x), 2))); }
  auto fields() { return nn::fields("conv", conv, "norm", norm); }
};

struct Cnn {
  Block first{1, 24}, second{24, 48}, third{48, 96};
  nn::Dropout dropout{0.25};
  nn::Linear out{96 * 3 * 3, 10};
  Tensor operator()(const Tensor& x) const {  // (B, 1, 28, 28)
    return out(dropout(flatten(third(second(first((x - 0.286) / 0.353))), 1)));
  }
};

Tensor loss(const Tensor& z, const Tensor& label) { return nn::cross_entropy(z, label, {.label_smoothing = 0.05}); }

nn::data::Rows first(std::size_t count) {
  nn::data::Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

int main(int argc, char** argv) try {
  std::string form = argc > 1 ? argv[1] : "";
  bool small = form == "--small", full = form == "--full";
  seed(1);
  auto start = std::chrono::steady_clock::now();

  // 1. The data.
  auto [train, test, classes] = read_data([] { return nn::data::fashion_mnist(); });
  auto mirrored = transform(nn::data::Subset(train, first(small ? 3000 : 60000)), [full](auto& batch, Rng& rng) {
    if (full) batch[0] = nn::data::random_horizontal_flip(batch[0], 0.5, rng);
  });
  nn::data::Loader batches(mirrored, {.batch_size = small ? 50 : 128, .shuffle = true, .drop_last = true});
  nn::data::Loader test_batches(nn::data::Subset(test, first(small ? 1000 : 10000)), {.batch_size = 500});

  // 2. The model and its training.
  Cnn model;
  fmt::print("{} parameters\n", nn::count_parameters(model));
  std::int64_t epochs = full ? 14 : small ? 3 : 5;
  nn::AdamW optimizer(nn::parameters(model), {.lr = 8e-3});
  nn::OneCycleSchedule schedule(optimizer, {.steps = epochs * batches.size()});
  nn::History history = nn::fit(model, optimizer, loss, batches,
                                {.epochs = epochs,
                                 .validation = test_batches,
                                 .schedule = {schedule, nn::Every::step},
                                 .metrics = {{"accuracy", nn::Accuracy()}},
                                 .progress = {.lines = 5}});
  nn::save(model, "fashion_cnn.safetensors");

  // 3. What came of it.
  nn::Evaluating evaluating(model);
  nn::ConfusionMatrix confusion(10, classes);
  for (auto& [x, label] : test_batches) confusion.update(model(x), label);
  nn::Figure figure("Fashion-MNIST");
  figure.curves(history.series({"loss", "val_loss"}), {.title = "loss"})
      .curves(history.series({"accuracy", "val_accuracy"}), {.title = "accuracy"})
      .images("filters of the first layer", reshape(model.first.conv.weight, {24, 3, 3}),
              {.columns = 6, .background = 0.85, .stretch = true})
      .matrix("test images", confusion)
      .write("fashion_cnn.svg");

  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("\n{}\n", confusion.table());
  fmt::print("{:.2f} % of {} test images told right after {:.0f} s\n", 100 * confusion.accuracy(),
             test_batches.dataset().size(), seconds);
  fmt::print("fashion_cnn.svg: learning curves, filters, confusion matrix; fashion_cnn.safetensors: the model\n");
  return confusion.accuracy() >= (small ? 0.75 : full ? 0.92 : 0.90) ? 0 : 1;
} catch (const Error& error) {
  fmt::print("{}\n", error.what());
  return 1;
}
