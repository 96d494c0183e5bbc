#include "explain.hpp"

#include <algorithm>
#include <functional>
#include <ostream>

#include <fmt/format.h>

#include "../error/error.hpp"
#include "derivatives.hpp"
#include "module_path.hpp"
#include "table.hpp"

namespace xg::inspect {
namespace {

using Row = Explanation::Row;

/// What makes two nodes alike: op, line, shapes, and the place in the model but for its numbers.
std::size_t signature(const GraphNode& node) {
  std::string text = node.op + '\n' + std::to_string(node.site.line) + '\n';
  if (node.site.file) text += node.site.file;
  for (char c : node.path)
    if (c < '0' || c > '9') text += c;
  if (node.is_leaf)
    for (char c : node.name)
      if (c < '0' || c > '9') text += c;
  for (const auto& output : node.outputs) text += to_string(output.shape);
  return std::hash<std::string>()(text);
}

/// Folds runs of a pattern of ops: keeps its first time, then one row for all the others.
std::vector<Row> fold_repeats(const Graph& graph) {
  constexpr std::size_t longest = 96;
  const auto& nodes = graph.nodes;
  std::vector<std::size_t> marks;
  marks.reserve(nodes.size());
  for (const GraphNode& node : nodes) marks.push_back(signature(node));
  std::vector<Row> rows;
  for (std::size_t i = 0; i < nodes.size();) {
    std::size_t best = 0, covered = 0;
    for (std::size_t period = 1; period <= longest && i + 2 * period <= nodes.size(); ++period) {
      if (marks[i] != marks[i + period]) continue;
      std::size_t end = i + period;
      while (end < nodes.size() && marks[end] == marks[end - period]) ++end;
      std::size_t whole = (end - i) / period * period;
      if (whole >= 3 * period && whole > covered) best = period, covered = whole;
    }
    if (best == 0) {
      rows.push_back({i++, 1, ""});
      continue;
    }
    for (std::size_t k = 0; k < best; ++k) rows.push_back({i + k, 1, ""});
    std::string what = best == 1 ? "the op above" : "the " + std::to_string(best) + " ops above";
    rows.push_back({i + best, covered - best, "⋮ " + what + " × " + std::to_string(covered / best - 1) + " more"});
    i += covered;
  }
  return rows;
}

/// Folds neighbours that stand in one module, as deep as `parts` of the path tell.
std::vector<Row> fold_modules(const Graph& graph, const std::vector<Row>& rows, std::size_t parts) {
  std::vector<Row> folded;
  for (std::size_t i = 0; i < rows.size();) {
    std::string path = detail::first_parts(graph.nodes[rows[i].node].path, parts);
    std::size_t end = i + 1, count = rows[i].count;
    while (!path.empty() && end < rows.size() && detail::first_parts(graph.nodes[rows[end].node].path, parts) == path)
      count += rows[end++].count;
    if (end - i < 2) folded.push_back(rows[i]);
    else folded.push_back({rows[i].node, count, "▸ " + path});
    i = end;
  }
  return folded;
}

std::vector<Row> fold_middle(std::vector<Row> rows, std::size_t limit) {
  std::size_t head = limit * 2 / 3, tail = limit > head + 1 ? limit - head - 1 : 0;
  Row gap{rows[head].node, 0, ""};
  for (std::size_t i = head; i < rows.size() - tail; ++i) gap.count += rows[i].count;
  gap.folded = "⋮ " + std::to_string(gap.count) + " ops";
  std::vector<Row> result(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(head));
  result.push_back(gap);
  result.insert(result.end(), rows.end() - static_cast<std::ptrdiff_t>(tail), rows.end());
  return result;
}

std::vector<Row> fold(const Graph& graph, std::size_t limit) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) rows.push_back({i, 1, ""});
  limit = std::max<std::size_t>(limit, 5);
  if (rows.size() > limit) rows = fold_repeats(graph);
  for (std::size_t parts = 4; parts > 0 && rows.size() > limit; --parts) rows = fold_modules(graph, rows, parts);
  if (rows.size() > limit) rows = fold_middle(std::move(rows), limit);
  return rows;
}

/// Of outputs: the one with a cotangent counts.
const GraphNode::Output& main_output(const GraphNode& node) {
  for (const auto& output : node.outputs)
    if (output.has_cotangent) return output;
  return node.outputs[0];
}

/// A scalar by its value, anything else by its norm, with a mark when something is not finite.
std::string size_text(const Statistics& s, bool is_known, bool is_scalar) {
  if (!is_known) return "·";
  if (s.nans > 0) return "nan";
  if (s.infinities > 0) return "inf";
  return is_scalar ? short_number(s.mean) : short_number(s.norm);
}

std::string name_of_node(const Graph& graph, std::size_t i) {
  const GraphNode& node = graph.nodes[i];
  if (!node.name.empty()) return node.name;
  return node.is_leaf ? "leaf" : node.op;
}

std::vector<std::string> cells(const Graph& graph, const Row& row) {
  const GraphNode& node = graph.nodes[row.node];
  if (!row.folded.empty()) {
    double least = INFINITY, greatest = 0;
    bool bad = false;
    for (std::size_t i = row.node; i < row.node + row.count && i < graph.nodes.size(); ++i) {
      const auto& output = main_output(graph.nodes[i]);
      if (!output.has_cotangent) continue;
      bad = bad || !output.cotangent.finite();
      least = std::min(least, output.cotangent.norm);
      greatest = std::max(greatest, output.cotangent.norm);
    }
    std::string range = least <= greatest ? short_number(least) + " … " + short_number(greatest) : "";
    if (row.folded.starts_with("▸"))
      return {row.folded, "", std::to_string(row.count) + " ops", "", bad ? "nan" : range};
    return {row.folded, "", "", "", bad ? "nan" : range};
  }
  const auto& output = main_output(node);
  bool is_scalar = output.shape.elements() == 1;
  std::string name = node.is_leaf ? name_of_node(graph, row.node) : node.op;
  if (!node.is_leaf && !node.name.empty()) name += " `" + node.name + "`";
  std::string value = size_text(output.value, output.has_value, is_scalar);
  std::string cotangent = output.has_cotangent ? size_text(output.cotangent, true, is_scalar) : "0";
  std::string words(derivative_in_words(node.op));
  std::string numbers;
  for (const GraphNode::Input& input : node.inputs)
    if (!std::isnan(input.product) || !std::isnan(input.local))
      numbers += (numbers.empty() ? "" : ", ") + name_of_node(graph, input.node) + ": " +
                 short_number(output.cotangent.mean) + " × " + short_number(input.local) + " = " +
                 short_number(input.product);
  if (!numbers.empty()) words += (words.empty() ? "" : ";  ") + numbers;
  return {name, short_site(node.site), to_string(output.shape), value, cotangent, words, node.path};
}

}  // namespace

Explanation explain(const Tensor& y, const ExplainOptions& options, Site site) {
  GraphOptions look;
  look.seed = options.seed;
  look.values = options.values;
  Explanation result{graph_of(y, look, site), {}};
  result.rows = fold(result.graph, options.rows);
  return result;
}

std::string to_string(const Explanation& explanation) {
  const Graph& graph = explanation.graph;
  std::size_t leaves = 0;
  bool has_unknown = false, has_path = false;
  for (const GraphNode& node : graph.nodes) {
    leaves += node.is_leaf;
    has_path = has_path || !node.path.empty();
  }
  std::vector<std::string> head{"op", "line", "shape", ">value", ">cotangent", "derivative"};
  if (has_path) head.push_back("in");
  Table table(head);
  for (const Row& row : explanation.rows) {
    std::vector<std::string> line = cells(graph, row);
    has_unknown = has_unknown || (line.size() > 3 && line[3] == "·");
    line.resize(head.size());
    table.add(std::move(line));
  }
  std::string text =
      fmt::format("{} op{} and {} lea{}, in the order of the backward pass\n", graph.nodes.size() - leaves,
                  graph.nodes.size() - leaves == 1 ? "" : "s", leaves, leaves == 1 ? "f" : "ves") +
      table.text();
  text += "value and cotangent: norms; of one element, the number.";
  if (has_unknown)
    text +=
        " ·: no rule keeps it; compute the forward pass within inspect::KeepValues keep, then "
        "explain(loss, {.values = &keep}).";
  return text + "\n";
}

std::ostream& operator<<(std::ostream& out, const Explanation& explanation) { return out << to_string(explanation); }

std::string short_number(double x) {
  if (std::isnan(x)) return "nan";
  return fmt::format("{:.4g}", x == 0 ? 0 : x);
}

std::string short_bytes(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double x = static_cast<double>(bytes);
  const char* units[] = {"kB", "MB", "GB", "TB"};
  int unit = -1;
  while (x >= 999.5 && unit < 3) x /= 1000, ++unit;
  return fmt::format("{:.3g} {}", x, units[unit]);
}

std::string short_seconds(double seconds) {
  if (std::isnan(seconds)) return "";
  if (seconds < 999.5e-9) return fmt::format("{:.3g} ns", seconds * 1e9);
  if (seconds < 999.5e-6) return fmt::format("{:.3g} µs", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} s", seconds);
}

std::string short_site(const Site& site) { return site ? xg::describe(Site{site.file, nullptr, site.line}) : ""; }

}  // namespace xg::inspect
