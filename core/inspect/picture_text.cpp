// The texts of pictures: DOT, Mermaid, JSON; and the files they go to.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "../error/error.hpp"
#include "explain.hpp"
#include "module_path.hpp"
#include "picture.hpp"
#include "table.hpp"

extern char** environ;

namespace xg::inspect {
namespace {

/// In quotes for DOT, which takes `&lt;` and the like for other characters.
std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  for (char c : one_line(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
    if (c == '&') result += "amp;";
  }
  return result + '"';
}

std::string for_mermaid(const std::string& text) {
  std::string result;
  for (char c : one_line(text)) {
    if (std::string("\"<>&#;`[](){}|\\").find(c) == std::string::npos) result += c;
    else result += fmt::format("#{};", static_cast<int>(c));
  }
  return result;
}

std::string gradient_text(const Picture::Box& box) {
  return box.is_bad ? "not finite" : box.is_zero ? "zero" : short_number(box.gradient);
}

/// Calls `open(path)` and `close()` for the frames of modules around boxes, and `put(i)` for each box.
template <class Open, class Close, class Put>
void in_frames(const Picture& picture, const Open& open, const Close& close, const Put& put) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return picture.boxes[a].path < picture.boxes[b].path; });
  std::vector<std::string> frames;
  for (std::size_t i : order) {
    const std::string& path = picture.boxes[i].path;
    while (!frames.empty() && !detail::is_within(path, frames.back())) frames.pop_back(), close();
    std::size_t from = frames.empty() ? 0 : frames.back().size() + 1;
    while (from < path.size()) {
      std::size_t dot = std::min(path.find('.', from), path.size());
      frames.push_back(path.substr(0, dot));
      open(frames.back());
      from = dot + 1;
    }
    put(i);
  }
  for (; !frames.empty(); frames.pop_back()) close();
}

nlohmann::json number(double x) { return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(); }

nlohmann::json as_json(const Statistics& s) {
  return {{"norm", number(s.norm)},   {"mean", number(s.mean)},         {"deviation", number(s.deviation)},
          {"least", number(s.least)}, {"greatest", number(s.greatest)}, {"zeros", s.zeros},
          {"nans", s.nans},           {"infinities", s.infinities}};
}

Graph graph_for(const Tensor& y, const PictureOptions& options, const Site& site) {
  GraphOptions look;
  look.seed = options.seed;
  look.values = options.values;
  return graph_of(y, look, site);
}

}  // namespace

std::string detail::colour_of(double heat) {
  // From light to dark in one hue, so that it reads in grey too.
  const int light[3] = {233, 241, 250}, dark[3] = {8, 69, 148};
  int c[3];
  for (int k = 0; k < 3; ++k) c[k] = static_cast<int>(light[k] + (dark[k] - light[k]) * std::clamp(heat, 0.0, 1.0));
  return fmt::format("#{:02x}{:02x}{:02x}", c[0], c[1], c[2]);
}

std::string to_dot(const Graph& graph, const Picture& picture) {
  std::string text =
      "digraph gradients {\n"
      "  graph [rankdir=TB, fontname=\"Helvetica\", fontsize=11];\n"
      "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#777777\", fontcolor=\"#555555\"];\n";
  int clusters = 0;
  std::string indent = "  ";
  in_frames(
      picture,
      [&](const std::string& path) {
        text += indent + "subgraph cluster_" + std::to_string(clusters++) + " {\n" + indent +
                "  label=" + in_quotes(detail::last_part(path)) + "; tooltip=" + in_quotes(path) +
                "; style=rounded; color=\"#999999\";\n";
        indent += "  ";
      },
      [&] {
        indent.resize(indent.size() - 2);
        text += indent + "}\n";
      },
      [&](std::size_t i) {
        const Picture::Box& box = picture.boxes[i];
        const GraphNode& first = graph.nodes[box.nodes[0]];
        std::string hint = "gradient " + gradient_text(box) + ", " + short_bytes(box.bytes);
        if (std::string place = short_site(first.site); !place.empty()) hint = place + ": " + hint;
        std::string label = in_quotes(box.label);
        label.pop_back();
        label += "\\n" + box.shape + (box.is_bad ? "\\nNaN or ∞" : "") + "\"";
        text += indent + "b" + std::to_string(i) + " [label=" + label + ", tooltip=" + in_quotes(hint);
        if (box.is_bad) text += ", fillcolor=\"#c62828\", fontcolor=white";
        else if (box.is_zero) text += ", style=\"dashed,rounded\", color=\"#999999\", fontcolor=\"#777777\"";
        else
          text += ", fillcolor=\"" + detail::colour_of(box.heat) + "\"" + (box.heat > 0.55 ? ", fontcolor=white" : "");
        if (box.is_leaf) text += ", shape=ellipse";
        text += "];\n";
      });
  for (const Picture::Arrow& arrow : picture.arrows) {
    std::string label = arrow.shape + (arrow.count > 1 ? " × " + std::to_string(arrow.count) : "");
    text += fmt::format("  b{} -> b{} [label={}", arrow.from, arrow.to, in_quotes(label));
    if (arrow.is_bad) text += ", color=\"#c62828\", penwidth=2";
    else if (arrow.is_zero) text += ", style=dashed, color=\"#bbbbbb\"";
    text += "];\n";
  }
  return text + "}\n";
}

std::string to_mermaid(const Graph& graph, const Picture& picture) {
  std::string text = "flowchart TB\n", indent = "  ", classes;
  int clusters = 0;
  in_frames(
      picture,
      [&](const std::string& path) {
        text += indent + "subgraph s" + std::to_string(clusters++) + " [\"" + for_mermaid(path) + "\"]\n";
        indent += "  ";
      },
      [&] {
        indent.resize(indent.size() - 2);
        text += indent + "end\n";
      },
      [&](std::size_t i) {
        const Picture::Box& box = picture.boxes[i];
        std::string label =
            for_mermaid(box.label) + "<br/>" + for_mermaid(box.shape) + (box.is_bad ? "<br/>NaN or ∞" : "");
        std::string place = for_mermaid(short_site(graph.nodes[box.nodes[0]].site));
        if (!place.empty() && !box.is_leaf) label += "<br/>" + place;
        text +=
            indent + "b" + std::to_string(i) + (box.is_leaf ? "([\"" + label + "\"])" : "[\"" + label + "\"]") + "\n";
        if (box.is_bad) classes += fmt::format("  style b{} fill:#c62828,color:#fff\n", i);
        else if (box.is_zero) classes += fmt::format("  style b{} fill:#fff,color:#777,stroke-dasharray:4\n", i);
        else
          classes += fmt::format("  style b{} fill:{},color:{}\n", i, detail::colour_of(box.heat),
                                 box.heat > 0.55 ? "#fff" : "#000");
      });
  for (const Picture::Arrow& arrow : picture.arrows) {
    std::string label = for_mermaid(arrow.shape) + (arrow.count > 1 ? " × " + std::to_string(arrow.count) : "");
    text += fmt::format("  b{} {}|\"{}\"| b{}\n", arrow.from,
                        arrow.is_zero  ? "-.->"
                        : arrow.is_bad ? "==>"
                                       : "-->",
                        label, arrow.to);
  }
  return text + classes;
}

std::string to_json(const Graph& graph) {
  nlohmann::json nodes = nlohmann::json::array();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    nlohmann::json outputs = nlohmann::json::array(), inputs = nlohmann::json::array();
    for (const auto& output : node.outputs)
      outputs.push_back({{"shape", std::vector<std::int64_t>(output.shape.begin(), output.shape.end())},
                         {"dtype", name_of(output.dtype)},
                         {"value", output.has_value ? as_json(output.value) : nlohmann::json()},
                         {"cotangent", output.has_cotangent ? as_json(output.cotangent) : nlohmann::json()}});
    for (const auto& input : node.inputs)
      inputs.push_back({{"node", input.node},
                        {"output", input.output},
                        {"local", number(input.local)},
                        {"product", number(input.product)}});
    nodes.push_back({{"id", i},
                     {"op", node.op},
                     {"name", node.name},
                     {"path", node.path},
                     {"file", node.site.file ? nlohmann::json(node.site.file) : nlohmann::json()},
                     {"line", node.site.line},
                     {"leaf", node.is_leaf},
                     {"outputs", outputs},
                     {"inputs", inputs},
                     {"forward_seconds", number(node.forward_seconds)},
                     {"backward_seconds", number(node.backward_seconds)},
                     {"node_bytes", node.node_bytes},
                     {"output_bytes", node.output_bytes},
                     {"live_bytes", node.live_bytes >= 0 ? nlohmann::json(node.live_bytes) : nlohmann::json()}});
  }
  return nlohmann::json({{"nodes", nodes}}).dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void detail::write_text(const char* op, const std::string& path, const std::string& text, const Site& site) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) Complaint(op, "cannot write `" + path + "`").at(site).raise<FormatError>();
}

std::optional<std::string> detail::graphviz(const std::string& dot, const char* format) {
  const char* folder = std::getenv("TMPDIR");
  std::string input = std::string(folder ? folder : "/tmp") + "/xgrad-XXXXXX";
  int handle = mkstemp(input.data());
  if (handle < 0) return std::nullopt;
  close(handle);
  std::string output = input + ".out", kind = std::string("-T") + format;
  std::optional<std::string> result;
  {
    std::ofstream file(input, std::ios::binary);
    file << dot;
  }
  const char* arguments[] = {"dot", kind.c_str(), "-o", output.c_str(), input.c_str(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", 1 /* to write */, 0);
  pid_t child = 0;
  int status = 1;
  auto wait = [&] {
    pid_t ended;
    while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
    }
    return ended == child;
  };
  if (posix_spawnp(&child, "dot", &quiet, nullptr, const_cast<char**>(arguments), environ) == 0 && wait() &&
      status == 0) {
    std::ifstream file(output, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    result = text.str();
  }
  posix_spawn_file_actions_destroy(&quiet);
  std::remove(output.c_str());
  std::remove(input.c_str());
  return result;
}

void write_dot(const Tensor& y, const std::string& path, const PictureOptions& options, Site site) {
  Graph graph = graph_for(y, options, site);
  detail::write_text("write_dot", path, to_dot(graph, picture_of(graph, options.boxes)), site);
}

void write_mermaid(const Tensor& y, const std::string& path, const PictureOptions& options, Site site) {
  Graph graph = graph_for(y, options, site);
  detail::write_text("write_mermaid", path, to_mermaid(graph, picture_of(graph, options.boxes)), site);
}

void write_json(const Tensor& y, const std::string& path, const PictureOptions& options, Site site) {
  detail::write_text("write_json", path, to_json(graph_for(y, options, site)), site);
}

void write_svg(const Tensor& y, const std::string& path, const PictureOptions& options, Site site) {
  Graph graph = graph_for(y, options, site);
  std::optional<std::string> svg = detail::graphviz(to_dot(graph, picture_of(graph, options.boxes)), "svg");
  if (!svg)
    Complaint("write_svg", "Graphviz's program `dot` is not there, or failed")
        .at(site)
        .mend("install the package graphviz, or write_dot and draw it elsewhere")
        .raise<Error>();
  detail::write_text("write_svg", path, *svg, site);
}

}  // namespace xg::inspect
