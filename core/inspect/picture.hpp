// Pictures of computation graphs: DOT, SVG, Mermaid, and JSON for other programs.
#pragma once

#include <optional>

#include "graph.hpp"

namespace xg::inspect {

struct PictureOptions {
  /// The cotangent of the tensor; undefined: ones.
  Tensor seed = {};
  /// Values and places written down in the forward pass: see KeepValues.
  const ForwardLog* values = nullptr;
  /// At most about so many boxes: longer graphs are folded, ops of one place first, then whole modules, then modules
  /// that repeat into one.
  std::size_t boxes = 120;
};

/// A graph as boxes and arrows: what a picture shows.
struct Picture {
  struct Box {
    /// "relu", "hidden.weight", "blocks.0", "tanh × 500".
    std::string label;
    /// The module that it is drawn in.
    std::string path;
    std::string shape;
    /// Places in Graph::nodes, newest first.
    std::vector<std::size_t> nodes;
    bool is_leaf = false;
    /// Root mean square of the largest cotangent in it; and whether some is not finite, or all are zero.
    double gradient = 0;
    bool is_bad = false, is_zero = false;
    std::int64_t bytes = 0;
    /// 0 to 1: the gradient among those of the picture, on a logarithmic scale.
    double heat = 0;
  };
  /// From what computes a value to what takes it; the gradient goes the other way.
  struct Arrow {
    std::size_t from, to;
    std::string shape;
    bool is_bad = false, is_zero = false;
    std::int64_t count = 1;
  };
  std::vector<Box> boxes;
  std::vector<Arrow> arrows;
};

Picture picture_of(const Graph& graph, std::size_t most_boxes = 120);

/// For Graphviz. Boxes stand in frames of their modules; the darker, the larger the gradient; red: NaN or infinite;
/// dashed: zero. Arrows carry shapes.
std::string to_dot(const Graph& graph, const Picture& picture);
/// For Mermaid, as GitHub shows it in Markdown.
std::string to_mermaid(const Graph& graph, const Picture& picture);
/// Every node with all that is known of it: `{"nodes": [{"id", "op", "name", "path", "file", "line", "outputs":
/// [{"shape", "dtype", "value", "cotangent"}], "inputs": [{"node", "output"}], …}]}`. What is unknown or not finite is
/// null.
std::string to_json(const Graph& graph);

/// Write the graph behind `y`, as `graph_of` sees it, to a file. Names of any characters are escaped. They throw what
/// `graph_of` throws, and FormatError when the file cannot be written.
void write_dot(const Tensor& y, const std::string& path, const PictureOptions& options = {}, Site site = Site::here());
void write_mermaid(const Tensor& y, const std::string& path, const PictureOptions& options = {},
                   Site site = Site::here());
void write_json(const Tensor& y, const std::string& path, const PictureOptions& options = {}, Site site = Site::here());
/// The same as write_dot, drawn by Graphviz's program `dot`; throws Error when it is not there.
void write_svg(const Tensor& y, const std::string& path, const PictureOptions& options = {}, Site site = Site::here());

namespace detail {
/// What `dot -Tformat` makes of a graph; none when there is no such program, or it fails.
std::optional<std::string> graphviz(const std::string& dot, const char* format);
/// Throws FormatError naming `op` when it cannot be written.
void write_text(const char* op, const std::string& path, const std::string& text, const Site& site);
/// "#rrggbb" of a heat from 0 to 1.
std::string colour_of(double heat);
}  // namespace detail

}  // namespace xg::inspect
