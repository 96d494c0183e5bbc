// explain(): the chain rule of one backward pass as a table.
#pragma once

#include "../ops/print.hpp"
#include "graph.hpp"

namespace xg::inspect {

struct ExplainOptions {
  /// The cotangent of the tensor; undefined: ones.
  Tensor seed = {};
  /// Values and places written down in the forward pass: `inspect::KeepValues keep(model); …; explain(loss, {.values =
  /// &keep})`.
  const ForwardLog* values = nullptr;
  /// Of the table at most; longer graphs are folded until they fit.
  std::size_t rows = 60;
};

/// The chain rule of one backward pass, in its order. Prints as a table.
struct Explanation {
  /// A row: an op, or a leaf; or ops that were folded.
  struct Row {
    /// Its place in graph.nodes; of a fold, the first one's.
    std::size_t node = 0;
    /// How many nodes it stands for.
    std::size_t count = 1;
    /// Of a fold, what was folded: "⋮ the 2 ops above × 499 more", "▸ blocks.0", "⋮ 40 ops"; else empty.
    std::string folded;
  };
  Graph graph;
  std::vector<Row> rows;
};

/// Looks at the graph behind `y`, most often a loss, and tells for every op your line, the shape, the norms of value
/// and cotangent, and the local derivative in words; where all are numbers, the chain rule multiplied out. Ops that
/// repeat, as the steps of a recurrence do, and the ops of one layer are folded when there are many. Neither the graph
/// nor any `.grad()` changes, and hooks are not called. Values that nobody kept print as "·".
///
/// Throws as graph_of does: a freed graph (call backward with `.retain_graph = true`), a tensor that depends on no
/// variable.
Explanation explain(const Tensor& y, const ExplainOptions& options = {}, Site site = Site::here());
std::string to_string(const Explanation& explanation);
std::ostream& operator<<(std::ostream& out, const Explanation& explanation);

/// "3.1e-05", "0.25", "nan": a number in few columns.
std::string short_number(double x);
/// "1.2 MB".
std::string short_bytes(std::int64_t bytes);
/// "12.3 µs".
std::string short_seconds(double seconds);
/// "net.cpp:41", or "" when unknown.
std::string short_site(const Site& site);

}  // namespace xg::inspect

template <>
struct fmt::formatter<xg::inspect::Explanation> : xg::detail::Formatter {
  template <class Context>
  auto format(const xg::inspect::Explanation& explanation, Context& context) const {
    return write(xg::detail::padded(xg::inspect::to_string(explanation), specification), context);
  }
};
