#include "picture.hpp"

#include <algorithm>
#include <unordered_map>

#include "module_path.hpp"

namespace xg::inspect {
namespace {

/// "blocks.*.layers.0" for each "blocks.7.layers.0": what the parts of repeated modules have in common.
std::string pattern_of(const std::string& path) {
  for (std::size_t first = 0; first < path.size();) {
    std::size_t last = std::min(path.find('.', first), path.size());
    if (path.find_first_not_of("0123456789", first) >= last) return path.substr(0, first) + '*' + path.substr(last);
    first = last + 1;
  }
  return path;
}

/// Nodes of one key share a box. Fold 0 is none; each further one is coarser: ops of one place, modules from the inside
/// to the outermost, then the ops of repeated modules as those of one, and these modules themselves.
constexpr int outermost = 6, by_pattern = 7, folds = 9;
std::string key(const GraphNode& node, std::size_t i, int fold) {
  if (i == 0) return "\nroot";  // no module is called so
  if (fold == 0) return std::to_string(i);
  std::string line = node.op + '\n' + (node.site.file ? node.site.file : "") + ':' + std::to_string(node.site.line);
  std::string kind = node.is_leaf ? "leaf" : "op";
  if (fold == 1) return node.path + '\n' + (node.is_leaf && node.path.empty() ? node.name : line);
  if (fold < outermost && !node.path.empty())
    return detail::first_parts(node.path, static_cast<std::size_t>(outermost - fold));
  if (fold < outermost) return kind + '\n' + line;
  if (node.path.empty()) return kind + '\n' + node.op;
  if (fold == outermost) return detail::first_parts(node.path, 1);
  if (fold == by_pattern) return pattern_of(node.path) + '\n' + (node.is_leaf ? pattern_of(node.name) : node.op);
  return pattern_of(detail::first_parts(node.path, 1));
}

double magnitude(const GraphNode& node, bool& bad) {
  double largest = 0;
  for (const auto& output : node.outputs) {
    if (!output.has_cotangent) continue;
    bad = bad || !output.cotangent.finite();
    largest = std::max(largest, output.cotangent.root_mean_square());
  }
  return largest;
}

void label(Picture::Box& box, const Graph& graph, int fold) {
  const GraphNode& first = graph.nodes[box.nodes[0]];
  box.is_leaf = true;
  bool one_place = true, one_op = true;
  for (std::size_t i : box.nodes) {
    const GraphNode& node = graph.nodes[i];
    box.is_leaf = box.is_leaf && node.is_leaf;
    one_place = one_place && node.path == first.path;
    one_op = one_op && node.op == first.op;
    box.bytes += node.live_bytes >= 0 ? node.live_bytes : node.node_bytes + (node.is_leaf ? 0 : node.output_bytes);
    box.gradient = std::max(box.gradient, magnitude(node, box.is_bad));
  }
  box.is_zero = !box.is_bad && box.gradient == 0;
  box.path = first.path;
  box.shape = to_string(first.outputs[0].shape);
  std::string times = box.nodes.size() > 1 ? " × " + std::to_string(box.nodes.size()) : "";
  if (fold == by_pattern && !first.path.empty()) {
    box.label = (first.is_leaf && !first.name.empty() ? pattern_of(first.name) : first.op) + times;
    box.path = pattern_of(first.path);
  } else if (fold > by_pattern && !first.path.empty()) {
    box.label = pattern_of(detail::first_parts(first.path, 1)) + " (" + std::to_string(box.nodes.size()) + ")";
    box.path = "";
  } else if (one_op && (one_place || first.path.empty())) {
    box.label = first.is_leaf && !first.name.empty() && times.empty() ? first.name : first.op + times;
  } else if (!first.path.empty()) {
    box.label = fold > 1 && fold < outermost
                    ? detail::first_parts(first.path, static_cast<std::size_t>(outermost - fold))
                : fold == 1 ? first.path
                            : detail::first_parts(first.path, 1);
    box.path = detail::parent_path(box.label);
    box.label += " (" + std::to_string(box.nodes.size()) + ")";
  } else {
    box.label = first.op + times;
  }
}

}  // namespace

Picture picture_of(const Graph& graph, std::size_t most_boxes) {
  std::vector<std::size_t> box_of(graph.nodes.size());
  Picture picture;
  int fold = 0;
  for (; fold < folds; ++fold) {
    std::unordered_map<std::string, std::size_t> boxes;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      box_of[i] = boxes.emplace(key(graph.nodes[i], i, fold), boxes.size()).first->second;
    if (boxes.size() > most_boxes && fold + 1 < folds) continue;
    picture.boxes.resize(boxes.size());
    break;
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) picture.boxes[box_of[i]].nodes.push_back(i);
  for (Picture::Box& box : picture.boxes) label(box, graph, fold);

  double least = INFINITY, largest = 0;
  for (const auto& box : picture.boxes)
    if (box.gradient > 0) least = std::min(least, box.gradient), largest = std::max(largest, box.gradient);
  for (auto& box : picture.boxes)
    if (box.gradient > 0)
      box.heat =
          largest > least ? (std::log(box.gradient) - std::log(least)) / (std::log(largest) - std::log(least)) : 0.5;

  std::unordered_map<std::string, std::size_t> arrows;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const GraphNode::Input& input : graph.nodes[i].inputs) {
      std::size_t from = box_of[input.node], to = box_of[i];
      if (from == to) continue;
      const GraphNode::Output& value = graph.nodes[input.node].outputs[input.output];
      std::string shape = to_string(value.shape);
      auto [found, is_new] =
          arrows.emplace(std::to_string(from) + ' ' + std::to_string(to) + shape, picture.arrows.size());
      bool bad = value.has_cotangent && !value.cotangent.finite();
      bool zero = !bad && (!value.has_cotangent || value.cotangent.norm == 0);
      if (is_new) {
        picture.arrows.push_back({from, to, shape, bad, zero, 1});
        continue;
      }
      Picture::Arrow& arrow = picture.arrows[found->second];
      arrow.is_bad = arrow.is_bad || bad;
      arrow.is_zero = arrow.is_zero && zero;
      ++arrow.count;
    }
  return picture;
}

}  // namespace xg::inspect
