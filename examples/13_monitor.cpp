// A training under watch: gradients, updates and verdicts of each layer while it runs; Ctrl-C ends it well.
//
//     h ← relu(norm(conv(h)))       16 channels of 8 × 8 pixels, then 32 of 4 × 4
//     z = W h + b,  L = −mean( log softmax(z)[label] )
//     |∂L/∂W|, |ΔW| / |W|           for each layer at every fourth step
//
// In a terminal it draws a dashboard, elsewhere it prints lines. After Ctrl-C the step is ended, the model is saved,
// and what was seen is said; a second Ctrl-C ends the program. Writes monitor.svg; `tensorboard --logdir runs` shows
// histograms.
#include <fmt/core.h>

#include <xgrad/inspect.hpp>
#include <xgrad/xgrad.hpp>
using namespace xg;

struct Cnn {
  nn::Conv2d first{1, 16, 3, {.padding = 1}};
  nn::BatchNorm2d first_norm{16};
  nn::Conv2d second{16, 32, 3, {.stride = 2, .padding = 1}};
  nn::BatchNorm2d second_norm{32};
  nn::Linear out{512, 10};
  Tensor operator()(const Tensor& x) const {  // (B, 64)
    Tensor h = relu(first_norm(first(reshape(x, {-1, 1, 8, 8}))));
    return out(flatten(relu(second_norm(second(h))), 1));
  }
};

int main(int argc, char** argv) {
  bool small = argc > 1 && std::string(argv[1]) == "--small";
  seed(5);
  nn::data::Csv table = nn::data::read_csv("examples/data/digits.csv");
  auto [x, label, test_x, test_label] =
      nn::data::train_test_split(table.without({"label"}) / 16, table.labels("label", 10), 0.2);
  nn::data::TensorDataset training(x, label);
  nn::data::Loader batches(training, {.batch_size = 32, .shuffle = true});
  std::vector<std::pair<Tensor, Tensor>> test = {{test_x, test_label}};

  Cnn model;
  std::int64_t epochs = small ? 2 : 12;
  nn::AdamW optimizer(nn::parameters(model), {.lr = 3e-3});
  nn::CosineSchedule schedule(optimizer, {.steps = epochs * batches.size()});

  nn::TensorBoard board("runs/digits");
  nn::Monitor monitor(model, optimizer,
                      {.every = 4, .logs = {&board}, .title = "digits", .save_path = "interrupted.safetensors"});
  nn::History history = nn::fit(model, optimizer, nn::cross_entropy, batches,
                                {.epochs = epochs,
                                 .validation = test,
                                 .schedule = {schedule, nn::Every::step},
                                 .metrics = {{"accuracy", nn::Accuracy()}},
                                 .on_step = {monitor.on_step()},
                                 .on_epoch = {monitor.on_epoch()},
                                 .show = false});

  nn::Figure figure("digits");
  figure
      .curves({monitor.losses()},
              {.unit = "step", .first = monitor.loss_spacing(), .spacing = monitor.loss_spacing(), .logarithmic = true})
      .curves(monitor.gradient_norms(), {.title = "|gradient|", .unit = "look", .logarithmic = true})
      .write("monitor.svg");
  if (monitor.interrupted()) return 0;
  double correct = history["val_accuracy"].back();
  fmt::print("{:.1f} % of {} test images read right\n", 100 * correct, test_label.size());
  return correct >= 0.96 ? 0 : 1;
}
