// What a training monitor adds to the steps of the convolutional network of examples/04_fashion_cnn.cpp.
#include <cstdlib>
#include <filesystem>

#include "fashion_cnn.hpp"
#include "harness.hpp"

using namespace xg;

namespace {

struct Training {
  bench::Cnn model;
  nn::AdamW optimizer{nn::parameters(model), {.lr = 1e-4}};
  Tensor x = randn({128, 1, 28, 28}), label = randint(0, 10, {128});

  double step() {
    Tensor loss = nn::cross_entropy(model(x), label);
    optimizer.minimize(loss);
    return loss.item();
  }
};

}  // namespace

int main() {
  seed(1);
  std::string folder = (std::filesystem::temp_directory_path() / "xgrad-bench-monitor").string();
  Training training;
  bench::Table table("ten steps of the CNN, 61,210 parameters, batch 128", {.beside = "unwatched"});
  auto plain = [&] {
    for (int i = 0; i < 10; ++i) training.step();
  };
  auto watched = [&](nn::Monitor& monitor) {
    return [&] {
      for (int i = 0; i < 10; ++i) monitor.step(training.step(), 128);
    };
  };
  {
    nn::Monitor monitor(training.model, training.optimizer, {.show = false});
    table.compare("looking at every 10th step", 1.03, watched(monitor), plain);
  }
  {
    nn::TensorBoard board(folder);
    nn::Monitor monitor(training.model, training.optimizer, {.logs = {&board}, .show = false});
    table.compare("and writing to TensorBoard", 1.03, watched(monitor), plain);
  }
  {
    setenv("TERM", "xterm", 1);
    std::FILE* out = std::fopen("/dev/null", "w");
    nn::Monitor monitor(training.model, training.optimizer,
                        {.progress = {.out = out, .terminal = nn::ProgressOptions::Terminal::yes}});
    table.compare("and drawing the dashboard", 1.03, watched(monitor), plain);
  }
  std::filesystem::remove_all(folder);
  return table.missed();
}
