// Whole runs in one file: what is in it, and a run that was stopped is the run that was not.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : nn::read_safetensors(path).tensors) names.push_back(name);
  return names;
}

std::string complaint(nn::Checkpoint& run, const File& file) {
  return format_complaint(file, [&](const std::string& path) { run.load(path); });
}

struct Net {
  nn::Linear hidden{4, 8};
  nn::Dropout dropout{0.3};
  nn::Linear out{8, 2};
  Tensor operator()(const Tensor& x) const { return out(dropout(relu(hidden(x)))); }
};

std::unique_ptr<nn::Optimizer> make_optimizer(const std::string& name, const std::vector<Tensor>& parameters) {
  if (name == "SGD") return std::make_unique<nn::SGD>(parameters, nn::SgdOptions{.lr = 0.05, .momentum = 0.9});
  if (name == "NAdam") return std::make_unique<nn::NAdam>(parameters);
  if (name == "RMSprop") return std::make_unique<nn::RMSprop>(parameters);
  return std::make_unique<nn::Adam>(parameters, nn::AdamOptions{.lr = 0.01});
}

auto noisy_points() {
  Rng rng(11);
  Tensor x = randn({50, 4}, rng);
  return nn::data::transform(nn::data::TensorDataset(x, astype(sum(x, 1) > 0, i64)),
                             [](auto& batch, Rng& rng) { batch[0] = batch[0] + 0.1 * randn_like(batch[0], rng); });
}

/// A run of 3 epochs of 7 steps, with all that has a state.
struct Run {
  explicit Run(const std::string& optimizer_name) : optimizer(make_optimizer(optimizer_name, nn::parameters(net))) {
    checkpoint.add("net", net).add("optimizer", *optimizer).add("schedule", schedule).add("loader", loader);
    checkpoint.add("own", own).add("epoch", epoch).add("losses", losses);
  }
  /// Goes on until `stop` steps are done in all, then saves, within the loop or having left it.
  void go_on(std::size_t stop, const std::string& path, bool within) {
    for (; epoch < 3 && losses.size() < stop; ++epoch) {
      for (auto& [x, y] : loader) {
        Tensor loss = nn::cross_entropy(net(x + 0.01 * randn_like(x, own)), y);
        optimizer->minimize(loss);
        schedule.step();
        losses.push_back(loss.item());
        if (losses.size() < stop) continue;
        if (within) checkpoint.save(path);
        break;
      }
      if (losses.size() >= stop) break;
    }
    if (!within) checkpoint.save(path);
  }

  Net net;
  std::unique_ptr<nn::Optimizer> optimizer;
  nn::CosineSchedule schedule{*optimizer, {.steps = 21}};
  nn::data::Loader<decltype(noisy_points())> loader{noisy_points(), {.batch_size = 8, .shuffle = true, .seed = 2}};
  Rng own{5};
  int epoch = 0;
  std::vector<double> losses;
  nn::Checkpoint checkpoint;
};

}  // namespace

TEST_CASE("a run that was stopped and resumed is bitwise the run that was not") {
  for (const char* name : {"Adam", "SGD", "NAdam", "RMSprop"}) {
    File whole, stopped, resumed;
    seed(1);
    Run(name).go_on(1000, whole.path, false);
    for (std::size_t stop : {1, 5, 7, 10, 20, 21})
      for (bool within : {true, false}) {
        CAPTURE(name);
        CAPTURE(stop);
        seed(1);
        Run(name).go_on(stop, stopped.path, within);
        seed(99);  // and all else is another
        Run run(name);
        run.go_on(3, resumed.path, false);
        run.checkpoint.load(stopped.path);
        CHECK(run.losses.size() == stop);
        run.go_on(1000, resumed.path, false);
        CHECK(run.losses.size() == 21);
        CHECK(read_bytes(resumed.path) == read_bytes(whole.path));
      }
  }
}

TEST_CASE("the second half of a run, in a process of its own" * doctest::skip()) {
  if (!std::getenv("XGRAD_TEST_STOPPED")) return;  // run by the next one
  Run run("Adam");
  run.checkpoint.load(std::getenv("XGRAD_TEST_STOPPED"));
  run.go_on(1000, std::getenv("XGRAD_TEST_RESUMED"), false);
}

TEST_CASE("a run goes on in another process") {
  File whole, stopped, resumed;
  seed(1);
  Run("Adam").go_on(1000, whole.path, false);
  seed(1);
  Run("Adam").go_on(10, stopped.path, true);
  setenv("XGRAD_TEST_STOPPED", stopped.path.c_str(), 1);
  setenv("XGRAD_TEST_RESUMED", resumed.path.c_str(), 1);
  std::string self = std::filesystem::read_symlink("/proc/self/exe");
  REQUIRE(std::system((self + " --no-skip --test-case='the second half of a run*' >/dev/null").c_str()) == 0);
  CHECK(read_bytes(resumed.path) == read_bytes(whole.path));
}

TEST_CASE("a checkpoint is one file of named tensors") {
  seed(5);
  nn::Linear model{2, 2};
  Rng own(3);
  nn::data::Loader loader(nn::data::TensorDataset(zeros({10, 2})), {.batch_size = 2, .shuffle = true, .seed = 8});
  int epoch = 4;
  double best = 0.25;
  std::vector<double> losses{3, 2, 1};
  auto checkpoint = [&] {
    nn::Checkpoint run;
    run.add("model", model).add("rng", own).add("loader", loader);
    run.add("epoch", epoch).add("best", best).add("losses", losses);
    return run;
  };
  nn::Checkpoint run = checkpoint();
  File file;
  run.save(file.path);
  CHECK(names_in(file.path) == std::vector<std::string>{"best", "default_rng.position", "default_rng.seed", "epoch",
                                                        "loader.batch_size", "loader.bucket", "loader.drop_last",
                                                        "loader.epoch", "loader.position", "loader.samples",
                                                        "loader.seed", "loader.shuffle", "losses", "rng.position",
                                                        "rng.seed", "model.bias", "model.weight"});
  nn::Linear saved = model;
  RngState at = default_rng().state();
  model.weight = zeros({2, 2});
  rand({100}), rand({100}, own);
  epoch = 0, best = 0, losses.clear();
  for (auto& batch : loader) CHECK(batch[0].size() == 4);
  run.load(file.path);
  CHECK(all_equal(model.weight, saved.weight));
  CHECK(default_rng().state() == at);
  CHECK(own.state() == RngState{3, 0});
  CHECK(epoch == 4);
  CHECK(best == 0.25);
  CHECK(losses == std::vector<double>{3, 2, 1});
  CHECK(loader.epoch() == 0);
  nn::Linear alone{2, 2};
  nn::load(alone, file.path, {.prefix = "model."});
  CHECK(all_equal(alone.weight, saved.weight));
}

TEST_CASE("a checkpoint that does not fit changes nothing") {
  nn::Linear model{2, 2}, other{2, 3};
  Rng own(3);
  int epoch = 4, steps = 9;
  File file;
  nn::Checkpoint saved;
  saved.add("model", model).add("epoch", epoch).save(file.path);
  nn::Checkpoint run;
  run.add("model", other).add("steps", steps).add("rng", own);
  seed(77);
  nn::Linear before = other;
  CHECK(complaint(run, file) ==
        "Checkpoint: the names do not fit: 3 missing, 1 unexpected, 2 mismatched\n"
        "  file  FILE\n"
        "  missing  steps\n"
        "  missing  rng.seed\n"
        "  missing  rng.position\n"
        "  unexpected  epoch\n"
        "  mismatched  model.weight: is f32 (2, 2), wanted f32 (3, 2)\n"
        "  mismatched  model.bias: is f32 (2,), wanted f32 (3,)");
  CHECK(default_rng().state() == RngState{77, 0});
  CHECK(all_equal(other.weight, before.weight));
  CHECK(steps == 9);
  CHECK_THROWS_WITH_AS(run.add("steps", steps),
                       doctest::Contains("Checkpoint: two things are called `steps`\n  at  checkpoint_test.cpp"),
                       ValueError);
  CHECK_THROWS_WITH_AS(run.add("", steps), doctest::Contains("Checkpoint: a name is empty"), ValueError);
  CHECK_THROWS_WITH_AS(run.add("default_rng", own), doctest::Contains("two things are called `default_rng`"),
                       ValueError);
  int clash = 1;
  run.add("rng.seed", clash);
  CHECK_THROWS_WITH_AS(run.save(file.path), doctest::Contains("state: two things are listed as `rng.seed`"),
                       ValueError);
  CHECK_THROWS_WITH_AS(run.load("/nowhere"), doctest::Contains("Checkpoint: cannot open the file"), FormatError);
}
