// What a training loop shows: the progress bar and curves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "nn/train/number.hpp"
#include "written.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using Terminal = nn::ProgressOptions::Terminal;

namespace {

/// Characters, not bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::size_t column(const std::string& line, const char* what) { return width(line.substr(0, line.find(what))); }

}  // namespace

TEST_CASE("where there is no terminal, progress prints ten lines") {
  Written out;
  nn::Progress progress(60, "epoch", {.out = out.file});
  std::int64_t expected = 0;
  for (auto epoch : progress) {
    CHECK(epoch == expected++);
    progress.show("loss", 1.0 / static_cast<double>(epoch + 1));
    progress.show("accuracy", 0.5);
  }
  CHECK(progress.done() == 60);
  std::vector<std::string> lines = lines_of(out.text());
  REQUIRE(lines.size() == 10);
  CHECK(lines[0].starts_with("epoch  6/60  loss 0.1667  accuracy 0.5000  0."));
  CHECK(lines[9].starts_with("epoch 60/60  loss 0.0167  accuracy 0.5000  "));
  CHECK(out.text().find('\r') == std::string::npos);
}

TEST_CASE("few steps print a line each, none prints nothing") {
  Written few, nothing;
  nn::Progress three(3, "step", {.out = few.file});
  for ([[maybe_unused]] auto step : three) continue;
  CHECK(lines_of(few.text()).size() == 3);
  nn::Progress zero(0, "step", {.out = nothing.file});
  for ([[maybe_unused]] auto step : zero) FAIL("no step");
  CHECK(nothing.text().empty());
}

TEST_CASE("on a terminal one line moves") {
  Written out;
  {
    nn::Progress progress(4, "epoch", {.out = out.file, .terminal = Terminal::yes});
    for ([[maybe_unused]] auto epoch : progress) progress.show("loss", 0.25);
  }
  std::string text = out.text();
  CHECK(text.starts_with("\repoch   0% │"));
  std::string last = text.substr(text.rfind('\r') + 1);
  CHECK(last.starts_with("epoch 100% │████████████████████"));
  CHECK(last.find("█│ 4/4 00:00<00:00 ") != std::string::npos);
  CHECK(last.ends_with("/s  loss 0.2500\x1b[K\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("a loop that is left early leaves a whole line") {
  Written out;
  {
    nn::Progress progress(4, "epoch", {.out = out.file, .terminal = Terminal::yes});
    for (auto epoch : progress)
      if (epoch == 2) break;
  }
  CHECK(out.text().ends_with("\x1b[K\n"));
  std::string last = out.text().substr(out.text().rfind('\r') + 1);
  CHECK(last.starts_with("epoch  50% │███████████████               │ 2/4"));
}

TEST_CASE("progress goes over any range and hands out its elements") {
  std::vector<std::pair<int, int>> batches = {{1, 2}, {3, 4}, {5, 6}};
  Written out;
  int total = 0;
  for (auto& [x, y] : nn::progress(batches, "epoch 1", {.out = out.file})) {
    total += x * y;
    x = 0;  // the range's own elements
  }
  CHECK(total == 2 + 12 + 30);
  CHECK(batches[2].first == 0);
  CHECK(lines_of(out.text()).size() == 3);
  CHECK(lines_of(out.text())[2].starts_with("epoch 1 3/3  "));

  Written of_temporary;
  for (int x : nn::progress(std::vector<int>{1, 2}, "step", {.out = of_temporary.file})) total += x;
  int array[] = {1, 2, 3, 4};
  auto bar = nn::progress(array, "step", {.out = of_temporary.file});
  for (int& x : bar) bar.show("x", x);
  REQUIRE(lines_of(of_temporary.text()).size() == 6);
  CHECK(lines_of(of_temporary.text())[5].starts_with("step 4/4  x 4.0000  "));
}

TEST_CASE("progress over a range whose length nobody knows counts on") {
  struct Countdown {
    struct Iterator {
      int left;
      int operator*() const { return left; }
      Iterator& operator++() { return --left, *this; }
      bool operator!=(int end) const { return left != end; }
    };
    Iterator begin() const { return {9}; }
    int end() const { return 0; }
  };
  Written out, terminal;
  for (int left : nn::progress(Countdown(), "step", {.out = out.file})) CHECK(left > 0);
  std::vector<std::string> lines = lines_of(out.text());
  REQUIRE(lines.size() == 4);
  CHECK(lines[3].starts_with("step 8  "));
  {
    auto bar = nn::progress(Countdown(), "step", {.out = terminal.file, .terminal = Terminal::yes});
    for (int left : bar) bar.show("left", left);
  }
  std::string text = terminal.text();
  CHECK(text.find("│") == std::string::npos);
  CHECK(text.substr(text.rfind('\r')).starts_with("\rstep 9 00:00 "));
  CHECK(text.ends_with("  left 1.0000\x1b[K\n"));
}

TEST_CASE("a held line takes numbers after the last step") {
  for (Terminal kind : {Terminal::yes, Terminal::no}) {
    Written out;
    {
      nn::Progress progress(3, "epoch 1", {.out = out.file, .lines = 1, .terminal = kind, .hold = true});
      for ([[maybe_unused]] auto step : progress) continue;
      CHECK(out.text().find('\n') == std::string::npos);
      for (const char* name : {"accuracy", "val_loss", "val_accuracy", "val_top5", "val_f1"}) progress.show(name, 0.75);
    }
    REQUIRE(lines_of(out.text()).size() == 1);
    std::string last = out.text();
    if (kind == Terminal::yes) last = last.substr(last.rfind("\r\x1b[K") + 4);
    CHECK(last.starts_with("epoch 1 3/3  accuracy 0.7500  val_loss 0.7500  "));
    CHECK(last.find("val_f1 0.7500") != std::string::npos);
  }
}

TEST_CASE("what does not fit on the line is left out") {
  Written out;
  nn::Progress progress(2, "epoch", {.out = out.file, .terminal = Terminal::yes});
  progress.show("a loss with a name that takes up nearly all of the line", 1);
  progress.advance();
  progress.advance();
  for (const std::string& line : lines_of(out.text()))
    for (std::size_t at = 0; (at = line.find('\r', at)) != std::string::npos;) {
      std::size_t end = line.find("\x1b[K", at);
      CHECK(width(line.substr(at + 1, end - at - 1)) < 80);
      at = end;
    }
}

TEST_CASE("numbers keep their width") {
  CHECK(nn::steady_number(0.12345) == "0.1235");
  CHECK(nn::steady_number(12.3456) == "12.346");
  CHECK(nn::steady_number(123.456) == "123.46");
  CHECK(nn::steady_number(1234.56) == "1234.6");
  CHECK(nn::steady_number(123456.7) == "123457");
  CHECK(nn::steady_number(-0.5) == "-0.5000");
  CHECK(nn::steady_number(0) == "0.0000");
  CHECK(nn::steady_number(1.5e-5) == "1.5e-05");
  CHECK(nn::steady_number(2e6) == "2.0e+06");
  CHECK(nn::steady_number(NAN) == "nan");
}

TEST_CASE("a curve stands in axes that line up") {
  std::vector<double> falling, rising;
  for (int i = 0; i < 40; ++i) falling.push_back(2.3 * std::exp(-i / 8.0)), rising.push_back(i / 20.0);
  std::string text = nn::plot({{"training", falling}, {"test", rising}}, {.width = 40, .height = 10});
  std::vector<std::string> lines = lines_of(text);
  REQUIRE(lines.size() == 14);  // title, ten rows, axis, its numbers, legend
  CHECK(lines[0] == " loss");
  std::size_t axis = column(lines[11], "└");
  for (int row = 1; row <= 10; ++row) {
    bool on_axis = column(lines[row], "│") == axis || column(lines[row], "┤") == axis;
    CHECK_MESSAGE(on_axis, lines[row]);
    CHECK(width(lines[row]) <= axis + 41);
  }
  CHECK(lines[1].starts_with("2.5 ┤⡀"));
  CHECK(lines[10].starts_with("0.0 ┤"));
  CHECK(width(lines[11]) == axis + 41);
  CHECK(lines[12].ends_with("40  epoch"));
  // The number 40 stands below the last mark.
  CHECK(column(lines[11].substr(lines[11].rfind("┬")), "┬") == 0);
  CHECK(lines[13].find("── training  0.0176    ┈┈ test  1.9500") != std::string::npos);
}

TEST_CASE("a logarithmic curve of a power is a straight line") {
  std::vector<double> values;
  for (int i = 0; i < 21; ++i) values.push_back(std::pow(10.0, -i / 10.0));
  std::vector<std::string> lines =
      lines_of(nn::plot({{"loss", values}}, {.logarithmic = true, .width = 20, .height = 10}));
  CHECK(lines[1].starts_with("   1 ┤⠑"));
  CHECK(lines[10].starts_with("0.01 ┤"));
  std::size_t before = 0;
  for (int row = 1; row <= 10; ++row) {
    CHECK(width(lines[row]) > before);
    before = width(lines[row]);
  }
}

TEST_CASE("curves of any kind can be drawn") {
  auto rows = [](const std::vector<nn::Series>& curves, nn::PlotOptions options = {}) {
    return lines_of(nn::plot(curves, options)).size();
  };
  CHECK(rows({}) == 16);
  CHECK(rows({{"empty", {}}}) == 16);
  CHECK(rows({{"one", {3}}}) == 16);
  CHECK(rows({{"constant", {3, 3, 3}}}) == 16);
  CHECK(rows({{"zero", {0, 0}}}) == 16);
  CHECK(rows({{"gaps", {1, NAN, 2, INFINITY, 3}}}) == 16);
  CHECK(rows({{"none", {NAN, NAN}}}, {.logarithmic = true}) == 16);
  CHECK(rows({{"negative", {-1, 0, 1}}}, {.logarithmic = true}) == 16);
  CHECK(rows({{"tiny", {1e-300, 2e-300}}}) == 16);
  CHECK(rows({{"huge", {1e300, -1e300}}}) == 16);
  CHECK(rows({{"many", std::vector<double>(100000, 1.5)}, {"b", {1}}, {"c", {2}}, {"d", {3}}}) == 16);
  CHECK(rows({{"small", {1, 2}}}, {.width = 1, .height = 1}) == 3 + 4);
}
