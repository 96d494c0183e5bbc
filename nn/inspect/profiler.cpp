#include "profiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "../../core/array/memory.hpp"
#include "../../core/error/error.hpp"
#include "../../core/inspect/clock.hpp"
#include "../../core/inspect/explain.hpp"
#include "../../core/inspect/module_path.hpp"
#include "../../core/inspect/table.hpp"
#include "../data/atomic_file.hpp"

namespace xg::inspect {
namespace {

void sort(std::vector<ProfileRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProfileRow& a, const ProfileRow& b) { return a.seconds() > b.seconds(); });
}

void add_up(ProfileRow& total, const ProfileRow& row) {
  total.calls += row.calls;
  total.forward_seconds += row.forward_seconds;
  total.backward_seconds += row.backward_seconds;
  total.bytes += row.bytes;
}

/// The text as JSON takes it: bytes that are no UTF-8 are replaced.
std::string dumped(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Profiler::Profiler(const ProfilerOptions& options) : options_(options), begun_(xg::detail::now()), observing_(*this) {
  mark();
}
Profiler::Profiler(const nn::AnyModel& model, const ProfilerOptions& options)
    : PlacedObserver(model), options_(options), begun_(xg::detail::now()), observing_(*this) {
  mark();
}

void Profiler::mark() {
  live_ = memory_stats().live_bytes;
  marked_ = xg::detail::now() - begun_;
}

void Profiler::step() {
  ++steps_;
  mark();
}

void Profiler::add(ProfileEvent event, double seconds) {
  if (event.kind == ProfileEvent::Kind::op || event.kind == ProfileEvent::Kind::rule) {
    auto [place, is_new] = places_.emplace(event.path + '\n' + event.name, rows_.size());
    if (is_new) rows_.push_back({.path = event.path, .name = event.name});
    ProfileRow& row = rows_[place->second];
    bool forward = event.kind == ProfileEvent::Kind::op;
    row.calls += forward;
    (forward ? row.forward_seconds : row.backward_seconds) += seconds;
    if (forward) row.bytes += event.bytes;
  }
  if (events_.size() < options_.most_events) events_.push_back(std::move(event));
}

void Profiler::op_computed(const ComputedOp& op) {
  if (in_backward()) return;
  double end = xg::detail::now() - begun_;
  std::string path = path_of(op.inputs);
  if (const xg::detail::Node* node = op.node()) {
    if (paths_.size() >= options_.most_events) paths_.clear();  // graphs that no pass ran through
    paths_[node->sequence] = path;
  }
  add({ProfileEvent::Kind::op, op.name, op.site, std::move(path), marked_, end - marked_,
       memory_stats().live_bytes - live_});
  mark();
}

void Profiler::module_entered(const CalledModule& module, const Tensors& inputs) {
  PlacedObserver::module_entered(module, inputs);
  mark();
  modules_.push_back({{"module", {}, path(), marked_, live_}, module});
}

void Profiler::module_left(const CalledModule& module, Tensors& outputs) {
  // One that was entered unseen is none of these. What an exception left within it goes with it.
  auto found = std::find_if(modules_.rbegin(), modules_.rend(), [&](const auto& one) { return one.module.is(module); });
  if (found != modules_.rend()) {
    BegunModule one = std::move(*found);
    modules_.erase(std::prev(found.base()), modules_.end());
    mark();
    add({ProfileEvent::Kind::module, one.name, {}, one.path, one.start, marked_ - one.start, live_ - one.bytes});
  }
  PlacedObserver::module_left(module, outputs);
  mark();
}

void Profiler::backward_started(const Tensors& outputs) {
  PlacedObserver::backward_started(outputs);
  mark();
  auto first = std::find_if(outputs.begin(), outputs.end(), [](const Tensor& y) { return !y.is_leaf(); });
  Ref<xg::detail::Node> root = first == outputs.end() ? Ref<xg::detail::Node>() : first->impl()->node;
  passes_.push_back({{"backward", {}, "", marked_, live_}, std::move(root), rules_.size(), {}});
}

void Profiler::rule_started(const xg::detail::Node& node, const Tensors&) {
  auto found = paths_.find(node.sequence);
  mark();
  if (!passes_.empty()) passes_.back().ran.push_back(node.sequence);
  rules_.push_back({node.name, node.site, found == paths_.end() ? "" : found->second, marked_, live_});
}

void Profiler::rule_ended(const xg::detail::Node&, const Tensors&, const Tensors&) {
  if (rules_.empty()) return;
  Begun one = std::move(rules_.back());
  rules_.pop_back();
  mark();
  double seconds = marked_ - one.start;
  if (!rules_.empty()) rules_.back().within += seconds;
  add({ProfileEvent::Kind::rule, one.name, one.site, one.path, one.start, seconds, live_ - one.bytes},
      seconds - one.within);
  mark();
}

void Profiler::backward_ended() {
  PlacedObserver::backward_ended();
  if (passes_.empty()) return;
  BegunPass one = std::move(passes_.back());
  passes_.pop_back();
  mark();
  if (rules_.size() > one.rules) rules_.resize(one.rules);  // what an exception left unfinished
  bool is_retained = one.root && one.root->rule;            // a node is freed when it has run, or all are or none is
  if (!is_retained)
    for (std::uint64_t node : one.ran) paths_.erase(node);
  add({ProfileEvent::Kind::backward, one.name, {}, "", one.start, marked_ - one.start, live_ - one.bytes});
  mark();
}

std::vector<ProfileRow> Profiler::rows() const {
  std::vector<ProfileRow> sorted = rows_;
  sort(sorted);
  return sorted;
}

std::vector<ProfileRow> Profiler::by_op() const {
  std::vector<ProfileRow> list;
  std::unordered_map<std::string, std::size_t> places;
  for (const ProfileRow& row : rows_) {
    auto [place, is_new] = places.emplace(row.name, list.size());
    if (is_new) list.push_back({.path = {}, .name = row.name});
    add_up(list[place->second], row);
  }
  sort(list);
  return list;
}

std::vector<ProfileRow> Profiler::by_module() const {
  std::vector<ProfileRow> list;
  std::unordered_map<std::string, std::size_t> places;
  auto add_to = [&](const std::string& path, const ProfileRow& row) {
    auto [place, is_new] = places.emplace(path, list.size());
    if (is_new) list.push_back({.path = path, .name = {}});
    add_up(list[place->second], row);
  };
  for (const ProfileRow& row : rows_) {
    std::string path = row.path;
    while (!path.empty()) {
      add_to(path, row);
      path = detail::parent_path(path);
    }
    add_to("", row);
  }
  sort(list);
  return list;
}

std::string Profiler::chrome_trace() const {
  static const char* categories[] = {"forward", "backward", "module", "pass"};
  auto microseconds = [](double seconds) { return std::round(seconds * 1e9) / 1e3; };
  nlohmann::json list = nlohmann::json::array();
  list.push_back({{"name", "process_name"}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", {{"name", "xgrad"}}}});
  for (const ProfileEvent& event : events_) {
    bool is_module = event.kind == ProfileEvent::Kind::module;
    nlohmann::json arguments = {{"bytes", event.bytes}};
    if (!event.path.empty()) arguments["module"] = event.path;
    if (event.site) arguments["line"] = describe(event.site);
    list.push_back({{"name", is_module ? (event.path.empty() ? "model" : event.path) : std::string(event.name)},
                    {"cat", categories[static_cast<int>(event.kind)]},
                    {"ph", "X"},
                    {"ts", microseconds(event.start)},
                    {"dur", microseconds(std::max(event.seconds, 0.0))},
                    {"pid", 1},
                    {"tid", 1},
                    {"args", arguments}});
  }
  return dumped({{"displayTimeUnit", "ms"}, {"traceEvents", list}}) + "\n";
}

void Profiler::write_chrome_trace(const std::string& path, Site site) const {
  nn::data::AtomicFile file({"write_chrome_trace", path, site});
  file.write(chrome_trace());
  file.commit();
}

std::string to_string(const Profiler& profiler) {
  std::vector<ProfileRow> rows = profiler.rows();
  double total = 0;
  for (const ProfileRow& row : rows) total += row.seconds();
  if (rows.empty()) return "nothing was profiled\n";
  auto steps = static_cast<double>(std::max<std::int64_t>(profiler.steps_, 1));
  auto cells = [&](const ProfileRow& row, std::string name, std::string path) {
    return std::vector<std::string>{std::move(name),
                                    std::move(path),
                                    fmt::format("{:.3g}", static_cast<double>(row.calls) / steps),
                                    short_seconds(row.forward_seconds / steps),
                                    short_seconds(row.backward_seconds / steps),
                                    fmt::format("{:.1f} %", total > 0 ? 100 * row.seconds() / total : 0),
                                    short_bytes(row.bytes / static_cast<std::int64_t>(steps))};
  };
  constexpr std::size_t most = 30;
  Table ops({"op", "module", ">calls", ">forward", ">backward", ">share", ">memory"});
  for (std::size_t i = 0; i < rows.size() && i < most; ++i) ops.add(cells(rows[i], rows[i].name, rows[i].path));
  std::string text = fmt::format("{} in {} step{}, each step:\n", short_seconds(total), steps, steps == 1 ? "" : "s");
  text += ops.text();
  if (rows.size() > most) text += fmt::format("and {} rows more\n", rows.size() - most);
  std::vector<ProfileRow> modules = profiler.by_module();
  if (modules.size() > 1) {
    Table table({"module", "", ">ops", ">forward", ">backward", ">share", ">memory"});
    for (std::size_t i = 0; i < modules.size() && i < most; ++i)
      table.add(cells(modules[i], modules[i].path.empty() ? "all" : modules[i].path, ""));
    text += '\n';
    text += table.text();
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Profiler& profiler) { return out << to_string(profiler); }

}  // namespace xg::inspect
