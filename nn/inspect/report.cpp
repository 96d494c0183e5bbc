#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <nlohmann/json.hpp>

#include "../../core/error/error.hpp"
#include "../../core/inspect/derivatives.hpp"
#include "../../core/inspect/explain.hpp"
#include "../../core/inspect/module_path.hpp"
#include "../../core/inspect/picture.hpp"
#include "../train/monitor.hpp"
#include "paths.hpp"

namespace xg::inspect {
namespace {

using Json = nlohmann::json;

/// With the digits that a page shows, so that it stays small.
Json number(double x) {
  if (!std::isfinite(x)) return Json();
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", x);
  return std::strtod(text, nullptr);
}

Json as_json(const Histogram& h) {
  return h.counts.empty() ? Json() : Json{{"low", number(h.low)}, {"high", number(h.high)}, {"counts", h.counts}};
}

Json as_json(const Statistics& s) {
  return {{"norm", number(s.norm)},
          {"mean", number(s.mean)},
          {"deviation", number(s.deviation)},
          {"least", number(s.least)},
          {"greatest", number(s.greatest)},
          {"zeros", s.zero_share()},
          {"rms", number(s.root_mean_square())},
          {"bad", s.nans + s.infinities}};
}

Json ops(const Graph& graph, const Picture& picture, std::size_t most) {
  std::vector<std::size_t> box_of(graph.nodes.size());
  for (std::size_t i = 0; i < picture.boxes.size(); ++i)
    for (std::size_t node : picture.boxes[i].nodes) box_of[node] = i;
  Json list = Json::array();
  for (std::size_t i = 0; i < graph.nodes.size() && i < most; ++i) {
    const GraphNode& node = graph.nodes[i];
    const GraphNode::Output* output = &node.outputs[0];
    for (const auto& one : node.outputs)
      if (one.has_cotangent && !output->has_cotangent) output = &one;
    Json numbers = Json::array();
    for (const auto& input : node.inputs)
      if (!std::isnan(input.product))
        numbers.push_back({input.node, number(output->cotangent.mean), number(input.local), number(input.product)});
    list.push_back(
        {{"op", node.op},
         {"name", node.name},
         {"path", node.path},
         {"place", short_site(node.site)},
         {"shape", to_string(output->shape)},
         {"dtype", name_of(output->dtype)},
         {"leaf", node.is_leaf},
         {"box", box_of[i]},
         {"value", output->has_value ? as_json(output->value) : Json()},
         {"gradient", output->has_cotangent ? as_json(output->cotangent) : Json()},
         {"values", as_json(output->values)},
         {"gradients", as_json(output->cotangents)},
         {"forward", number(node.forward_seconds)},
         {"backward", number(node.backward_seconds)},
         {"bytes", node.live_bytes >= 0 ? node.live_bytes : node.node_bytes + (node.is_leaf ? 0 : node.output_bytes)},
         {"words", derivative_in_words(node.op)},
         {"numbers", numbers}});
  }
  return list;
}

Json drawing(const Picture& picture) {
  Json boxes = Json::array(), arrows = Json::array();
  for (const auto& box : picture.boxes)
    boxes.push_back({{"label", box.label},
                     {"path", box.path},
                     {"shape", box.shape},
                     {"leaf", box.is_leaf},
                     {"gradient", number(box.gradient)},
                     {"bad", box.is_bad},
                     {"zero", box.is_zero},
                     {"heat", box.heat},
                     {"bytes", box.bytes},
                     {"nodes", box.nodes.size()}});
  for (const auto& arrow : picture.arrows)
    arrows.push_back({{"from", arrow.from},
                      {"to", arrow.to},
                      {"shape", arrow.shape},
                      {"count", arrow.count},
                      {"bad", arrow.is_bad},
                      {"zero", arrow.is_zero}});
  return {{"boxes", boxes}, {"arrows", arrows}};
}

/// Where Graphviz puts boxes and arrows, in points from the upper left corner; null without it.
Json layout(const Graph& graph, const Picture& picture) {
  auto plain = detail::graphviz(to_dot(graph, picture), "plain");
  if (!plain) return Json();
  std::istringstream lines(*plain);
  std::string line, word;
  double height = 0;
  Json boxes = Json::array(), arrows = Json::array(), result;
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) boxes.push_back(Json());
  while (std::getline(lines, line)) {
    std::istringstream in(line);
    in >> word;
    double x = 0, y = 0;
    if (word == "graph") {
      double scale = 0, width = 0;
      in >> scale >> width >> height;
      result["width"] = width * 72, result["height"] = height * 72;
    } else if (word == "node") {
      double w = 0, h = 0;
      in >> word >> x >> y >> w >> h;
      std::size_t box = std::strtoul(word.c_str() + 1, nullptr, 10);
      if (box < boxes.size()) boxes[box] = {x * 72, (height - y) * 72, w * 72, h * 72};
    } else if (word == "edge") {
      std::string from, to;
      int count = 0;
      in >> from >> to >> count;
      Json points = Json::array();
      while (count-- > 0 && in >> x >> y) points.push_back({x * 72, (height - y) * 72});
      arrows.push_back(
          {std::strtoul(from.c_str() + 1, nullptr, 10), std::strtoul(to.c_str() + 1, nullptr, 10), points});
    }
  }
  result["boxes"] = boxes;
  result["arrows"] = arrows;
  return result;
}

Json modules(const ModelMap& map, const Graph& graph, const ReportOptions& options) {
  struct Row {
    std::string path, type, output;
    double multiply_adds = NAN;
  };
  std::vector<Row> rows;
  auto find = [&](const std::string& path) {
    return std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.path == path; });
  };
  if (options.summary) {
    for (const ModuleSummary& m : options.summary->modules) {
      std::string output;
      for (const Shape& shape : m.outputs) output += (output.empty() ? "" : ", ") + to_string(shape);
      rows.push_back({m.path, m.type, output, static_cast<double>(m.multiply_adds)});
    }
  } else {
    for (const auto& module : map.modules()) {
      auto row = find(module.path);
      if (row == rows.end()) rows.push_back({module.path, short_type(module.type), "", NAN});
      else row->type = short_type(module.type);
    }
  }
  if (rows.empty() || !rows[0].path.empty()) rows.insert(rows.begin(), {"", "", "", NAN});  // a list of modules, say
  Json list = Json::array();
  for (const Row& row : rows) {
    std::int64_t parameters = 0, ops = 0, bytes = 0;
    double forward = NAN, backward = NAN, squares = 0;
    auto add = [](double& sum, double x) {
      if (!std::isnan(x)) sum = std::isnan(sum) ? x : sum + x;
    };
    for (const auto& p : map.parameters())
      if (detail::is_within(p.path, row.path)) parameters += p.tensor.size();
    for (const GraphNode& node : graph.nodes) {
      if (!detail::is_within(node.path, row.path)) continue;
      if (node.is_leaf) {
        squares += node.outputs[0].cotangent.norm * node.outputs[0].cotangent.norm;
        continue;
      }
      ++ops;
      add(forward, node.forward_seconds);
      add(backward, node.backward_seconds);
      bytes += node.live_bytes >= 0 ? node.live_bytes : node.node_bytes + node.output_bytes;
    }
    list.push_back({{"path", row.path},
                    {"type", row.type},
                    {"output", row.output},
                    {"depth", row.path.empty() ? 0 : 1 + std::count(row.path.begin(), row.path.end(), '.')},
                    {"parameters", parameters},
                    {"multiply_adds", number(row.multiply_adds)},
                    {"ops", ops},
                    {"forward", number(forward)},
                    {"backward", number(backward)},
                    {"bytes", bytes},
                    {"gradient", number(std::sqrt(squares))}});
  }
  return list;
}

Json parameters(const Gradients& found, const ModelMap& map, const Graph& graph, int bins) {
  Json list = Json::array();
  for (const ParameterLook& look : found.parameters) {
    Json values, gradients;
    for (const auto& p : map.parameters()) {
      if (p.path != look.name) continue;
      values = as_json(histogram(p.tensor.array(), look.value, bins));
      if (const Tensor* grad = p.tensor.find_grad()) {
        gradients = as_json(histogram(grad->array(), bins));
      } else if (p.tensor.requires_grad()) {
        for (const GraphNode& node : graph.nodes)
          if (node.is_leaf && node.sequence == p.tensor.impl()->node->sequence)
            gradients = as_json(node.outputs[0].cotangents);
      }
    }
    list.push_back({{"name", look.name},
                    {"shape", to_string(look.shape)},
                    {"value", as_json(look.value)},
                    {"gradient", look.has_gradient ? as_json(look.gradient) : Json()},
                    {"update", number(look.update_ratio)},
                    {"dead", look.dead_share()},
                    {"verdict", look.verdict == Verdict::fine ? "fine" : name_of(look.verdict)},
                    {"fine", look.verdict == Verdict::fine || look.verdict == Verdict::frozen},
                    {"why", look.why},
                    {"values", values},
                    {"gradients", gradients}});
  }
  return list;
}

/// What a monitor kept, thinned out.
Json history(const nn::Monitor& monitor) {
  const auto& looks = monitor.looks();
  constexpr std::size_t most = 60;
  std::size_t stride = (looks.size() + most - 1) / most;
  Json steps = Json::array(), rates = Json::array(), tensors = Json::array(), losses = Json::array();
  for (double loss : monitor.losses().values) losses.push_back(number(loss));
  if (!looks.empty()) {
    for (std::size_t t = 0; t < looks.back().tensors.size(); ++t)
      tensors.push_back({{"name", looks.back().tensors[t].name},
                         {"norms", Json::array()},
                         {"values", Json::array()},
                         {"gradients", Json::array()}});
  }
  for (std::size_t i = 0; i < looks.size(); i += std::max<std::size_t>(1, stride)) {
    steps.push_back(looks[i].step);
    rates.push_back(number(looks[i].learning_rate));
    for (std::size_t t = 0; t < tensors.size() && t < looks[i].tensors.size(); ++t) {
      tensors[t]["norms"].push_back(number(looks[i].tensors[t].gradient.norm));
      if (t < looks[i].values.size()) tensors[t]["values"].push_back(as_json(looks[i].values[t]));
      if (t < looks[i].gradients.size()) tensors[t]["gradients"].push_back(as_json(looks[i].gradients[t]));
    }
  }
  return {{"losses", losses},
          {"spacing", monitor.loss_spacing()},
          {"steps", steps},
          {"rates", rates},
          {"tensors", tensors}};
}

/// Within a <script> nothing may look like a tag.
std::string for_script(const std::string& json) {
  std::string result;
  result.reserve(json.size());
  for (char c : json) {
    if (c == '<') result += "\\u003c";
    else result += c;
  }
  return result;
}

std::string for_html(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else result += c;
  }
  return result;
}

}  // namespace

std::string detail::report(const Tensor& loss, const nn::AnyModel& model, const ReportOptions& options,
                           const Site& site) {
  nn::named_parameters(model);  // names them
  ModelMap map(model);
  GraphOptions look;
  look.values = options.values;
  look.bins = options.bins;
  Graph graph = graph_of(loss, look, site);
  for (GraphNode& node : graph.nodes)
    for (const auto& p : map.parameters())
      if (node.is_leaf && p.tensor.requires_grad() && p.tensor.impl()->node->sequence == node.sequence)
        node.name = p.path;
  Picture picture = picture_of(graph, options.boxes);
  const auto& root = graph.nodes[0].outputs[loss.impl()->output];
  GradientsOptions how;
  how.loss = loss;
  how.recording = options.recording;
  how.limits = options.limits;
  Gradients found = gradients(model, how, &graph, site);
  Json data{{"title", options.title},
            {"loss", root.shape.elements() == 1 ? number(root.value.mean) : Json()},
            {"place", short_site(graph.nodes[0].site)},
            {"nodes", graph.nodes.size()},
            {"measured", options.values != nullptr},
            {"ops", ops(graph, picture, options.rows)},
            {"picture", drawing(picture)},
            {"layout", options.graphviz ? layout(graph, picture) : Json()},
            {"modules", modules(map, graph, options)},
            {"parameters", parameters(found, map, graph, options.bins)},
            {"history", options.monitor ? history(*options.monitor) : Json()}};
  std::string json = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         for_html(options.title) + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n" + report_css +
         "</style>\n</head>\n<body>\n<noscript>This page draws itself with JavaScript, which is off.</noscript>\n"
         "<script type=\"application/json\" id=\"data\">" +
         for_script(json) + "</script>\n<script>\n" + charts_js + "</script>\n<script>\n" + graph_js +
         "</script>\n<script>\n" + report_js + "</script>\n</body>\n</html>\n";
}

void write_report(const Tensor& loss, const nn::AnyModel& model, const std::string& path, const ReportOptions& options,
                  Site site) {
  detail::write_text("write_report", path, detail::report(loss, model, options, site), site);
}

}  // namespace xg::inspect
