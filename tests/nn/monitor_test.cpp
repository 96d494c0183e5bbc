// The training monitor: what it sees, logs, draws and saves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "../core/message.hpp"
#include "core/inspect/table.hpp"
#include "files.hpp"
#include "nn/train/dashboard.hpp"
#include "nn/train/screen.hpp"
#include "written.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using Terminal = nn::ProgressOptions::Terminal;

namespace {

const char* here = "monitor_test.cpp:";

struct Net {
  nn::Linear hidden{2, 8};
  nn::Linear out{8, 1};
  Tensor operator()(const Tensor& x) const { return out(tanh(hidden(x))); }
};

/// A small training, step by step.
struct Training {
  Net net;
  nn::SGD optimizer{nn::parameters(net), {.lr = 0.1}};
  Tensor x = randn({32, 2}), y = sum(x, 1, keepdims);

  double step() {
    Tensor loss = nn::mse(net(x), y);
    optimizer.minimize(loss);
    return loss.item();
  }
};

/// A terminal of its own, and what stands on it: as much of one as a Screen uses.
class PseudoTerminal {
 public:
  PseudoTerminal(int columns, int rows) : columns_(columns), rows_(rows) {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    resize(columns, rows);
    out = std::fopen(ptsname(master_), "w");
    REQUIRE(out);
    screen_.resize(1);
  }
  ~PseudoTerminal() {
    std::fclose(out);
    ::close(master_);
  }
  void resize(int columns, int rows) {
    columns_ = columns, rows_ = rows;
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = static_cast<unsigned short>(rows);
    REQUIRE(ioctl(master_, TIOCSWINSZ, &size) == 0);
  }
  /// What stands there, lines from the top, without blank ones at the end.
  std::vector<std::string> shown() {
    take();
    std::vector<std::string> lines = screen_;
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }
  std::size_t cursor_row() { return row_; }
  bool cursor_shows() { return cursor_; }
  std::size_t widest = 0;
  std::FILE* out = nullptr;

 private:
  void take() {
    std::string text;
    char bytes[4096];
    pollfd ready{master_, POLLIN, 0};
    while (poll(&ready, 1, 20) > 0 && (ready.revents & POLLIN)) {
      ssize_t count = ::read(master_, bytes, sizeof bytes);
      if (count <= 0) break;
      text.append(bytes, static_cast<std::size_t>(count));
    }
    for (std::size_t i = 0; i < text.size();) i = put(text, i);
  }
  std::size_t put(const std::string& text, std::size_t i) {
    if (text[i] == '\r') column_ = 0;
    else if (text[i] == '\n') {
      if (++row_ >= screen_.size()) screen_.resize(row_ + 1);
      REQUIRE(row_ < static_cast<std::size_t>(rows_));  // nothing may scroll
    } else if (text[i] == '\x1b') {
      std::size_t end = text.find_first_of("AHJKhl", i);
      std::string argument = text.substr(i + 2, end - i - 2);
      char what = text[end];
      if (what == 'A') row_ -= std::stoul(argument);
      else if (what == 'H') row_ = column_ = 0;
      else if (what == 'J' && argument == "2") screen_.assign(screen_.size(), "");
      else if (what == 'J') {
        screen_.resize(row_ + 1);
        screen_[row_].clear();
      } else if (what == 'K') cut_line();
      else cursor_ = what == 'h';
      return end + 1;
    } else {
      cut_line();
      screen_[row_] += text[i];
      if ((text[i] & 0xc0) != 0x80) ++column_;
      widest = std::max(widest, column_);
      REQUIRE(column_ <= static_cast<std::size_t>(columns_));
    }
    return i + 1;
  }
  /// Drops what stands from the cursor on.
  void cut_line() {
    std::string& line = screen_[row_];
    std::size_t count = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
      if ((line[i] & 0xc0) != 0x80 && count++ == column_) {
        line.resize(i);
        return;
      }
  }

  int master_, columns_, rows_;
  std::vector<std::string> screen_;
  std::size_t row_ = 0, column_ = 0;
  bool cursor_ = true;
};

}  // namespace

TEST_CASE("every n-th step is looked at") {
  seed(1);
  Training training;
  nn::Monitor monitor(training.net, training.optimizer, {.every = 5, .show = false});
  for (int i = 1; i <= 23; ++i) {
    double loss = training.step();
    CHECK(monitor.due() == (i % 5 == 0));
    monitor.watch("x", training.x);
    CHECK(monitor.step(loss, 32));
  }
  CHECK(monitor.steps() == 23);
  REQUIRE(monitor.looks().size() == 4);
  const nn::MonitorLook& look = monitor.looks()[1];
  CHECK(look.step == 10);
  CHECK(look.learning_rate == 0.1);
  REQUIRE(look.tensors.size() == 5);
  CHECK(look.tensors[0].name == "hidden.weight");
  CHECK(look.tensors[4].name == "x");
  CHECK(look.tensors[4].value.count == 64);
  CHECK_FALSE(look.tensors[4].has_gradient);
  // Plain gradient descent changes weights by h g; their size before differs little from that after.
  for (std::size_t i = 0; i < 4; ++i) {
    double expected = 0.1 * look.tensors[i].gradient.norm / look.tensors[i].value.norm;
    CHECK(look.tensors[i].update_ratio == doctest::Approx(expected).epsilon(0.2));
  }
  std::int64_t counted = 0;
  for (std::int64_t count : look.values[4].counts) counted += count;
  CHECK(counted == 64);
  CHECK(monitor.losses().values.size() == 23);
  std::vector<nn::Series> norms = monitor.gradient_norms();
  REQUIRE(norms.size() == 3);
  CHECK(norms[0].name == "hidden");
  CHECK(norms[0].values[1] ==
        doctest::Approx(std::hypot(look.tensors[0].gradient.norm, look.tensors[1].gradient.norm)));
  CHECK(std::isnan(norms[2].values[1]));
}

TEST_CASE("looks and losses take bounded room") {
  Training training;
  training.step();
  nn::Monitor monitor(training.net, training.optimizer,
                      {.every = 1, .only = {"out"}, .bins = 0, .show = false, .keep = 8});
  for (int i = 1; i <= 2000; ++i) monitor.step(i);
  CHECK(monitor.looks().size() <= 8);
  CHECK(monitor.looks().back().step > 1500);
  CHECK(monitor.looks()[0].tensors.size() == 2);
  CHECK(monitor.looks()[0].values.empty());
  nn::Series losses = monitor.losses();
  CHECK(losses.values.size() <= 512);
  CHECK(monitor.loss_spacing() == 4);
  CHECK(losses.values[0] == 2.5);
}

TEST_CASE("gradient norms are those of the looks that were kept, and of no others") {
  Training training;
  nn::Monitor monitor(training.net, training.optimizer, {.every = 1, .bins = 0, .show = false, .keep = 6});
  for (int i = 1; i <= 20; ++i) {
    if (i == 2) monitor.watch("once.x", training.x);  // in a look that is dropped
    if (i == 20) monitor.watch("last.x", training.x);
    monitor.step(training.step());
    std::vector<nn::Series> norms = monitor.gradient_norms();
    REQUIRE(norms.size() == (i == 20 ? 3 : i >= 2 && monitor.looks().size() >= static_cast<std::size_t>(i) ? 3 : 2));
    for (std::size_t layer = 0; layer < 2; ++layer) {
      REQUIRE(norms[layer].values.size() == monitor.looks().size());
      for (std::size_t k = 0; k < monitor.looks().size(); ++k) {
        const auto& tensors = monitor.looks()[k].tensors;
        CHECK(norms[layer].values[k] ==
              doctest::Approx(std::hypot(tensors[2 * layer].gradient.norm, tensors[2 * layer + 1].gradient.norm)));
      }
    }
    monitor.dashboard();
  }
  CHECK(monitor.gradient_norms()[2].name == "last");
}

TEST_CASE("looks are logged: numbers everywhere, histograms where they are taken") {
  File csv, json;
  File folder("", "");
  std::filesystem::remove(folder.path);
  {
    Training training;
    nn::CsvLog table(csv.path);
    nn::JsonLinesLog lines(json.path);
    nn::TensorBoard board(folder.path);
    nn::Monitor monitor(training.net, training.optimizer,
                        {.every = 2, .logs = {&table, &lines, &board}, .show = false});
    monitor.show("accuracy", 0.5);
    for (int i = 0; i < 6; ++i) monitor.step(training.step(), 32);
    std::string file = read_bytes(board.path());
    for (const char* tag : {"loss", "accuracy", "lr", "gradient_norm/hidden.weight", "update_ratio/out.bias",
                            "weights/out.weight", "gradients/out.weight"})
      CHECK(file.find(tag) != std::string::npos);
  }
  std::vector<std::string> rows = lines_of(read_bytes(csv.path));
  REQUIRE(rows.size() == 4);
  CHECK(
      rows[0].starts_with("step,loss,lr,samples_per_second,accuracy,gradient_norm/hidden.weight,norm/hidden.weight,"
                          "update_ratio/hidden.weight,"));
  CHECK(rows[3].starts_with("6,"));
  CHECK(lines_of(read_bytes(json.path)).size() == 3);
}

TEST_CASE("where there is no terminal, lines are printed") {
  Written out;
  {
    Training training;
    nn::Monitor monitor(training.net, training.optimizer,
                        {.every = 1, .steps = 100, .title = "demo\n", .progress = {.out = out.file, .lines = 4}});
    for (int i = 0; i < 60; ++i) monitor.step(training.step(), 32);
  }
  std::vector<std::string> lines = lines_of(out.text());
  REQUIRE(lines.size() == 3);  // at 25 and 50, and where it ended
  CHECK(lines[0].starts_with("demo   25/100  loss "));
  CHECK(lines[0].find("lr 0.1000  |gradient| ") != std::string::npos);
  CHECK(lines[0].find(" samples/s  00:00<") != std::string::npos);
  CHECK(lines[2].starts_with("demo   60/100"));
  for (const std::string& line : lines) CHECK(line.find('\x1b') == std::string::npos);
}

TEST_CASE("on a terminal the dashboard is drawn in place, for any size") {
  setenv("TERM", "xterm", 1);
  PseudoTerminal terminal(100, 40);
  std::fprintf(terminal.out, "before\n");
  Training training;
  {
    nn::Monitor monitor(training.net, training.optimizer,
                        {.every = 1, .steps = 1000, .title = "demo", .progress = {.out = terminal.out}});
    for (int i = 0; i < 50; ++i) monitor.step(training.step());
    usleep(110000);  // longer than between two pictures
    monitor.step(training.step());
    std::vector<std::string> lines = terminal.shown();
    REQUIRE(lines.size() > 20);
    CHECK(lines[0] == "before");
    CHECK(lines[1].starts_with("demo  step   51/1000  00:00<00:"));
    CHECK(inspect::display_width(lines[2]) == 100);
    CHECK(lines[3].starts_with("loss "));
    CHECK(lines[3].find("|gradient| ") != std::string::npos);
    CHECK(lines[lines.size() - 3].starts_with("layer   |gradient| "));
    CHECK(lines[lines.size() - 2].starts_with("hidden  "));
    CHECK(terminal.cursor_row() == lines.size());
    CHECK(terminal.cursor_shows());

    for (auto [columns, rows] : {std::pair(60, 12), std::pair(30, 5), std::pair(10, 2), std::pair(120, 50)}) {
      terminal.resize(columns, rows);
      usleep(110000);
      monitor.step(training.step());
      lines = terminal.shown();
      CHECK(lines[0].starts_with("demo  step"));
      CHECK(lines.size() < static_cast<std::size_t>(rows));
    }
  }
  CHECK(terminal.shown()[0].starts_with("demo  step   55/1000"));
  CHECK(terminal.cursor_shows());
}

TEST_CASE("a dashboard fits into whatever room there is") {
  nn::detail::Curve losses;
  for (int i = 1; i < 300; ++i) losses.add(1.0 / i);
  nn::detail::DashboardState state;
  state.title = "a\x1b[2Jb";
  state.step = 299, state.steps = 1000, state.elapsed = 3;
  state.losses = &losses;
  for (int i = 0; i < 30; ++i)
    state.layers.push_back({"blocks.größe." + std::to_string(i), {1e-3, 1e-2, NAN, 1e2, 0}, i ? 1e-3 : NAN, "fine"});
  for (int columns : {1, 5, 20, 39, 40, 80, 200})
    for (int rows : {1, 2, 3, 5, 8, 13, 24, 60}) {
      CAPTURE(columns);
      CAPTURE(rows);
      std::vector<std::string> lines = nn::detail::dashboard_lines(state, columns, rows);
      CHECK(lines.size() <= static_cast<std::size_t>(rows));
      for (const std::string& line : lines) {
        CHECK(inspect::display_width(line) <= static_cast<std::size_t>(columns));
        CHECK(line.find('\x1b') == std::string::npos);
      }
    }
  std::vector<std::string> lines = nn::detail::dashboard_lines(state, 80, 24);
  CHECK(lines.back().starts_with("and "));
  CHECK(lines.back().ends_with(" layers more"));
  CHECK(nn::detail::dashboard_lines(state, 80, 60).back().starts_with("blocks.größe.29"));
}

TEST_CASE("Ctrl-C ends the step, saves and reports") {
  setenv("TERM", "xterm", 1);
  Written out;
  File saved("", ".safetensors"), whole("", ".safetensors");
  Training training;
  {
    nn::Monitor monitor(training.net, training.optimizer,
                        {.every = 1, .steps = 100, .progress = {.out = out.file}, .save_path = saved.path});
    int steps = 0;
    while (steps < 100) {
      if (++steps == 7) std::raise(SIGINT);
      if (!monitor.step(training.step())) break;
    }
    CHECK(steps == 7);
    CHECK(monitor.interrupted());
    CHECK_FALSE(monitor.step(0.5));  // and says so only once
  }
  std::string text = out.text();
  CHECK(text.find("stopped by Ctrl-C after step 7, loss ") != std::string::npos);
  CHECK(text.find("the model was saved to " + saved.path) != std::string::npos);
  CHECK(text.find("stopped") == text.rfind("stopped"));
  Net back;
  nn::load(back, saved.path);
  {
    nn::Checkpoint run;
    run.add("model", training.net).add("optimizer", training.optimizer);
    nn::Monitor monitor(training.net, training.optimizer, {.show = false, .save_path = whole.path, .run = &run});
    std::raise(SIGTERM);
    CHECK_FALSE(monitor.step(1));
    run.load(whole.path);
  }
}

TEST_CASE("in a fit it learns epochs and batches, and Ctrl-C stops the training") {
  Written out;
  Training training;
  std::vector<std::pair<Tensor, Tensor>> batches(5, {training.x, training.y});
  nn::Monitor monitor(training.net, training.optimizer, {.every = 2, .progress = {.out = out.file, .lines = 20}});
  nn::History history = nn::fit(training.net, training.optimizer, nn::mse, batches,
                                {.epochs = 4,
                                 .validation = batches,
                                 .on_step = {monitor.on_step(),
                                             [](nn::FitState& state) {
                                               if (state.step == 12) std::raise(SIGINT);
                                             }},
                                 .on_epoch = {monitor.on_epoch()},
                                 .show = false});
  CHECK(history.stopped == "interrupted");
  CHECK(monitor.steps() == 13);
  std::vector<std::string> lines = lines_of(out.text());
  REQUIRE(lines.size() == 14);
  CHECK(lines[11].starts_with("training 12/20  epoch 3/4  loss "));
  CHECK(lines[11].find("val_loss 0.") != std::string::npos);
  CHECK(lines[13].starts_with("stopped by Ctrl-C after step 13 in epoch 3, loss "));
}

TEST_CASE("options that make no sense are refused, and empty models watched") {
  Training training;
  auto make = [&](const nn::MonitorOptions& options) {
    return message<ValueError>([&] { nn::Monitor(training.net, training.optimizer, options); }, here);
  };
  CHECK(make({.every = 0}) == "Monitor: every must be at least 1, not 0");
  CHECK(make({.steps = -1}) == "Monitor: steps must be at least 0, not -1");
  CHECK(make({.bins = -1}) == "Monitor: bins must be at least 0, not -1");
  CHECK(make({.keep = 1}) == "Monitor: keep must be at least 2, not 1");
  CHECK(make({.logs = {nullptr}}) == "Monitor: a log is a null pointer");
  struct Nothing {
  } nothing;
  nn::Monitor monitor(nothing, training.optimizer, {.every = 1, .show = false});
  monitor.watch("empty", zeros({0, 3}));
  CHECK(message<ValueError>([&] { monitor.watch("none", Tensor()); }) ==
        "tensor: an undefined tensor has no shape, dtype or values");
  CHECK(monitor.step(NAN));
  CHECK(monitor.dashboard(80, 24).size() >= 2);
  CHECK(monitor.looks()[0].tensors[0].value.count == 0);
}
