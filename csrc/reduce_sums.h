// Sums of floating-point numbers in the order of tidu/backend/summation.py, which is PyTorch's.
//
// Whatever the width of the instruction set's registers, lanes are those of vectors of 32 bytes.
// What every sum is made of is the cascade: runs of 16 rows are added up, then runs of 16 such
// sums, and so on, in 4 levels; of more than 2^16 rows the runs are longer.
#pragma once

#include "simd.h"
#include "transpose.h"

namespace tidu::TIDU_ISA {

enum Map { as_is, squared };  // x, (x - center)^2

template <Map M, class V>
TIDU_INLINE V mapped(V x, V center) {
  if constexpr (M == squared) return (x - center) * (x - center);
  return x;
}

template <class T>
constexpr int width = 32 / sizeof(T);  // lanes that sums are made of
constexpr int side_by_side = 4;        // so many vectors of them
constexpr int levels = 4;

// How many rows a run has, as a power of two.
TIDU_INLINE int run_power(int64_t rows) {
  int power = 0;
  while (rows > int64_t(1) << power) power++;
  return power / levels > 4 ? power / levels : 4;
}

// N vectors side by side of each of R tables, over so many rows: one after another, to what `start`
// has, if not null (of one table only).
template <Map M, int R, int N, class T>
TIDU_INLINE void add_rows(const T* x, int64_t table_stride, int64_t stride, int64_t rows,
                          const Vec<T> (*center)[N], Vec<T> (*sums)[N], const T* start = nullptr) {
  Vec<T> s[R][N];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int k = 0; k < N; k++) s[r][k] = start ? load(start + k * lanes<T>) : Vec<T>{};
  for (int64_t i = 0; i < rows; i++, x += stride) {
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 8
      for (int k = 0; k < N; k++) s[r][k] += mapped<M>(load(x + r * table_stride + k * lanes<T>), center[r][k]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int k = 0; k < N; k++) sums[r][k] = s[r][k];
}

// The cascade for N vectors side by side of R tables, row by row or, for few rows, run by run in turn:
// memory gives from several places at a time faster than from one.
template <Map M, int R, int N, bool row_by_row, class T>
TIDU_INLINE void cascade(const T* x, int64_t table_stride, int64_t stride, int64_t rows,
                         const Vec<T> (*center)[N], Vec<T> (*out)[N]) {
  const int power = run_power(rows);
  const int64_t run = int64_t(1) << power, mask = run - 1;
  const int used = rows < run ? 1 : rows < run << power ? 2 : levels;  // the others stay 0
  Vec<T> level[levels][R][N];
  __builtin_memset(level[1], 0, (used - 1) * sizeof level[1]);
  int64_t i = 0;
  while (i + run <= rows) {
    constexpr int together = row_by_row ? R : 1;
    for (int r = 0; r < R; r += together) {
      Vec<T> s[together][N];
      add_rows<M, together, N>(x + r * table_stride + i * stride, table_stride, stride, run, center + r, s);
      for (int t = 0; t < together; t++)
        for (int k = 0; k < N; k++) level[1][r + t][k] += s[t][k];
    }
    i += run;
    for (int j = 1; j + 1 < used && !(i & (mask << (j * power))); j++) {
      for (int r = 0; r < R; r++) {
        for (int k = 0; k < N; k++) {
          level[j + 1][r][k] += level[j][r][k];
          level[j][r][k] = Vec<T>{};
        }
      }
    }
  }
  for (int r = 0; r < R; r++) {
    add_rows<M, 1, N>(x + r * table_stride + i * stride, 0, stride, rows - i, center + r, out + r);
    for (int j = 1; j < used; j++)
      for (int k = 0; k < N; k++) out[r][k] += level[j][r][k];
  }
}

constexpr int64_t tile_bytes = 8192;  // of columns: the sums of all levels stay in a near cache

// One run of rows for so many columns, added to `sums`. Memory gives a few rows at a time faster than
// all of them.
template <Map M, class T>
TIDU_INLINE void add_run(const T* x, int64_t stride, int64_t rows, int64_t columns,
                         const T* center, T* sums) {
  constexpr int L = lanes<T>, N = 4, at_once = 8;
  const auto center_of = [&](int64_t c) { return center ? load(center + c) : Vec<T>{}; };
  T so_far[tile_bytes / sizeof(T)];
  const int64_t whole = columns / (N * L) * (N * L);
  for (int64_t i = 0; i < rows; i += at_once) {
    const int64_t n = rows - i < at_once ? rows - i : at_once;
    for (int64_t c = 0; c < whole; c += N * L) {
      Vec<T> m[1][N], s[1][N];
      for (int k = 0; k < N; k++) m[0][k] = center_of(c + k * L);
      add_rows<M, 1, N>(x + i * stride + c, 0, stride, n, m, s, i ? so_far + c : nullptr);
      if (i + n < rows)
        for (int k = 0; k < N; k++) store(so_far + c + k * L, s[0][k]);
      else
        for (int k = 0; k < N; k++) store(sums + c + k * L, load(sums + c + k * L) + s[0][k]);
    }
  }
  int64_t c = whole;
  for (; c + L <= columns; c += L) {
    Vec<T> m[1][1] = {{center_of(c)}}, s[1][1];
    add_rows<M, 1, 1>(x + c, 0, stride, rows, m, s);
    store(sums + c, load(sums + c) + s[0][0]);
  }
  for (; c < columns; c++) {
    T s = 0;
    for (int64_t i = 0; i < rows; i++) s += mapped<M>(x[i * stride + c], center ? center[c] : T(0));
    sums[c] += s;
  }
}

// The cascade for each of so many columns.
template <Map M, class T>
static void cascade_columns(const T* x, int64_t stride, int64_t rows, int64_t columns,
                            const T* center, T* out) {
  constexpr int64_t tile = tile_bytes / sizeof(T);
  const int power = run_power(rows);
  const int64_t run = int64_t(1) << power, mask = run - 1;
  for (int64_t first = 0; first < columns; first += tile) {
    const int64_t n = columns - first < tile ? columns - first : tile;
    const T* part = x + first;
    const T* centers = center ? center + first : nullptr;
    T* total = out + first;
    for (int64_t c = 0; c < n; c++) total[c] = 0;
    if (rows < run) {
      add_run<M>(part, stride, rows, n, centers, total);
      continue;
    }
    T level[levels][tile];
    for (int j = 0; j < levels; j++)
      for (int64_t c = 0; c < n; c++) level[j][c] = 0;
    int64_t i = 0;
    while (i + run <= rows) {
      add_run<M>(part + i * stride, stride, run, n, centers, level[1]);
      i += run;
      for (int j = 1; j + 1 < levels && !(i & (mask << (j * power))); j++) {
        for (int64_t c = 0; c < n; c++) {
          level[j + 1][c] += level[j][c];
          level[j][c] = 0;
        }
      }
    }
    add_run<M>(part + i * stride, stride, rows - i, n, centers, total);
    for (int64_t c = 0; c < n; c++) total[c] = total[c] + level[1][c] + level[2][c] + level[3][c];
  }
}

// The sums of n rows for a few columns (less than four vectors): of every fourth row apart.
template <Map M, class T>
static void few_columns(const T* x, int64_t stride, int64_t n, int64_t columns, const T* center,
                        T* out) {
  constexpr int64_t most = side_by_side * width<T>;
  const int64_t quarter = n / side_by_side;
  T sums[side_by_side * most], centers[side_by_side * most];
  if (center) {
    for (int k = 0; k < side_by_side; k++)
      for (int64_t c = 0; c < columns; c++) centers[k * columns + c] = center[c];
  }
  if (stride == columns) {
    cascade_columns<M>(x, side_by_side * stride, quarter, side_by_side * columns,
                       center ? centers : nullptr, sums);
  } else {
    for (int k = 0; k < side_by_side; k++)
      cascade_columns<M>(x + k * stride, side_by_side * stride, quarter, columns, center,
                         sums + k * columns);
  }
  for (int64_t i = quarter * side_by_side; i < n; i++)
    for (int64_t c = 0; c < columns; c++)
      sums[c] += mapped<M>(x[i * stride + c], center ? center[c] : T(0));
  for (int64_t c = 0; c < columns; c++)
    out[c] = sums[c] + sums[columns + c] + sums[2 * columns + c] + sums[3 * columns + c];
}

template <Map M, class T>
static void sum_columns(const T* x, int64_t stride, int64_t n, int64_t columns, const T* center,
                        T* out) {
  constexpr int64_t group = side_by_side * width<T>;
  const int64_t whole = columns >= width<T> ? columns / group * group
                                            : columns / side_by_side * side_by_side;
  if (whole) cascade_columns<M>(x, stride, n, whole, center, out);
  if (whole < columns)
    few_columns<M>(x + whole, stride, n, columns - whole, center ? center + whole : nullptr,
                   out + whole);
}

// The lanes of a row's sum, before they are added up, and the sum of the row's last elements, which
// fill no vector. `s` has the sums of all whole groups.
template <Map M, class T>
TIDU_INLINE void add_lanes(const T* x, int64_t n, T center, Vec<T>* s, T* lanes_of_row, T& tail) {
  constexpr int W = width<T>, L = lanes<T>, group = side_by_side * W;
  const int64_t vectors = n / W;
  if constexpr (L <= W) {
    constexpr int P = W / L;
    for (int64_t v = n / group * side_by_side; v < vectors; v++)
      for (int p = 0; p < P; p++) s[p] += mapped<M>(load(x + v * W + p * L), splat(center));
    for (int p = 0; p < P; p++)
      store(lanes_of_row + p * L, s[p] + s[P + p] + s[2 * P + p] + s[3 * P + p]);
  } else {
    T sums[group];
    for (int k = 0; k < group / L; k++) store(sums + k * L, s[k]);
    for (int64_t v = n / group * side_by_side; v < vectors; v++)
      for (int j = 0; j < W; j++) sums[j] += mapped<M>(x[v * W + j], center);
    for (int j = 0; j < W; j++)
      lanes_of_row[j] = sums[j] + sums[W + j] + sums[2 * W + j] + sums[3 * W + j];
  }
  tail = 0;
  for (int64_t i = vectors * W; i < n; i++) tail += mapped<M>(x[i], center);
}

// The sums of R rows of at least one vector of 32 bytes each, to R places `step` apart.
template <Map M, int R, bool row_by_row, class T>
TIDU_INLINE void sum_long_rows(const T* x, int64_t row_stride, int64_t n, const T* center, T* out,
                               int64_t step) {
  constexpr int W = width<T>, group = side_by_side * W, N = group / lanes<T>;
  Vec<T> centers[R][N], s[R][N];
  for (int r = 0; r < R; r++)
    for (int k = 0; k < N; k++) centers[r][k] = splat(center[r]), s[r][k] = Vec<T>{};
  if (n >= group) cascade<M, R, N, row_by_row>(x, row_stride, group, n / group, centers, s);
  for (int r = 0; r < R; r++) {
    T across[W], total;
    add_lanes<M>(x + r * row_stride, n, center[r], s[r], across, total);
    for (int j = 0; j < W; j++) total += across[j];
    out[r * step] = total;
  }
}

// The sums of W rows too short for a cascade. Adding up one row's lanes is a chain of additions that
// wait for each other; here the lanes of all rows are added up side by side.
template <Map M, class T>
TIDU_INLINE void sum_rows_together(const T* x, int64_t row_stride, int64_t n, const T* center,
                                   int64_t center_step, T* out) {
  constexpr int W = width<T>, group = side_by_side * W, N = group / lanes<T>;
  T across[W * W], lanes_first[W * W], totals[W];
  for (int r = 0; r < W; r++, x += row_stride) {
    const T c = center ? center[r * center_step] : T(0);
    Vec<T> centers[1][N], s[1][N];
    for (int k = 0; k < N; k++) centers[0][k] = splat(c);
    add_rows<M, 1, N>(x, 0, group, n / group, centers, s);
    add_lanes<M>(x, n, c, s[0], across + r * W, totals[r]);
  }
  transpose(across, W, W, W, lanes_first, W);
  for (int j = 0; j < W; j++)
    for (int r = 0; r < W; r++) totals[r] += lanes_first[j * W + r];
  for (int r = 0; r < W; r++) out[r] = totals[r];
}

template <Map M, class T>
TIDU_INLINE T sum_short_row(const T* x, int64_t n, T center) {
  T sums[side_by_side] = {};
  if (n >= side_by_side)
    for (int k = 0; k < side_by_side; k++) sums[k] += mapped<M>(x[k], center);
  for (int64_t i = n / side_by_side * side_by_side; i < n; i++) sums[0] += mapped<M>(x[i], center);
  return sums[0] + sums[1] + sums[2] + sums[3];
}

// R rows at a time, each from another part of all rows, which are read from beginning to end.
template <Map M, int R, bool row_by_row, class T>
TIDU_INLINE int64_t sum_parts_of_rows(const T* x, int64_t row_stride, int64_t count, int64_t n, const T* center,
                                      int64_t center_step, T* out) {
  const int64_t part = count / R;
  T c[R] = {};
  for (int64_t i = 0; i < part; i++) {
    for (int r = 0; r < R && center; r++) c[r] = center[(i + r * part) * center_step];
    sum_long_rows<M, R, row_by_row>(x + i * row_stride, part * row_stride, n, c, out + i, part);
  }
  return part * R;
}

template <Map M, class T>
static void sum_rows(const T* x, int64_t row_stride, int64_t count, int64_t n, const T* center,
                     int64_t center_step, T* out) {
  constexpr int64_t run = 16 * side_by_side * width<T>;
  int64_t i = 0;
  if (n == 1 && row_stride == 1 && !center) {
    for (; i < count; i++) out[i] = mapped<M>(x[i], T(0)) + T(0);  // the sum of -0 is 0
    return;
  }
  if (n >= 3 * run) {
    constexpr int R = TIDU_VECTOR_BYTES == 16 ? 2 : 3;  // their sums fit into the registers
    i = sum_parts_of_rows<M, R, true>(x, row_stride, count, n, center, center_step, out);
  } else if (n >= run) {
    i = sum_parts_of_rows<M, 4, false>(x, row_stride, count, n, center, center_step, out);
  } else if (n >= width<T>) {
    for (; i + width<T> <= count; i += width<T>)
      sum_rows_together<M>(x + i * row_stride, row_stride, n,
                           center ? center + i * center_step : nullptr, center_step, out + i);
  }
  for (; i < count; i++) {
    const T c = center ? center[i * center_step] : T(0);
    const T* row = x + i * row_stride;
    if (n < width<T>)
      out[i] = sum_short_row<M>(row, n, c);
    else
      sum_long_rows<M, 1, false>(row, row_stride, n, &c, out + i, 1);
  }
}

// Sums of a few sums: one after another, as PyTorch adds what it reduced in parts.
template <class T>
static void sum_few_columns(const T* x, int64_t stride, int64_t n, int64_t columns, const T*,
                            T* out) {
  if (n > 256) return sum_columns<as_is>(x, stride, n, columns, static_cast<const T*>(nullptr), out);
  for (int64_t c = 0; c < columns; c++) out[c] = 0;
  for (int64_t i = 0; i < n; i++, x += stride)
    for (int64_t c = 0; c < columns; c++) out[c] += x[c];
}

}  // namespace tidu::TIDU_ISA
