#include "keep_values.hpp"

#include <chrono>

#include "../../core/array/memory.hpp"

namespace xg::inspect {
namespace {

std::string parent(const std::string& path) {
  std::size_t dot = path.rfind('.');
  return dot == path.npos ? std::string() : path.substr(0, dot);
}

/// "blocks.0" of "blocks.0.query" and "blocks.0.key".
std::string common(std::string a, const std::string& b) {
  while (!a.empty() && b != a && !b.starts_with(a + '.')) a = parent(a);
  return a;
}

}  // namespace

double detail::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void KeepValues::restart() {
  bytes_ = memory_stats().live_bytes;
  started_ = detail::now();
}

void KeepValues::op_computed(const ComputedOp& op) {
  if (passes_ > 0) return;
  if (const auto* node = op.node()) {
    Entry& entry = entries[node->sequence];
    entry.path = path_.path();
    entry.seconds = detail::now() - started_;
    entry.bytes = memory_stats().live_bytes - bytes_;
    if (options_.values)
      for (const Tensor& y : op.outputs) entry.values.push_back(y.array());
    between_.push_back(node->sequence);
  }
  restart();
}

void KeepValues::backward_ended() {
  --passes_;
  restart();
}

void KeepValues::module_entered(const CalledModule& module, const Tensors&) {
  std::string around = path_.path();
  const std::string& path = path_.enter(module);
  if (!left_.empty()) {
    std::string both = common(parent(left_), parent(path));
    if (both.size() > around.size())
      for (std::uint64_t op : between_) entries[op].path = both;
  }
  between_.clear();
  left_.clear();
  restart();
}

void KeepValues::module_left(const CalledModule& module, Tensors&) {
  left_ = path_.path();
  path_.leave(module);
  between_.clear();
  restart();
}

}  // namespace xg::inspect
