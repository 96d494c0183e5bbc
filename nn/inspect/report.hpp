// write_report(): everything that is known of a step, and of the training before it, as one page for a browser.
#pragma once

#include "../../core/inspect/graph.hpp"
#include "gradients.hpp"
#include "summary.hpp"

namespace xg::nn {
class Monitor;
}

namespace xg::inspect {

struct ReportOptions {
  std::string title = "Gradient report";
  /// Values, places and times written down in the forward pass: see KeepValues.
  const ForwardLog* values = nullptr;
  /// What `summary(model, input)` gave: output shapes and multiply-adds.
  const Summary* summary = nullptr;
  /// What a training was like: loss curves, and histograms over time.
  const nn::Monitor* monitor = nullptr;
  /// What was alive in forward and backward: activations are then judged too.
  const Recording* recording = nullptr;
  /// At most about so many boxes in the picture.
  std::size_t boxes = 120;
  /// Ops in the table, newest first; more are left out.
  std::size_t rows = 4000;
  /// Of histograms.
  int bins = 24;
  /// Let Graphviz's `dot` place the boxes where it is installed; else the page does.
  bool graphviz = true;
  VerdictLimits limits = {};
};

/// Writes a page that needs nothing else and no network: verdicts, the picture of the graph (drag, zoom, hover), a
/// table of its ops that sorts and goes with the picture, the modules as a tree, parameters with histograms of values
/// and gradients, and, with a monitor, how they changed. Works by keyboard, in light and dark, and on paper.
///
/// Looks at the graph as `graph_of` does, so call it before backward or after one with `.retain_graph = true`; where
/// backward left no gradients at the parameters, those of the graph are judged. Throws what `graph_of` throws, and
/// FormatError when the file cannot be written.
void write_report(const Tensor& loss, const nn::AnyModel& model, const std::string& path,
                  const ReportOptions& options = {}, Site site = Site::here());

namespace detail {
/// The text of the page.
std::string report(const Tensor& loss, const nn::AnyModel& model, const ReportOptions& options, const Site& site);
/// Files of this folder `page`, as the build put them into the library.
extern const char *const report_css, *const charts_js, *const graph_js, *const report_js;
}  // namespace detail

}  // namespace xg::inspect
