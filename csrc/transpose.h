// Transposing in registers; for kernel sources.
#pragma once

#include "simd.h"

namespace tidu::TIDU_ISA {

template <int... lane>
struct Lanes {};
template <int n, int... lane>
struct LanesBelow : LanesBelow<n - 1, n - 1, lane...> {};
template <int... lane>
struct LanesBelow<0, lane...> {
  typedef Lanes<lane...> type;
};

// Exchanges bit `d` of the lane's number with that of the register's number, for the registers a
// (bit not set) and b (bit set).
template <int d, class V, int... lane>
TIDU_INLINE void exchange(V& a, V& b, Lanes<lane...>) {
  constexpr int n = sizeof...(lane);
  V low = __builtin_shufflevector(a, b, (lane & d ? n + lane - d : lane)...);
  V high = __builtin_shufflevector(a, b, (lane & d ? n + lane : lane + d)...);
  a = low, b = high;
}

template <class T, int d = 1>
TIDU_INLINE void transpose_registers(Vec<T>* rows) {
  if constexpr (d < lanes<T>) {
#pragma GCC unroll 16
    for (int i = 0; i < lanes<T>; i++)
      if (!(i & d)) exchange<d>(rows[i], rows[i + d], typename LanesBelow<lanes<T>>::type());
    transpose_registers<T, 2 * d>(rows);
  }
}

// A square of as many rows as a vector has lanes.
template <class T>
TIDU_INLINE void transpose_square(const T* in, int64_t in_pitch, T* out, int64_t out_pitch) {
  Vec<T> rows[lanes<T>];
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; i++) rows[i] = load(in + i * in_pitch);
  transpose_registers<T>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < lanes<T>; i++) store(out + i * out_pitch, rows[i]);
}

// out[j * out_pitch + i] = in[i * in_pitch + j]
template <class T>
void transpose(const T* in, int64_t in_pitch, int64_t rows, int64_t columns, T* out, int64_t out_pitch) {
  constexpr int64_t step = lanes<T>;
  if (rows < step || columns < step) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) out[j * out_pitch + i] = in[i * in_pitch + j];
    return;
  }
  // The last squares reach back over what the ones before have written.
  for (int64_t at_row = 0; at_row < rows; at_row += step) {
    const int64_t i = at_row + step <= rows ? at_row : rows - step;
    for (int64_t at_column = 0; at_column < columns; at_column += step) {
      const int64_t j = at_column + step <= columns ? at_column : columns - step;
      transpose_square(in + i * in_pitch + j, in_pitch, out + j * out_pitch + i, out_pitch);
    }
  }
}

}  // namespace tidu::TIDU_ISA
