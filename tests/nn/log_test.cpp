// Training logs in files: what is written, what a resumed run finds.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const char* here = "log_test.cpp:";

/// A file of its own for a test, gone after it.
struct File {
  explicit File(const std::string& name)
      : path((std::filesystem::temp_directory_path() / (name + std::to_string(::getpid()))).string()) {}
  ~File() { std::filesystem::remove(path); }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }
  void write(const std::string& text) const { std::ofstream(path) << text; }
  std::string path;
};

}  // namespace

TEST_CASE("a CSV log is a table that the CSV reader reads back exactly") {
  File file("xgrad-log.csv");
  {
    nn::CsvLog log(file.path);
    log.write(1, {{"loss", 0.1}, {"train, accuracy", 1.0 / 3}});
    CHECK(file.text() == "step,loss,\"train, accuracy\"\n1,0.1,0.3333333333333333\n");  // at once, not at the end
    log.write(2, {{"train, accuracy", 1e-300}});
    log.write(3, {{"loss", -INFINITY}, {"train, accuracy", 5e22}});
  }
  nn::data::Csv table = nn::data::read_csv(file.path);
  CHECK(table.column("train, accuracy", f64).to_vector() == std::vector<double>{1.0 / 3, 1e-300, 5e22});
  CHECK(std::isnan(table.column("loss", f64).to_vector()[1]));
  CHECK(table.column("step", i64).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("a CSV log refuses names it has no column for") {
  File file("xgrad-log.csv");
  nn::CsvLog log(file.path);
  CHECK(message<ValueError>([&] { log.write(1, {{"a", 1}, {"a", 2}}); }, here) == "CsvLog: two numbers are called `a`");
  CHECK(message<ValueError>([&] { log.write(1, {{"a\nb", 1}}); }, here) == "CsvLog: a name holds a line break");
  CHECK(file.text().empty());
  log.write(1, {{"a", 1}, {"b", 2}});
  CHECK(message<ValueError>(
            [&] {
              log.write(2, {{"a", 1}, {"c", 2}});
            },
            here) == "CsvLog: there is no column `c`; there are a, b");
  CHECK(file.text() == "step,a,b\n1,1,2\n");
}

TEST_CASE("a CSV log goes on where a run stopped") {
  File file("xgrad-log.csv");
  file.write("step,loss,\"a\"\"b\"\n1,0.5,1\n2,0.25,2\n3,0.125,3\n4,0.0");  // killed while writing
  {
    nn::CsvLog log(file.path, {.append = true, .after = 2});
    log.write(3, {{"a\"b", 9}, {"loss", 8}});
  }
  CHECK(file.text() == "step,loss,\"a\"\"b\"\n1,0.5,1\n2,0.25,2\n3,8,9\n");
  { nn::CsvLog log(file.path, {.append = true}); }
  CHECK(file.text() == "step,loss,\"a\"\"b\"\n1,0.5,1\n2,0.25,2\n3,8,9\n");
  {
    nn::CsvLog log(file.path);  // anew
    CHECK(file.text().empty());
  }
  File fresh("xgrad-fresh.csv");
  nn::CsvLog log(fresh.path, {.append = true});
  log.write(7, {{"loss", 1}});
  CHECK(fresh.text() == "step,loss\n7,1\n");
}

TEST_CASE("a JSON log has an object a line") {
  File file("xgrad-log.jsonl");
  {
    nn::JsonLinesLog log(file.path);
    log.write(1, {{"loss", 0.1}, {"quote \" and \xff", 2}});
    log.write(2, {{"loss", NAN}});
    CHECK(message<ValueError>(
              [&] {
                log.write(3, {{"step", 1}});
              },
              here) == "JsonLinesLog: two numbers are called `step`");
  }
  std::istringstream lines(file.text());
  std::string line;
  std::getline(lines, line);
  CHECK(line.starts_with("{\"step\":1,\"loss\":0.1,"));
  CHECK(nlohmann::json::parse(line)["quote \" and \ufffd"] == 2);
  std::getline(lines, line);
  CHECK(line == "{\"step\":2,\"loss\":null}");
  {
    nn::JsonLinesLog log(file.path, {.append = true, .after = 1});
    log.write(2, {{"loss", 3}});
  }
  CHECK(file.text().ends_with("}\n{\"step\":2,\"loss\":3.0}\n"));
}

TEST_CASE("logs refuse files that are none, and leave them alone") {
  File file("xgrad-log.txt");
  auto csv = [&] { nn::CsvLog(file.path, {.append = true}); };
  auto json = [&] { nn::JsonLinesLog(file.path, {.append = true}); };
  file.write("time,loss\n1,2\n");
  CHECK(message<FormatError>(csv, here) == "CsvLog: the first line does not name the columns of a training log");
  CHECK(message<FormatError>(json, file.path) == "JsonLinesLog: line 1 is not of a training log");
  CHECK(file.text() == "time,loss\n1,2\n");
  file.write("step,loss\n1,2\nx,2\n");
  CHECK(message<FormatError>(csv, here) == "CsvLog: line 3 is not of a training log");
  file.write("{\"step\":1}\n{\"step\":1.5}\n");
  CHECK(message<FormatError>(json, here) == "JsonLinesLog: line 2 is not of a training log");
  CHECK(message<FormatError>([] { nn::CsvLog("/nowhere/log.csv"); }, "/nowhere/log.csv") ==
        "CsvLog: cannot open the file: No such file or directory");
  if (std::filesystem::exists("/dev/full")) {
    // Not a regular file, so it cannot be cut; what cannot be opened is said.
    CHECK(message<FormatError>([] { nn::JsonLinesLog("/dev/full"); }, "/dev/full") ==
          "JsonLinesLog: cannot open the file: Invalid argument");
  }
}

TEST_CASE("fit writes each epoch to its logs") {
  File csv("xgrad-fit.csv"), json("xgrad-fit.jsonl");
  seed(1);
  nn::Linear model(2, 2);
  std::vector<std::pair<Tensor, Tensor>> data = {{randn({4, 2}), tensor({0, 1, 0, 1}, i64)}};
  nn::SGD optimizer(nn::parameters(model), {.lr = 0.1});
  nn::CsvLog table(csv.path);
  nn::JsonLinesLog lines(json.path);
  nn::History history = nn::fit(model, optimizer, nn::cross_entropy, data,
                                {.epochs = 3, .validation = data, .logs = {&table, &lines}, .show = false});
  CHECK(nn::data::read_csv(csv.path).column("val_loss", f64).to_vector() == history["val_loss"]);
  CHECK(csv.text().starts_with("step,loss,val_loss,lr,seconds\n1,"));
  CHECK(json.text().find("{\"step\":3,\"loss\":") != std::string::npos);
}
