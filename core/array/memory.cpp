#include "memory.hpp"

#include <bit>
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

constinit Count live_nodes;

namespace {

constinit Count live_bytes, live_buffers, peak_bytes, system_allocations;

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
  }
};
thread_local Guard guard;

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
  (void)&guard;  // makes the thread empty its pool when it ends
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

MemoryStats memory_stats() {
  return {memory::live_bytes.get(), memory::peak_bytes.get(), memory::live_buffers.get(), memory::live_nodes.get(),
          memory::system_allocations.get()};
}

void reset_peak_memory() { memory::peak_bytes.add(memory::live_bytes.get() - memory::peak_bytes.get()); }

void release_cached_memory() { memory::pool.release(); }

namespace {

void count(std::int64_t bytes) {
  memory::live_buffers.add(1);
  std::int64_t live = memory::live_bytes.add(bytes), peak = memory::peak_bytes.get();
  if (live > peak) memory::peak_bytes.add(live - peak);
}

constexpr std::size_t header = 64;
static_assert(sizeof(Storage) <= header);

}  // namespace

Ref<Storage> Storage::make(std::size_t bytes) {
  auto* block = static_cast<std::byte*>(memory::allocate(header + bytes));
  auto* storage = new (block) Storage;
  storage->data = block + header;
  storage->bytes = bytes;
  count(static_cast<std::int64_t>(bytes));
  return Ref<Storage>(storage);
}

Ref<Storage> Storage::adopt(void* data, std::size_t bytes, void* owner, void (*drop)(void*)) {
  auto* storage = new (memory::allocate(header)) Storage;
  storage->data = static_cast<std::byte*>(data);
  storage->bytes = bytes;
  storage->owner = owner;
  storage->drop = drop;
  count(static_cast<std::int64_t>(bytes));
  return Ref<Storage>(storage);
}

void Storage::destroy(Storage* storage) {
  memory::live_buffers.add(-1);
  memory::live_bytes.add(-static_cast<std::int64_t>(storage->bytes));
  std::size_t block = header;
  if (storage->drop) storage->drop(storage->owner);
  else block += storage->bytes;
  storage->~Storage();
  memory::free(storage, block);
}

}  // namespace xg
