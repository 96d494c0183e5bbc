#include "keep_values.hpp"

#include "../../core/array/memory.hpp"
#include "../../core/inspect/clock.hpp"
#include "../../core/inspect/module_path.hpp"

namespace xg::inspect {
namespace {

/// "blocks.0" of "blocks.0.query" and "blocks.0.key".
std::string common(std::string a, const std::string& b) {
  while (!a.empty() && b != a && !b.starts_with(a + '.')) a = detail::parent_path(a);
  return a;
}

}  // namespace

void KeepValues::restart() {
  bytes_ = memory_stats().live_bytes;
  started_ = xg::detail::now();
}

// A Recording sees more and could not stand in for this: it holds tensors, and with them the graph and what its rules
// saved, so that no memory would be freed where the program frees it, which is measured here.
void KeepValues::op_computed(const ComputedOp& op) {
  if (passes_ > 0) return;
  if (const auto* node = op.node()) {
    Entry& entry = entries[node->sequence];
    entry.path = path_.path();
    entry.seconds = xg::detail::now() - started_;
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
    std::string both = common(detail::parent_path(left_), detail::parent_path(path));
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
