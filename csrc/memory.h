// Memory for arrays: blocks are kept when they are freed, and given out again.
//
// A fresh block of some size costs a page fault for every 4 KiB that is written, which for large
// arrays is more than computing them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidu::memory {

// 64-byte aligned; null if there is no memory. Any thread may release.
void* allocate(size_t bytes);
void release(void* block, size_t bytes);

struct Stats {
  size_t in_use, cached, peak;  // bytes
  size_t allocations, hits;
};
Stats stats();
void empty_cache();
void reset_peak();  // `peak` becomes what is in use now

// For tests: after so many more allocations all fail, as if there were no memory. Negative: none do.
void fail_after(int64_t allocations);

// Around a fork, so that the child finds the cache as no thread was changing it.
void lock();
void unlock();
void unlock_in_child();

}  // namespace tidu::memory
