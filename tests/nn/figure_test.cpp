// Figures: what they hold, and that it is well-formed.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../core/message.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

const char* here = "figure_test.cpp:";

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++found;
  return found;
}

/// Whether each element that opens closes, in order.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = xml.find('<', at)) != std::string::npos;) {
    std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    std::string tag = xml.substr(at + 1, end - at - 1), name = tag.substr(0, tag.find(' '));
    if (count(tag, "\"") % 2 != 0) return false;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty();
}

}  // namespace

TEST_CASE("a figure holds its panels") {
  nn::ConfusionMatrix confusion(2, {"T-shirt & top", "<dress>"});
  confusion.update(tensor({0, 1, 1}, i64), tensor({0, 1, 0}, i64));
  nn::Figure figure("Training \"one\"", 2);
  figure.curves({{"loss", {3, 2, 1}}, {"val_loss", {3, NAN, 2, 1.5}}}, {.title = "Loss"})
      .images("Filters", reshape(arange(0, 18, f32), {2, 3, 3}), {.stretch = true})
      .matrix("Confusion", confusion);
  std::string svg = figure.svg();
  CHECK(is_well_formed(svg));
  CHECK(svg.find("width=\"1040\" height=\"880\"") != std::string::npos);
  CHECK(count(svg, "<circle") == 3 + 3);
  CHECK(svg.find("val_loss 1.5000</text>") != std::string::npos);
  CHECK(svg.find("T-shirt &amp; top</text>") != std::string::npos);
  CHECK(svg.find("&lt;dress&gt;</text>") != std::string::npos);
  CHECK(svg.find("Training &quot;one&quot;</text>") != std::string::npos);
  CHECK(count(svg, "href=\"data:image/png;base64,iVBORw0KGgo") == 1);
  CHECK(count(svg, "nan") == 0);
}

TEST_CASE("figures of any kind can be drawn") {
  CHECK(is_well_formed(nn::Figure().svg()));
  CHECK(is_well_formed(nn::Figure().curves({}).svg()));
  CHECK(is_well_formed(nn::Figure().curves({{"empty", {}}, {"one", {1}}}).svg()));
  CHECK(is_well_formed(nn::Figure().curves({{"gap", {NAN, INFINITY}}}, {.logarithmic = true}).svg()));
  CHECK(is_well_formed(nn::Figure().images("colours", ones({1, 3, 2, 2})).svg()));
  CHECK(is_well_formed(nn::Figure().matrix("many", nn::ConfusionMatrix(40)).svg()));
}

TEST_CASE("names of many curves stand in lines within the panel") {
  std::vector<nn::Series> curves;
  for (int i = 0; i < 100; ++i) curves.push_back({"layer " + std::to_string(i), {1.0, 2.0}});
  std::string svg = nn::Figure("", 1).curves(curves).svg();
  CHECK(is_well_formed(svg));
  int names = 0;
  for (std::size_t at = 0; (at = svg.find(">layer ", at)) != std::string::npos; ++at, ++names) {
    std::size_t tag = svg.rfind("<text x=\"", at);
    CHECK(std::stod(svg.substr(tag + 9)) + 7.2 * 15 <= 520);
  }
  CHECK(names > 10);
  CHECK(names < 100);
}

TEST_CASE("a figure refuses what it cannot draw or write") {
  CHECK(message<ValueError>([] { nn::Figure("", 0); }, here) == "Figure: there must be at least 1 column, not 0");
  CHECK(message<ShapeError>([] { nn::Figure().images("x", ones({2})); }, here) ==
        "tile: pictures are (n, H, W) or (n, C, H, W), not (2,)");
  CHECK(message<FormatError>([] { nn::Figure().write("/nowhere/a.svg"); }, here) ==
        "Figure: cannot create the file: No such file or directory");
  std::string path =
      (std::filesystem::temp_directory_path() / ("xgrad" + std::to_string(::getpid()) + ".svg")).string();
  nn::Figure().write(path);
  std::ostringstream all;
  all << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  CHECK(all.str() == nn::Figure().svg());
}

TEST_CASE("a matrix with names") {
  nn::Figure figure;
  figure.matrix("weights <a>", tensor({{1.0, 0.25, NAN}, {0.0, -3.0, 0.0}}), {"<r>", "s"}, {"a", "b", "c"});
  std::string svg = figure.svg();
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "<rect") == 1 + 6);
  CHECK(count(svg, "fill=\"rgb(0,114,178)\"") == 1);
  CHECK(count(svg, "fill=\"rgb(128,185,217)\"") == 1);  // half the way, the root of a quarter
  CHECK(count(svg, "fill=\"rgb(255,255,255)\"") == 4);
  for (const char* name : {"&lt;r&gt;", ">s<", ">a<", ">b<", ">c<", "weights &lt;a&gt;"}) CHECK(count(svg, name) == 1);
  CHECK(is_well_formed(nn::Figure().matrix("", zeros({1, 1}), {""}, {""}).svg()));
  CHECK(message<ShapeError>(
            [] {
              nn::Figure().matrix("", zeros({2, 2}), {"a"}, {"b", "c"});
            },
            here) == "Figure::matrix: the values have shape (2, 2), and 1 rows and 2 columns have names");
  CHECK(message<ShapeError>(
            [] {
              nn::Figure().matrix("", zeros({0, 0}), {}, {});
            },
            here) == "Figure::matrix: the values have shape (0, 0), and 0 rows and 0 columns have names");
}
