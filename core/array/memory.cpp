#include "memory.hpp"

#include <atomic>
#include <bit>
#include <mutex>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define XG_POOLED 0  // so that the sanitizer sees every use after free
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XG_POOLED 0
#endif
#endif
#ifndef XG_POOLED
#define XG_POOLED 1
#endif

namespace xg {
namespace memory {

namespace {

constinit Count system_allocations;

// What one thread has made less what it has destroyed. Only its thread writes it, so counting takes no locked
// instruction; sums over all threads are right whichever thread destroys what.
struct Tally {
  std::atomic<std::int64_t> bytes = 0, buffers = 0, nodes = 0;
  std::int64_t unpublished = 0;  // bytes that the shared total, which the peak is taken of, does not know of yet
  Tally* next = nullptr;

  static void add(std::atomic<std::int64_t>& counter, std::int64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
};

constinit std::mutex tallies_mutex;
constinit Tally ended;  // of threads that have ended
constinit Tally* tallies = &ended;
constinit Count published_bytes, peak_bytes;
constinit thread_local Tally* own_tally = nullptr;

void end_with_thread();

Tally& tally() {
  if (own_tally) return *own_tally;
  end_with_thread();
  own_tally = new Tally;
  std::lock_guard lock(tallies_mutex);
  own_tally->next = tallies;
  tallies = own_tally;
  return *own_tally;
}

void publish(Tally& own) {
  std::int64_t live = published_bytes.add(std::exchange(own.unpublished, 0)), peak = peak_bytes.get();
  if (live > peak) peak_bytes.add(live - peak);
}

void count_buffer(std::int64_t bytes, std::int64_t buffers) {
  constexpr std::int64_t slack = 1 << 16;
  Tally& own = tally();
  Tally::add(own.buffers, buffers);
  Tally::add(own.bytes, bytes);
  own.unpublished += bytes;
  if (__libc_single_threaded || own.unpublished > slack || own.unpublished < -slack) publish(own);
}

constexpr std::size_t alignment = 64;
constexpr std::size_t largest = std::size_t(1) << 28;      // bigger blocks are not kept
constexpr std::size_t cache_limit = std::size_t(1) << 30;  // bytes one thread keeps
constexpr int classes = 16 + 4 * 19;

// Class sizes: multiples of 64 up to 1 KiB, then four steps a doubling.
int class_of(std::size_t bytes) {
  if (bytes <= 1024) return bytes == 0 ? 0 : static_cast<int>((bytes - 1) / 64);
  int power = std::bit_width(bytes - 1) - 1;  // 2^power < bytes <= 2^(power + 1)
  int step = static_cast<int>((bytes - 1) >> (power - 2)) & 3;
  return 16 + 4 * (power - 10) + step;
}

std::size_t size_of_class(int index) {
  if (index < 16) return 64 * static_cast<std::size_t>(index + 1);
  int power = (index - 16) / 4 + 10;
  return (std::size_t(1) << power) + (static_cast<std::size_t>((index - 16) % 4 + 1) << (power - 2));
}

struct Block {
  Block* next;
};

struct Pool {
  Block* free[classes] = {};
  std::size_t cached = 0;

  void release() {
    for (Block*& head : free)
      while (head) ::operator delete(std::exchange(head, head->next), std::align_val_t(alignment));
    cached = 0;
  }
};

// The pool itself has no destructor, so blocks may be freed while a thread ends; the guard empties it.
constinit thread_local Pool pool;
constinit thread_local bool open = true;
struct Guard {
  ~Guard() {
    open = false;
    pool.release();
    if (!own_tally) return;
    publish(*own_tally);
    std::lock_guard lock(tallies_mutex);
    Tally** link = &tallies;
    while (*link != own_tally) link = &(*link)->next;
    *link = own_tally->next;
    Tally::add(ended.bytes, own_tally->bytes);
    Tally::add(ended.buffers, own_tally->buffers);
    Tally::add(ended.nodes, own_tally->nodes);
    delete std::exchange(own_tally, nullptr);
  }
};
thread_local Guard guard;

void end_with_thread() { (void)&guard; }

void* from_system(std::size_t bytes) {
  system_allocations.add(1);
  return ::operator new(bytes, std::align_val_t(alignment));
}

}  // namespace

void* allocate(std::size_t bytes) {
  if (!XG_POOLED || bytes > largest) return from_system(bytes);
  int index = class_of(bytes);
  if (Block* block = pool.free[index]) {
    pool.free[index] = block->next;
    pool.cached -= size_of_class(index);
    return block;
  }
  end_with_thread();
  return from_system(size_of_class(index));
}

void free(void* block, std::size_t bytes) noexcept {
  if (!XG_POOLED || bytes > largest || !open) return ::operator delete(block, std::align_val_t(alignment));
  int index = class_of(bytes);
  std::size_t size = size_of_class(index);
  if (pool.cached + size > cache_limit) return ::operator delete(block, std::align_val_t(alignment));
  pool.free[index] = new (block) Block{pool.free[index]};
  pool.cached += size;
}

}  // namespace memory

void memory::count_nodes(std::int64_t amount) { Tally::add(tally().nodes, amount); }

MemoryStats memory_stats() {
  memory::publish(memory::tally());
  MemoryStats stats;
  std::lock_guard lock(memory::tallies_mutex);
  for (const memory::Tally* t = memory::tallies; t; t = t->next) {
    stats.live_bytes += t->bytes.load(std::memory_order_relaxed);
    stats.live_buffers += t->buffers.load(std::memory_order_relaxed);
    stats.live_nodes += t->nodes.load(std::memory_order_relaxed);
  }
  stats.peak_bytes = memory::peak_bytes.get();
  stats.system_allocations = memory::system_allocations.get();
  return stats;
}

void reset_peak_memory() {
  memory::publish(memory::tally());
  memory::peak_bytes.add(memory::published_bytes.get() - memory::peak_bytes.get());
}

void release_cached_memory() { memory::pool.release(); }

namespace {

constexpr std::size_t header = 64;
static_assert(sizeof(Storage) <= header);

}  // namespace

Ref<Storage> Storage::make(std::size_t bytes) {
  auto* block = static_cast<std::byte*>(memory::allocate(header + bytes));
  auto* storage = new (block) Storage;
  storage->data = block + header;
  storage->bytes = bytes;
  memory::count_buffer(static_cast<std::int64_t>(bytes), 1);
  return Ref<Storage>(storage);
}

Ref<Storage> Storage::adopt(void* data, std::size_t bytes, void* owner, void (*drop)(void*)) {
  auto* storage = new (memory::allocate(header)) Storage;
  storage->data = static_cast<std::byte*>(data);
  storage->bytes = bytes;
  storage->owner = owner;
  storage->drop = drop;
  memory::count_buffer(static_cast<std::int64_t>(bytes), 1);
  return Ref<Storage>(storage);
}

void Storage::destroy(Storage* storage) {
  memory::count_buffer(-static_cast<std::int64_t>(storage->bytes), -1);
  std::size_t block = header;
  if (storage->drop) storage->drop(storage->owner);
  else block += storage->bytes;
  storage->~Storage();
  memory::free(storage, block);
}

}  // namespace xg
