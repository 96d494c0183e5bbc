// How long the report of one step takes, of the convolutional network of examples/04_fashion_cnn.cpp.
#include <filesystem>

#include "fashion_cnn.hpp"
#include "harness.hpp"
#include "xgrad/inspect.hpp"

using namespace xg;

int main() {
  seed(1);
  constexpr double target = 2;
  int missed = 0;
  bench::Cnn model;
  Tensor x = randn({128, 1, 28, 28}), label = randint(0, 10, {128});
  auto file = std::filesystem::temp_directory_path() / "xgrad-bench-report.html";
  bench::threads = 2;  // on the clock: Graphviz is a program of its own
  fmt::print("the report of one step of the CNN, batch 128{:>20}{:>12}\n", "s", "target");
  for (bool graphviz : {false, true}) {
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) {
      double start = bench::now();
      inspect::KeepValues keep(model);
      Tensor loss = nn::cross_entropy(model(x), label);
      inspect::Summary summary = inspect::summary(model, x);
      inspect::write_report(loss, model, file.string(), {.values = &keep, .summary = &summary, .graphviz = graphviz});
      times.push_back((bench::now() - start) * 1e-6);
    }
    double took = bench::median(times);
    missed += took > target;
    fmt::print("{:<56}{:>8.3f}{:>12.3f}  {}\n",
               graphviz ? "forward, summary, report, Graphviz's `dot` where it is" : "forward, summary, report", took,
               target, took <= target ? "ok" : "miss");
  }
  std::filesystem::remove(file);
  return missed;
}
