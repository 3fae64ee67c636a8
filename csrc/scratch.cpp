#include "scratch.h"

#include <new>

#include "memory.h"

namespace tidu {
namespace {

struct Places {
  void* block[n_scratch_places] = {};
  size_t bytes[n_scratch_places] = {};
  ~Places() {
    for (int i = 0; i < n_scratch_places; i++)
      if (block[i]) memory::release(block[i], bytes[i]);
  }
};
thread_local Places places;

}  // namespace

void* scratch_bytes(ScratchPlace place, size_t bytes) {
  if (places.bytes[place] < bytes) {
    if (places.block[place]) memory::release(places.block[place], places.bytes[place]);
    places.block[place] = nullptr;
    places.bytes[place] = 0;
    void* block = memory::allocate(bytes);
    if (!block) throw std::bad_alloc();
    places.block[place] = block;
    places.bytes[place] = bytes;
  }
  return places.block[place];
}

}  // namespace tidu
