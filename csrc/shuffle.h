// Rearrangements of vectors' elements.
#pragma once

#include "simd.h"

namespace tidu::TIDU_ISA {

// By the number of elements. `low` and `high`: the first, or last, halves of two vectors, element by
// element in turn. `even` and `odd`: every second element of two vectors, one after the other.
template <int n>
struct Shuffle;

#define TIDU_SHUFFLE(name, ...)    \
  template <class V>               \
  TIDU_INLINE V name(V a, V b) {   \
    return __builtin_shufflevector(a, b, __VA_ARGS__); \
  }

template <>
struct Shuffle<2> {
  TIDU_SHUFFLE(low, 0, 2)
  TIDU_SHUFFLE(high, 1, 3)
  TIDU_SHUFFLE(even, 0, 2)
  TIDU_SHUFFLE(odd, 1, 3)
};
template <>
struct Shuffle<4> {
  TIDU_SHUFFLE(low, 0, 4, 1, 5)
  TIDU_SHUFFLE(high, 2, 6, 3, 7)
  TIDU_SHUFFLE(even, 0, 2, 4, 6)
  TIDU_SHUFFLE(odd, 1, 3, 5, 7)
};
template <>
struct Shuffle<8> {
  TIDU_SHUFFLE(low, 0, 8, 1, 9, 2, 10, 3, 11)
  TIDU_SHUFFLE(high, 4, 12, 5, 13, 6, 14, 7, 15)
  TIDU_SHUFFLE(even, 0, 2, 4, 6, 8, 10, 12, 14)
  TIDU_SHUFFLE(odd, 1, 3, 5, 7, 9, 11, 13, 15)
};
template <>
struct Shuffle<16> {
  TIDU_SHUFFLE(low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
  TIDU_SHUFFLE(high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
  TIDU_SHUFFLE(even, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
  TIDU_SHUFFLE(odd, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
};
#undef TIDU_SHUFFLE

}  // namespace tidu::TIDU_ISA
