// Loops of indexing that gain by wide vectors; see indexing.h.
#include "indexing.h"

#include "simd.h"

namespace tidu::TIDU_ISA {
namespace {

template <class T>
void add(T* to, const T* from, int64_t n) {
  constexpr int L = lanes<T>;
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) store(to + i + k * L, load(to + i + k * L) + load(from + i + k * L));
  }
  for (; i + L <= n; i += L) store(to + i, load(to + i) + load(from + i));
  for (; i < n; i++) to[i] += from[i];
}

template <class T>
void fill_masked(T* __restrict out, const T* __restrict x, const uint8_t* __restrict mask, T value,
                 int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = mask[i] ? value : x[i];
}

int64_t count_true(const uint8_t* mask, int64_t n) {
  constexpr int64_t part = 1 << 16;
  int64_t total = 0;
  for (int64_t first = 0; first < n; first += part) {
    const int64_t m = n - first < part ? n - first : part;
    uint32_t some = 0;
    for (int64_t i = 0; i < m; i++) some += mask[first + i] != 0;
    total += some;
  }
  return total;
}

}  // namespace

void fill(IndexTable& table) {
  table = {add<float>, add<double>, fill_masked<uint32_t>, fill_masked<uint64_t>, count_true};
}

}  // namespace tidu::TIDU_ISA
