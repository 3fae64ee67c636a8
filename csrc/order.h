// What sorting and selecting share: numbers as unsigned integers of the same order, which are sorted by
// their digits, the last digit first (Knuth, The Art of Computer Programming 3, section 5.2.5), and
// lines along any dimension.
#pragma once

#include <algorithm>

#include "places.h"

namespace tidu {

constexpr int64_t line_group = 16;  // of a table whose columns are sorted
constexpr int64_t sorting_work = 1 << 12;  // elements that are worth a second thread

// Keys in the order of the numbers; all NaN have one, the largest, and so have 0 and -0.
inline uint32_t key_of(float x) {
  uint32_t bits;
  x += 0.0f;  // makes 0 of -0
  std::memcpy(&bits, &x, sizeof bits);
  bits ^= uint32_t(int32_t(bits) >> 31) | uint32_t(1) << 31;  // all bits of negative numbers
  return x != x ? UINT32_MAX : bits;
}
inline uint64_t key_of(double x) {
  uint64_t bits;
  x += 0.0;
  std::memcpy(&bits, &x, sizeof bits);
  bits ^= uint64_t(int64_t(bits) >> 63) | uint64_t(1) << 63;
  return x != x ? UINT64_MAX : bits;
}
inline uint64_t key_of(int64_t x) { return uint64_t(x) ^ uint64_t(1) << 63; }

template <class T>
using KeyOf = decltype(key_of(T()));

// Of float32, key and index in one number.
struct ShortItem {
  uint64_t value;
  uint32_t key() const { return uint32_t(value >> 32); }
  int64_t place() const { return int64_t(value & UINT32_MAX); }
  bool operator<(const ShortItem& other) const { return value < other.value; }
};
struct LongItem {
  uint64_t value;
  int64_t index;
  uint64_t key() const { return value; }
  int64_t place() const { return index; }
  bool operator<(const LongItem& other) const {
    return value < other.value || (value == other.value && index < other.index);
  }
};
inline ShortItem item_of(uint32_t key, int64_t place) { return {uint64_t(key) << 32 | uint64_t(place)}; }
inline LongItem item_of(uint64_t key, int64_t place) { return {key, place}; }

inline uint32_t sort_key(uint32_t key) { return key; }
inline uint64_t sort_key(uint64_t key) { return key; }
template <class Item>
auto sort_key(const Item& item) { return item.key(); }

// Sorts n keys, or items in the order of their indices; returns where they are then: in `items` or
// in `other`. Digits that are the same in all of them are passed over.
template <class Item>
Item* sort_items(Item* items, Item* other, int64_t n) {
  typedef decltype(sort_key(*items)) Key;
  if (n < (sizeof(Key) == 4 ? 64 : 200)) {
    std::sort(items, items + n);
    return items;
  }
  const int bits = n < 4096 ? 8 : 11;
  const Key mask = Key((1 << bits) - 1);
  Key differ = 0;
  for (int64_t i = 1; i < n; i++) differ |= sort_key(items[i]) ^ sort_key(items[0]);
  int shift = differ ? __builtin_ctzll(differ) : 0;
  for (; shift < int(8 * sizeof(Key)) && differ >> shift; shift += bits) {
    if (!(differ >> shift & mask)) continue;
    uint32_t places[1 << 11] = {}, at = 0;
    for (int64_t i = 0; i < n; i++) places[sort_key(items[i]) >> shift & mask]++;
    for (Key v = 0; v <= mask; v++) {
      const uint32_t count = places[v];
      places[v] = at;
      at += count;
    }
    for (int64_t i = 0; i < n; i++) other[places[sort_key(items[i]) >> shift & mask]++] = items[i];
    std::swap(items, other);
  }
  return items;
}

// An array as (outer, n, inner), the middle dimension being the one at `axis`.
struct Lines {
  int64_t outer = 1, n = 1, inner = 1;

  Lines(PyArrayObject* x, int axis) {
    for (int d = 0; d < PyArray_NDIM(x); d++) (d == axis ? n : d < axis ? outer : inner) *= PyArray_DIM(x, d);
  }
  // Calls line(elements, number of the line) for all. Columns are copied into rows, several at a time.
  template <class T, class F>
  void each(const T* x, F&& line) const {
    const int64_t wide = std::min(inner, line_group), parts = (inner + wide - 1) / wide;
    parallel::split(outer * parts, sorting_work / (n * wide) + 1, 1, [&](int64_t begin, int64_t end) {
      T* rows = inner == 1 ? nullptr : scratch<T>(scratch_second, wide * n);
      for (int64_t part = begin; part < end; part++) {
        if (inner == 1) {
          line(x + part * n, part);
          continue;
        }
        const int64_t first = part % parts * wide, columns = std::min(wide, inner - first);
        const T* from = x + part / parts * n * inner + first;
        for (int64_t i = 0; i < n; i++)
          for (int64_t c = 0; c < columns; c++) rows[c * n + i] = from[i * inner + c];
        for (int64_t c = 0; c < columns; c++) line(rows + c * n, part / parts * inner + first + c);
      }
    });
  }
};

}  // namespace tidu
