// Working memory of kernels: a thread keeps what it once had.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidu {

// What a thread uses at the same time has different places.
enum ScratchPlace { scratch_shared, scratch_own, scratch_second, scratch_third, n_scratch_places };

// 64-byte aligned memory of the calling thread for that many bytes, with any contents.
void* scratch_bytes(ScratchPlace place, size_t bytes);

template <class T>
T* scratch(ScratchPlace place, int64_t count) {
  return static_cast<T*>(scratch_bytes(place, static_cast<size_t>(count) * sizeof(T)));
}

}  // namespace tidu
