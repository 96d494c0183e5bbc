// Files that are wrong, and files that are odd but right, as tests/hostile/generate.py writes them.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t max_bytes = std::int64_t(1) << 24;

/// What a reader finds in a file, by name.
std::vector<nn::NamedTensor> read(const std::string& reader, const std::string& path) {
  if (reader == "safetensors") return nn::read_safetensors(path, {.max_bytes = max_bytes}).tensors;
  if (reader == "npz") return nn::data::read_npz(path, {.max_bytes = max_bytes}).tensors;
  if (reader == "npy") return {{"", nn::data::read_npy(path, {.max_bytes = max_bytes})}};
  if (reader == "idx") return {{"", nn::data::read_idx(path, {.max_bytes = max_bytes})}};
  return {{"", nn::data::read_csv(path, {.max_bytes = max_bytes}).values()}};
}

/// The files, written anew for each test case.
struct Corpus {
  Corpus() {
    REQUIRE(std::system(("python3 tests/hostile/generate.py " + folder.path + " >" + folder.path + ".log").c_str()) ==
            0);
    std::filesystem::remove(folder.path + ".log");
    cases = Json::parse(read_bytes(folder.path + "/cases.json"));
  }
  std::string path(const Json& one) const { return folder.path + "/" + one["file"].get<std::string>(); }
  File folder;
  Json cases;
};

double number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  return value == "nan" ? NAN : value == "inf" ? INFINITY : -INFINITY;
}

void check_equal(const Tensor& found, const Json& expected) {
  CHECK(std::string(name_of(found.dtype())) == expected["dtype"].get<std::string>());
  CHECK(found.shape() == Shape(expected["shape"].get<std::vector<std::int64_t>>()));
  std::vector<double> values = found.to_vector();
  REQUIRE(values.size() == expected["values"].size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double wanted = number(expected["values"][i]);
    CHECK((values[i] == wanted || (std::isnan(values[i]) && std::isnan(wanted))));
  }
}

}  // namespace

TEST_CASE("bad files are refused with the reason, odd ones are read") {
  Corpus corpus;
  int bad = 0, odd = 0;
  for (const Json& one : corpus.cases) {
    std::string path = corpus.path(one);
    CAPTURE(path);
    if (one.contains("complaint")) {
      ++bad;
      std::string message = "no error";
      try {
        read(one["reader"], path);
      } catch (const FormatError& error) {
        message = error.what();
      }
      std::string wanted = one["complaint"];
      CHECK_MESSAGE(message.find(wanted) != std::string::npos, "wanted `" << wanted << "`, got: " << message);
      CHECK(message.find(path) != std::string::npos);
      CHECK(message.find("\n  at  hostile_files_test.cpp:") != std::string::npos);
    } else {
      ++odd;
      std::map<std::string, Tensor> found;
      for (auto& [name, tensor] : read(one["reader"], path)) found[name] = tensor;
      CHECK(found.size() == one["arrays"].size());
      for (const Json& expected : one["arrays"]) {
        REQUIRE(found.count(expected["name"]) == 1);
        check_equal(found[expected["name"]], expected);
      }
    }
  }
  CHECK(bad >= 150);
  CHECK(odd >= 25);
  MESSAGE(bad << " bad files, " << odd << " odd ones");
}

TEST_CASE("a bad file changes neither a model nor a run") {
  Corpus corpus;
  nn::Linear model{2, 2};
  nn::Adam optimizer(nn::parameters(model));
  sum(model(ones({1, 2}))).backward();
  optimizer.step();
  int epoch = 3;
  nn::Checkpoint run;
  run.add("model", model).add("optimizer", optimizer).add("epoch", epoch);
  File before, after;
  run.save(before.path);
  for (const Json& one : corpus.cases) {
    if (one["reader"] != "safetensors") continue;
    CAPTURE(one["file"].get<std::string>());
    CHECK_THROWS_AS(nn::load(model, corpus.path(one)), FormatError);  // the odd ones have other names
    CHECK_THROWS_AS(run.load(corpus.path(one)), FormatError);
  }
  run.save(after.path);
  CHECK(read_bytes(before.path) == read_bytes(after.path));
}

TEST_CASE("files cut short anywhere, or with a byte changed, are read or refused") {
  Corpus corpus;
  for (const Json& one : corpus.cases) {
    std::string whole = read_bytes(corpus.path(one)), reader = one["reader"];
    if (one.contains("complaint") || whole.size() > 2000) continue;
    CAPTURE(one["file"].get<std::string>());
    std::string suffix = one["file"].get<std::string>().ends_with(".gz") ? ".gz" : "";
    auto attempt = [&](const std::string& bytes) {
      try {
        read(reader, File(bytes, suffix).path);
        return true;
      } catch (const FormatError&) {
        return false;
      }
    };
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 100) {
      bool accepted = attempt(whole.substr(0, length));
      CHECK((!accepted || reader == "csv" || suffix == ".gz"));  // text may end anywhere, gzip in padding
    }
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 200)
      for (int change : {0x01, 0x80, 0xff}) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ change);
        attempt(changed);
      }
  }
}
