#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(_WIN32)
#include <malloc.h>
#endif

namespace tidu::memory {
namespace {

constexpr size_t huge = size_t(2) << 20;  // the size of a huge page
// Large blocks do not all begin at the start of a page, but at one of its quarters in turn: where the
// streams that a kernel reads and writes are a multiple of 4 KiB apart, they are in each other's way in
// the L1 cache (8 % of the time of a sum of two arrays).
constexpr size_t page = 4096, quarter = page / 4;
constexpr size_t shifted = size_t(128) << 10;  // blocks from this size on
// What may stay cached beside the largest amount that was ever in use at once: a quarter of that,
// and this. (Emptying the cache forgets that amount.)
constexpr size_t slack = size_t(64) << 20;

// Sizes are rounded up to four steps for each power of two, so that at most a fifth is wasted.
struct SizeClass {
  int index;
  size_t bytes;
};

SizeClass size_class(size_t bytes) {
  if (bytes < 256) bytes = 256;
  int log = 63 - __builtin_clzll(bytes - 1);  // 2^log < bytes <= 2^(log + 1)
  size_t step = (size_t(1) << log) / 4;
  size_t rounded = (bytes + step - 1) / step * step;
  return {log * 4 + static_cast<int>((rounded >> (log - 2)) & 3), rounded};
}

struct Block {
  Block* next;
};

struct Shelf {  // the cached blocks of one size
  Block* first = nullptr;
  size_t bytes = 0;
  uint64_t last_used = 0;
  unsigned made = 0;  // blocks
};

struct Cache {
  std::mutex mutex;
  Shelf shelves[64 * 4];
  Stats stats{};
  size_t most = 0;  // bytes that were ever in use at once
  uint64_t clock = 0;
  int64_t until_failure = -1;  // allocations that are left; negative: all succeed
};

Cache& cache() {
  static Cache* only = new Cache;  // arrays may be freed after static objects are gone
  return *only;
}

void* aligned(size_t bytes, size_t alignment) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, alignment);
#else
  void* block = nullptr;
  return posix_memalign(&block, alignment, bytes) == 0 ? block : nullptr;
#endif
}

void* fresh(Shelf& shelf, size_t bytes) {
  if (bytes < shifted) return aligned(bytes, 64);
  char* block = static_cast<char*>(aligned(bytes + page, bytes >= huge ? huge : page));
#if defined(__linux__)
  if (block && bytes >= huge) madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block ? block + shelf.made++ % 4 * quarter : nullptr;
}

void give_back(void* block, size_t bytes) {
  if (bytes >= shifted) block = static_cast<char*>(block) - reinterpret_cast<uintptr_t>(block) % page;
#if defined(_WIN32)
  _aligned_free(block);
#else
  std::free(block);
#endif
}

// Frees the blocks that were not needed for longest, until `room` bytes more may be allocated.
void make_room(Cache& c, size_t room) {
  while (c.stats.cached > 0 &&
         c.stats.in_use + c.stats.cached + room > c.most + c.most / 4 + slack) {
    Shelf* oldest = nullptr;
    for (Shelf& shelf : c.shelves)
      if (shelf.first && (!oldest || shelf.last_used < oldest->last_used)) oldest = &shelf;
    Block* block = oldest->first;
    oldest->first = block->next;
    c.stats.cached -= oldest->bytes;
    give_back(block, oldest->bytes);
  }
}

void give_back_all(Cache& c) {
  for (Shelf& shelf : c.shelves)
    while (Block* first = shelf.first) shelf.first = first->next, give_back(first, shelf.bytes);
  c.stats.cached = 0;
}

}  // namespace

void* allocate(size_t bytes) {
  SizeClass kind = size_class(bytes);
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  if (c.until_failure == 0) return nullptr;
  if (c.until_failure > 0) c.until_failure--;
  Shelf& shelf = c.shelves[kind.index];
  shelf.last_used = ++c.clock;
  c.stats.allocations++;
  void* block = shelf.first;
  if (block) {
    shelf.first = shelf.first->next;
    c.stats.cached -= kind.bytes;
    c.stats.hits++;
  } else {
    make_room(c, kind.bytes);
    block = fresh(shelf, kind.bytes);
    if (!block && c.stats.cached > 0) {
      give_back_all(c);
      block = fresh(shelf, kind.bytes);
    }
    if (!block) return nullptr;
  }
  c.stats.in_use += kind.bytes;
  if (c.stats.in_use > c.stats.peak) c.stats.peak = c.stats.in_use;
  if (c.stats.in_use > c.most) c.most = c.stats.in_use;
  return block;
}

void release(void* pointer, size_t bytes) {
  SizeClass kind = size_class(bytes);
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  Shelf& shelf = c.shelves[kind.index];
  shelf.bytes = kind.bytes;
  Block* block = static_cast<Block*>(pointer);
  block->next = shelf.first;
  shelf.first = block;
  c.stats.in_use -= kind.bytes;
  c.stats.cached += kind.bytes;
}

Stats stats() {
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  return c.stats;
}

void empty_cache() {
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  give_back_all(c);
  c.most = c.stats.in_use;
}

void reset_peak() {
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  c.stats.peak = c.stats.in_use;
}

void fail_after(int64_t allocations) {
  Cache& c = cache();
  std::lock_guard<std::mutex> guard(c.mutex);
  c.until_failure = allocations;
}

void lock() { cache().mutex.lock(); }
void unlock() { cache().mutex.unlock(); }
void unlock_in_child() { new (&cache().mutex) std::mutex; }

}  // namespace tidu::memory
