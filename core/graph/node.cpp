#include "node.hpp"

namespace xg::detail {

namespace {

constexpr std::size_t align_up(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Nodes waiting to be destroyed on this thread. Destroying one may orphan its inputs; they join the list instead of
// being destroyed inside, so the depth of a graph never becomes the depth of the stack.
constinit thread_local Node* orphans = nullptr;
constinit thread_local bool is_destroying = false;

void destroy_now(Node* node) {
  for (std::uint32_t i = 0; i < node->output_count; ++i) {
    delete node->outputs[i].watch;
    node->outputs[i].~Output();
  }
  std::size_t bytes = node->block_bytes;
  node->~Node();
  memory::free(node, bytes);
  memory::count_nodes(-1);
}

}  // namespace

Node* Node::make(const char* name, const Site& site, std::uint32_t outputs, std::uint32_t inputs,
                 std::size_t closure_bytes, std::size_t closure_alignment) {
  std::size_t at_outputs = align_up(sizeof(Node), alignof(Output));
  std::size_t at_edges = align_up(at_outputs + outputs * sizeof(Output), alignof(Edge));
  std::size_t at_closure = align_up(at_edges + inputs * sizeof(Edge), closure_alignment);
  std::size_t bytes = at_closure + closure_bytes;
  auto* block = static_cast<std::byte*>(memory::allocate(bytes));
  Node* node = new (block) Node{};
  node->sequence = node->oldest = quick_sequence();
  node->name = name;
  node->site = site;
  node->output_count = outputs;
  node->input_count = inputs;
  node->block_bytes = static_cast<std::uint32_t>(bytes);
  node->outputs = reinterpret_cast<Output*>(block + at_outputs);
  node->edges = reinterpret_cast<Edge*>(block + at_edges);
  node->closure = block + at_closure;
  for (std::uint32_t i = 0; i < outputs; ++i) new (node->outputs + i) Output{};
  for (std::uint32_t i = 0; i < inputs; ++i) new (node->edges + i) Edge{};
  memory::count_nodes(1);
  return node;
}

Ref<Node> Node::make_leaf(const Tensor& value, const Site& site) {
  Node* node = make("leaf", site, 1, 0, 0, 1);
  node->is_leaf = true;
  node->closure = nullptr;
  node->outputs[0].shape = value.shape();
  node->outputs[0].dtype = value.dtype();
  return Ref<Node>(node);
}

void Node::free_saved() {
  if (rule) rule->drop(closure);
  rule = nullptr;
  for (std::uint32_t i = 0; i < input_count; ++i) edges[i].~Edge();
  input_count = 0;
}

void Node::destroy(Node* node) {
  if (is_destroying) {
    // What the node saved is freed later too: its closure's room must stay until then, so the list runs through
    // `sequence`, which no one reads any more.
    node->sequence = reinterpret_cast<std::uint64_t>(orphans);
    orphans = node;
    return;
  }
  is_destroying = true;
  while (node) {
    node->free_saved();
    destroy_now(node);
    node = orphans;
    if (node) orphans = reinterpret_cast<Node*>(node->sequence);
  }
  is_destroying = false;
}

ThreadState& thread_state() {
  constinit static thread_local ThreadState state;
  return state;
}

namespace {

constexpr std::int64_t numbers_at_once = 1024;
constinit Count sequence;  // the last number that some thread has taken
constinit std::atomic<std::uint64_t> changed = 0;

// What a thread has taken of the numbers, so that a node costs no locked instruction.
struct Numbers {
  std::uint64_t next = 1, last = 0, changed = 0;
};
constinit thread_local Numbers numbers;

}  // namespace

std::uint64_t next_sequence() {
  numbers.changed = changed.load(std::memory_order_relaxed);
  numbers.last = static_cast<std::uint64_t>(sequence.add(numbers_at_once));
  numbers.next = numbers.last - numbers_at_once + 2;
  return numbers.next - 1;
}

std::uint64_t quick_sequence() {
  // Nodes that are recorded after a leaf changed get higher numbers than all before.
  if (numbers.next > numbers.last || numbers.changed != changed.load(std::memory_order_relaxed)) return next_sequence();
  return numbers.next++;
}

std::uint64_t change_of_leaf() {
  std::uint64_t now = static_cast<std::uint64_t>(sequence.get()) + 1;
  changed.store(now, std::memory_order_relaxed);
  return now;
}
std::uint64_t last_change() { return changed.load(std::memory_order_relaxed); }

}  // namespace xg::detail
