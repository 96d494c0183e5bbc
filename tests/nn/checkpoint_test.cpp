// Whole runs in one file: what is in it, and a run that was stopped is the run that was not.
#include <doctest/doctest.h>

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

}  // namespace

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
  CHECK(names_in(file.path) ==
        std::vector<std::string>{"best", "default_rng.position", "default_rng.seed", "epoch", "loader.batch_size",
                                 "loader.drop_last", "loader.epoch", "loader.position", "loader.samples", "loader.seed",
                                 "loader.shuffle", "losses", "rng.position", "rng.seed", "model.bias", "model.weight"});
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
