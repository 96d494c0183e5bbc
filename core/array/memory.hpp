// Pooled memory: nodes, tensors and buffers come from size-class free lists, one set a thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "counted.hpp"

namespace xg {

/// What the library holds now. Bytes are those of array buffers; nodes are graph nodes, leaves included. The peak is
/// exact in a program of one thread, else within 64 KiB a thread.
struct MemoryStats {
  std::int64_t live_bytes = 0;
  std::int64_t peak_bytes = 0;
  std::int64_t live_buffers = 0;
  std::int64_t live_nodes = 0;
  /// Blocks that the pool had to ask the system for since the program started; a warmed-up training loop adds none.
  std::int64_t system_allocations = 0;
};
MemoryStats memory_stats();
/// Starts a new peak at the bytes that are live now.
void reset_peak_memory();
/// Gives the calling thread's cached blocks back to the system.
void release_cached_memory();

namespace memory {

/// A block of at least `bytes`, aligned to 64; throws std::bad_alloc.
void* allocate(std::size_t bytes);
/// Returns a block to the calling thread's pool. `bytes` is what was asked for.
void free(void* block, std::size_t bytes) noexcept;

/// Counts graph nodes made (positive) and destroyed.
void count_nodes(std::int64_t amount);

}  // namespace memory

/// A buffer that arrays share. Its bytes follow the header, or belong to a foreign owner.
struct Storage {
  Count references;
  std::byte* data = nullptr;
  std::size_t bytes = 0;
  void* owner = nullptr;          // the foreign owner, if any
  void (*drop)(void*) = nullptr;  // destroys it

  /// A pooled, uninitialised buffer.
  static Ref<Storage> make(std::size_t bytes);
  /// A buffer inside a foreign object (a container taken over); `drop(owner)` runs when the last array is gone.
  static Ref<Storage> adopt(void* data, std::size_t bytes, void* owner, void (*drop)(void*));
  static void destroy(Storage* storage);
};

}  // namespace xg
