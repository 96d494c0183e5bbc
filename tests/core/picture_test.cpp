// Pictures of graphs: what is in them, what is folded, what is escaped, and what Graphviz says of them.
#include "xgrad/inspect.hpp"
#include "xgrad/testing.hpp"
#include "xgrad/xgrad.hpp"

#include "core/inspect/picture.hpp"
#include "message.hpp"

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace xg;
using inspect::graph_of;
using inspect::picture_of;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A folder that goes with it.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("xgrad-picture-" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

bool has_dot() { return inspect::detail::graphviz("digraph { a }", "plain").has_value(); }

Tensor small() {
  Tensor w = named(variable(ones({2, 3})), "layer.weight");
  return sum(tanh(matmul(w, ones({3, 4}))));
}

}  // namespace

TEST_CASE("a small graph is drawn whole, in frames of its modules") {
  inspect::Graph graph = graph_of(small());
  inspect::Picture picture = picture_of(graph);
  CHECK(picture.boxes.size() == 4);
  CHECK(picture.arrows.size() == 3);
  std::string dot = to_dot(graph, picture);
  CHECK(contains(dot, "label=\"layer\""));
  CHECK(contains(dot, "label=\"layer.weight\\n(2, 3)\""));
  CHECK(contains(dot, "b3 -> b2 [label=\"(2, 3)\""));
  CHECK(contains(dot, "picture_test.cpp:"));
  std::string mermaid = to_mermaid(graph, picture);
  CHECK(mermaid.starts_with("flowchart TB\n"));
  CHECK(contains(mermaid, "subgraph s0 [\"layer\"]"));
  CHECK(contains(mermaid, "b3 -->|\"#40;2, 3#41;\"| b2"));
}

TEST_CASE("zero gradients are dashed, those that are not finite red") {
  Tensor x = named(variable(tensor({0.0, 1.0})), "x"), y = named(variable(tensor({-1.0, -2.0})), "y");
  inspect::Graph graph = graph_of(sum(log(x)) + sum(relu(y)));
  inspect::Picture picture = picture_of(graph);
  int bad = 0, zero = 0;
  for (const auto& box : picture.boxes) bad += box.is_bad, zero += box.is_zero;
  CHECK(bad == 1);
  CHECK(zero == 1);
  std::string dot = to_dot(graph, picture);
  CHECK(contains(dot, "#c62828"));
  CHECK(contains(dot, "style=\"dashed,rounded\""));
  CHECK(contains(to_mermaid(graph, picture), "==>"));
  CHECK(contains(to_mermaid(graph, picture), "-.->"));
}

TEST_CASE("ten thousand nodes are folded") {
  Tensor h = zeros({2, 4}), w = named(variable(randn({4, 4})), "w");
  for (int i = 0; i < 3400; ++i) h = tanh(matmul(h, w) + 0.1);
  inspect::Graph graph = graph_of(sum(h));
  CHECK(graph.nodes.size() > 10000);
  inspect::Picture picture = picture_of(graph);
  CHECK(picture.boxes.size() == 5);
  CHECK(contains(to_dot(graph, picture), "tanh × 3400"));
  std::size_t drawn = 0;
  for (const auto& box : picture.boxes) drawn += box.nodes.size();
  CHECK(drawn == graph.nodes.size());
}

TEST_CASE("repeated modules share their boxes when they are too many") {
  auto blocks = nn::repeat(150, [] { return nn::Sequential{nn::Linear{2, 2}, nn::Tanh{}}; });
  Tensor x = ones({1, 2});
  inspect::KeepValues keep(blocks);
  for (const auto& block : blocks) x = x + block(x);
  inspect::Graph graph = graph_of(mean(x), {.values = &keep});
  inspect::Picture picture = picture_of(graph);
  std::string dot = inspect::to_dot(graph, picture);
  CHECK(picture.boxes.size() == 6);  // mean, add, linear, its weight and bias, tanh
  for (const char* part : {"linear × 150", "tanh × 150", "add × 150", "*.0.weight × 150", "*.0.bias × 150"}) {
    CAPTURE(part);
    CHECK(contains(dot, part));
  }
  CHECK(picture_of(graph, 5).boxes.size() == 3);  // mean, add, the modules
}

TEST_CASE("modules are folded when ops are too many") {
  Tensor x = ones({2, 4});
  for (int i = 0; i < 60; ++i) {
    std::string name = "blocks." + std::to_string(i) + ".";
    Tensor w = named(variable(randn({4, 4})), name + "a.weight"), v = named(variable(randn({4, 4})), name + "b.weight");
    x = matmul(matmul(x, w), v);
  }
  inspect::Graph graph = graph_of(sum(x));
  inspect::Picture picture = picture_of(graph, 80);
  CHECK(picture.boxes.size() == 61);
  CHECK(contains(to_dot(graph, picture), "blocks.59 (4)"));
  CHECK(picture_of(graph, 10).boxes.size() == 2);
}

TEST_CASE("JSON has every node; what is unknown or not finite is null") {
  Tensor x = named(variable(tensor({0.0, 1.0})), "x");
  auto json = nlohmann::json::parse(to_json(graph_of(sum(log(x)))));
  REQUIRE(json["nodes"].size() == 3);
  CHECK(json["nodes"][0]["op"] == "sum");
  CHECK(json["nodes"][1]["inputs"][0]["node"] == 2);
  CHECK(json["nodes"][2]["name"] == "x");
  CHECK(json["nodes"][2]["outputs"][0]["shape"] == nlohmann::json{2});
  CHECK(json["nodes"][2]["outputs"][0]["cotangent"]["infinities"] == 1);
  CHECK(json["nodes"][0]["forward_seconds"].is_null());
}

TEST_CASE("hostile names are escaped everywhere") {
  std::string name = "a\"b<c>\n\\d]|}-->\x01 é\xff";
  Tensor x = named(variable(ones({2})), name + ".weight");
  inspect::Graph graph = graph_of(sum(exp(x)));
  inspect::Picture picture = picture_of(graph);
  std::string dot = to_dot(graph, picture), mermaid = to_mermaid(graph, picture);
  CHECK(contains(dot, "a\\\"b<c> \\\\d]|}--> "));
  for (const char* bad : {"\"b", "<c", "|}", "]|"}) CHECK(!contains(mermaid, bad));
  CHECK(nlohmann::json::accept(to_json(graph)));
  if (has_dot()) CHECK(inspect::detail::graphviz(dot, "svg").has_value());
}

TEST_CASE("entities in names stay what they are") {
  Tensor x = named(variable(ones({2})), "a&lt;b&#65;.weight");
  inspect::Graph graph = graph_of(sum(exp(x)));
  std::string dot = to_dot(graph, picture_of(graph));
  CHECK(contains(dot, "a&amp;lt;b&amp;#65;"));
  CHECK(!contains(dot, "a&lt;"));
  if (has_dot()) CHECK(contains(*inspect::detail::graphviz(dot, "svg"), "a&amp;lt;b&amp;#65;"));
}

TEST_CASE("a loss shares no box with the first layer of a Sequential") {
  // Its layers are called "0", "1", …, and so may be the boxes.
  Tensor x = ones({2, 4});
  for (int i = 0; i < 6; ++i) x = matmul(x, named(variable(randn({4, 4})), std::to_string(i) + ".weight"));
  inspect::Graph graph = graph_of(sum(x));
  for (std::size_t most : {100, 8, 6, 3, 1}) {
    CAPTURE(most);
    inspect::Picture picture = picture_of(graph, most);
    std::size_t nodes = 0;
    for (const auto& box : picture.boxes) nodes += box.nodes.size();
    CHECK(nodes == graph.nodes.size());
    CHECK(picture.boxes[0].nodes == std::vector<std::size_t>{0});
    CHECK(picture.boxes[0].label == "sum");
    if (most < 13) CHECK(picture.boxes.size() == (most < 3 ? 2 : most < 7 ? 3 : 7));
  }
}

TEST_CASE("files are written, and what cannot be is told") {
  Folder folder;
  Tensor y = small();
  inspect::write_dot(y, folder / "graph.dot");
  inspect::write_mermaid(y, folder / "graph.mmd");
  inspect::write_json(y, folder / "graph.json");
  CHECK(read(folder / "graph.dot").starts_with("digraph"));
  CHECK(nlohmann::json::accept(read(folder / "graph.json")));
  if (has_dot()) {
    inspect::write_svg(y, folder / "graph.svg");
    CHECK(contains(read(folder / "graph.svg"), "layer.weight"));
  }
  CHECK(message<FormatError>([&] { inspect::write_dot(y, folder / "no/graph.dot"); }, "picture_test.cpp")
            .ends_with("graph.dot`"));
  CHECK(message<GradError>([&] { inspect::write_json(ones({2}), folder / "x.json"); }, "picture_test.cpp") ==
        "inspect: there is no graph: the tensor depends on no variable");
}

TEST_CASE("without Graphviz, write_svg says what is missing") {
  Folder folder;
  std::string before = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  std::string said =
      message<Error>([&] { inspect::write_svg(small(), folder / "graph.svg"); }, "install the package graphviz");
  setenv("PATH", before.c_str(), 1);
  CHECK(said == "write_svg: Graphviz's program `dot` is not there, or failed");
}
