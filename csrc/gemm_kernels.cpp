// The inner parts of matrix products, after Goto and van de Geijn, "Anatomy of high-performance
// matrix multiplication" (2008): a block of A in the second cache, a panel of B in the first, and
// a tile of C in registers.
#include "gemm.h"

#include <utility>

#include "simd.h"
#include "transpose.h"

namespace tidu::TIDU_ISA {
namespace {

// A tile has as many rows as registers allow beside one row of B (`vectors` wide) and one
// broadcast: 12 x 2 of 32 registers in AVX-512, 6 x 2 of 16 below.
constexpr int tile_rows = TIDU_VECTOR_BYTES == 64 ? 12 : 6;
constexpr int vectors = 2;
constexpr int ahead = 12;  // rows, when packing: what is read next is asked for so long before
template <class T>
constexpr int tile_columns = vectors * lanes<T>;

// A and B as a tile reads them: element (i, q) of A is a[i * a_row + q * a_column], row q of B
// starts at b + q * b_row.
template <class T>
struct Operands {
  const T *a, *b;
  int64_t a_row, a_column, b_row, k;
};

// The same of two packed panels, whose strides the compiler knows.
template <class T>
struct Panels {
  const T *a, *b;
  int64_t k;
  static constexpr int64_t a_row = 1, a_column = tile_rows, b_row = tile_columns<T>;
};

// Sums of a tile. Every access has a constant index from the start, in folds over I: arrays that
// loops go through, even unrolled ones, leave GCC with copies in memory.
template <class T, int rows, int width>
struct Tile {
  Vec<T> sum[rows][width];
};

// Adds the products of a column of A, whose element i is at base[i / 3][i % 3 * a_row], with b.
template <class T, int width, class Sums, int... I>
TIDU_INLINE void add_products(Sums& tile, const T* const* base, int64_t a_row, const T* b,
                              std::integer_sequence<int, I...>) {
  const Vec<T> first = load(b), second = width > 1 ? load(b + (width - 1) * lanes<T>) : first;
  auto row = [&](auto& sum, const T* a) __attribute__((always_inline)) {
    const Vec<T> x = splat(*a);
    sum[0] += x * first;
    if constexpr (width > 1) sum[1] += x * second;
  };
  (row(tile.sum[I], base[I / 3] + I % 3 * a_row), ...);
}

template <class T, int rows, int width, class From>
TIDU_INLINE void multiply_tile(const From& from, Tile<T, rows, width>& tile) {
  // Rows are reached from every third one, so that addresses are a register plus 0, 1 or 2 strides.
  constexpr int bases = (rows + 2) / 3;
  const T *b = from.b, *base[4];
  const int64_t a_row = from.a_row, a_column = from.a_column, b_row = from.b_row;
  base[0] = from.a, base[1] = base[0] + 3 * a_row, base[2] = base[1] + 3 * a_row, base[3] = base[2] + 3 * a_row;
#pragma GCC unroll 4
  for (int64_t q = from.k; q > 0; q--) {
    add_products<T, width>(tile, base, a_row, b, std::make_integer_sequence<int, rows>());
    base[0] += a_column;
    if constexpr (bases > 1) base[1] += a_column;
    if constexpr (bases > 2) base[2] += a_column, base[3] += a_column;
    b += b_row;
  }
}

// Copies `n` < 2 * lanes elements in pieces of fixed sizes.
template <class T>
TIDU_INLINE void copy_some(T* to, const T* from, int n) {
#pragma GCC unroll 5
  for (int piece = lanes<T>; piece > 0; piece /= 2)
    if (n & piece) {
      __builtin_memcpy(to, from, piece * sizeof(T));
      to += piece, from += piece;
    }
}

// Where a tile of C goes. `bias` is added if not null.
template <class T>
struct Target {
  T* c;
  int64_t c_row;
  int width;  // columns that exist
  bool add;
  const T* bias;
};

template <class T, int width>
TIDU_INLINE void store_row(const Target<T>& to, T* c, const Vec<T> (&sum)[width], const Vec<T>* bias) {
#pragma GCC unroll 2
  for (int v = 0; v < width; v++) {
    Vec<T> value = sum[v];
    if (to.add) value += load(c + v * lanes<T>);
    if (bias) value += bias[v];
    store(c + v * lanes<T>, value);
  }
}

// The same for less than `width` vectors.
template <class T>
__attribute__((noinline)) void store_part(const Target<T>& to, T* c, Vec<T> first, Vec<T> second) {
  T values[2 * lanes<T>], more[2 * lanes<T>];
  store(values, first), store(values + lanes<T>, second);
  const T* const added[2] = {to.add ? c : nullptr, to.bias};
  for (int i = 0; i < 2; i++)
    if (added[i]) {
      copy_some(more, added[i], to.width);
      store(values, load(values) + load(more));
      store(values + lanes<T>, load(values + lanes<T>) + load(more + lanes<T>));
    }
  copy_some(c, values, to.width);
}

// `to` is a copy, which what is stored into C cannot change.
template <class T, int rows, int width, class From, int... I>
TIDU_INLINE void compute_rows(const From& from, const Target<T> to, std::integer_sequence<int, I...>) {
  Tile<T, rows, width> tile;
  ((tile.sum[I][0] = Vec<T>{}, tile.sum[I][width - 1] = Vec<T>{}), ...);
  (__builtin_prefetch(to.c + I * to.c_row, 1), ...);
  multiply_tile(from, tile);
  T* c = to.c;
  if (to.width == width * lanes<T>) {
    if (to.bias) {
      const Vec<T> bias[2] = {load(to.bias), load(to.bias + (width - 1) * lanes<T>)};
      (store_row(to, c + I * to.c_row, tile.sum[I], bias), ...);
    } else {
      (store_row(to, c + I * to.c_row, tile.sum[I], nullptr), ...);
    }
  } else {
    (store_part(to, c + I * to.c_row, tile.sum[I][0], tile.sum[I][width - 1]), ...);
  }
}

template <class T, int rows, int width, class From>
__attribute__((noinline)) void compute_tile(const From& from, const Target<T>& to) {
  compute_rows<T, rows, width>(from, to, std::make_integer_sequence<int, rows>());
}

template <class T, int rows, int width>
TIDU_INLINE void some_rows(int64_t height, const Operands<T>& from, const Target<T>& to) {
  if (height == rows) compute_tile<T, rows, width>(from, to);
  else if constexpr (rows > 1) some_rows<T, rows - 1, width>(height, from, to);
}

// `height` rows of a panel of C.
template <class T, int width>
void panel(int64_t height, Operands<T> from, Target<T> to) {
  int64_t i = height;
  for (; i >= tile_rows; i -= tile_rows) {
    compute_tile<T, tile_rows, width>(from, to);
    from.a += tile_rows * from.a_row, to.c += tile_rows * to.c_row;
  }
  if (i) some_rows<T, tile_rows - 1, width>(i, from, to);
}

template <class T>
TIDU_INLINE int smaller(int64_t a, T b) { return a < b ? int(a) : int(b); }

// `n` columns of B, k rows, side by side; zeros fill a panel.
template <class T>
void pack_panel(const T* in, int64_t b_row, int64_t b_column, int64_t k, int n, T* __restrict out) {
  constexpr int step = tile_columns<T>, l = lanes<T>;
  int64_t q = 0;
  if (b_column == 1 && n == step) {
    for (; q < k; q++)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) store(out + q * step + v * l, load(in + q * b_row + v * l));
  } else if (b_column == 1) {
    for (; q < k; q++) {
      T row[step] = {};
      copy_some(row, in + q * b_row, n);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) store(out + q * step + v * l, load(row + v * l));
    }
  } else if (b_row == 1) {
    for (; q + l <= k; q += l)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) {
        Vec<T> block[l];
#pragma GCC unroll 16
        for (int i = 0; i < l; i++) block[i] = v * l + i < n ? load(in + q + (v * l + i) * b_column) : Vec<T>{};
        transpose_registers<T>(block);
#pragma GCC unroll 16
        for (int i = 0; i < l; i++) store(out + (q + i) * step + v * l, block[i]);
      }
  }
  for (; q < k; q++)
    for (int j = 0; j < step; j++) out[q * step + j] = j < n ? in[q * b_row + j * b_column] : T(0);
}

template <class T>
void pack_b(const Product<T>& p, int64_t row, int64_t k, int64_t column, int64_t width, int64_t first,
            int64_t last, T* packed) {
  constexpr int step = tile_columns<T>;
  int64_t panel = first;
  // Some panels side by side, so that rows are read in long pieces.
  constexpr int group = 4;
  for (; p.b_column == 1 && panel + group <= last && (panel + group) * step <= width; panel += group) {
    const T* in = p.b + row * p.b_row + column + panel * step;
    T* out = packed + panel * step * k;
    for (int64_t q = 0; q < k; q++, in += p.b_row, out += step) {
#pragma GCC unroll 8
      for (int v = 0; v < group * vectors; v++) {
        if (v % vectors == 0) __builtin_prefetch(in + ahead * p.b_row + v * lanes<T>);
        store(out + v / vectors * step * k + v % vectors * lanes<T>, load(in + v * lanes<T>));
      }
    }
  }
  for (; panel < last; panel++) {
    const int64_t start = panel * step;
    pack_panel(p.b + row * p.b_row + (column + start) * p.b_column, p.b_row, p.b_column, k,
               smaller(width - start, step), packed + start * k);
  }
}

// A whole panel of rows that are contiguous: lanes<T> columns of it at a time.
template <class T>
int64_t pack_rows(const T* in, int64_t a_row, int64_t k, T* __restrict out) {
  constexpr int l = lanes<T>, parts = (tile_rows + l - 1) / l;
  int64_t q = 0;
  // Where a column is shorter than a vector, its store reaches into the next, which is written after
  // it, and at the end beyond the panel: not there. Where it is longer, its last vector is whole too.
  for (; q + 2 * l <= k; q += l)
#pragma GCC unroll 4
    for (int part = 0; part < parts; part++) {
      const int first = tile_rows < l ? 0 : part + 1 < parts ? part * l : tile_rows - l;
      Vec<T> block[l];
#pragma GCC unroll 16
      for (int i = 0; i < l; i++) block[i] = first + i < tile_rows ? load(in + (first + i) * a_row + q) : Vec<T>{};
      transpose_registers<T>(block);
#pragma GCC unroll 16
      for (int i = 0; i < l; i++) store(out + (q + i) * tile_rows + first, block[i]);
    }
  return q;
}

// One panel of rows; zeros stand for those that are missing.
template <class T>
void pack_panel_of_a(const Product<T>& p, const T* in, int n, int64_t k, T* __restrict out) {
  int64_t q = 0;
  if (n == tile_rows && p.a_column == 1) q = pack_rows(in, p.a_row, k, out);
  for (; q < k; q++)
    for (int i = 0; i < tile_rows; i++)
      out[q * tile_rows + i] = i < n ? in[i * p.a_row + q * p.a_column] : T(0);
}

// All panels where columns are contiguous: some side by side, so that a line of cache is read once.
template <class T>
void pack_columns(const T* in, int64_t a_column, int64_t height, int64_t k, T* __restrict packed) {
  constexpr int64_t group = 8 * tile_rows;
  const int64_t whole = height / tile_rows * tile_rows;
  for (int64_t i = 0; i < whole; i += group)
    for (int64_t q = 0; q < k; q++)
      for (int64_t panel = i; panel < whole && panel < i + group; panel += tile_rows) {
        const T* from = in + panel + q * a_column;
        __builtin_prefetch(from + ahead * a_column);
        __builtin_memcpy(packed + panel * k + q * tile_rows, from, tile_rows * sizeof(T));
      }
  for (int64_t q = 0; q < k && whole < height; q++)
    for (int i = 0; i < tile_rows; i++)
      packed[whole * k + q * tile_rows + i] = i < height - whole ? in[whole + i + q * a_column] : T(0);
}

// A panel of C from packed operands; copies A's too if it is the first to read them.
template <class T, int width>
TIDU_INLINE void packed_panel(const Product<T>& p, int64_t height, Operands<T> from, Target<T> to, const T* a,
                              T* packed_a) {
  from.a = packed_a, from.a_row = 1, from.a_column = tile_rows;
  for (int64_t i = 0; i < height; i += tile_rows) {
    const int n = smaller(height - i, tile_rows);
    if (a) pack_panel_of_a(p, a + i * p.a_row, n, from.k, packed_a + i * from.k);
    if (n == tile_rows) compute_tile<T, tile_rows, width>(Panels<T>{from.a, from.b, from.k}, to);
    else some_rows<T, tile_rows - 1, width>(n, from, to);
    from.a += tile_rows * from.k, to.c += tile_rows * to.c_row;
  }
}

template <class T>
void block(const Product<T>& p, int64_t row, int64_t height, int64_t column, int64_t width, int64_t k_first,
           int64_t k, const T* packed_b, T* packed_a) {
  constexpr int step = tile_columns<T>;
  const T* a = p.a + row * p.a_row + k_first * p.a_column;
  const bool with_bias = p.bias && k_first + k == p.k;
  Target<T> to{nullptr, p.c_row, 0, p.accumulate || k_first > 0, nullptr};
  if (packed_a && p.a_row == 1 && p.a_column != 1) {
    pack_columns(a, p.a_column, height, k, packed_a);
    a = nullptr;
  }
  for (int64_t j = 0; j < width; j += step) {
    const Operands<T> from{a, packed_b + j * k, p.a_row, p.a_column, step, k};
    to.c = p.c + row * p.c_row + column + j;
    to.width = smaller(width - j, step);
    if (with_bias) to.bias = p.bias + column + j;
    const bool narrow = to.width <= lanes<T>;
    if (!packed_a) (narrow ? panel<T, 1> : panel<T, vectors>)(height, from, to);
    else if (narrow) packed_panel<T, 1>(p, height, from, to, a, packed_a);
    else packed_panel<T, vectors>(p, height, from, to, a, packed_a);
    if (packed_a) a = nullptr;
  }
}

template <class T>
void direct(const Product<T>& p, int64_t column, int64_t width, T* room) {
  constexpr int step = tile_columns<T>;
  for (int64_t j = column; j < column + width; j += step) {
    const int n = smaller(column + width - j, step);
    Operands<T> from{p.a, p.b + j * p.b_column, p.a_row, p.a_column, p.b_row, p.k};
    if (p.b_column != 1 || (n != step && n != lanes<T>)) {
      pack_panel(from.b, p.b_row, p.b_column, p.k, n, room);
      from.b = room, from.b_row = step;
    }
    const Target<T> to{p.c + j, p.c_row, n, p.accumulate, p.bias ? p.bias + j : nullptr};
    if (n > lanes<T>) panel<T, 2>(p.m, from, to);
    else panel<T, 1>(p.m, from, to);
  }
}

// c = (c, or 0, or the bias) + the sum of x[r] * row r of B, for `n` rows of which the vectors are at b.
template <class T, int n>
TIDU_INLINE void add_rows(const T* x, int64_t x_step, const T* b, int64_t b_row, const T* start, T* c,
                          int64_t width) {
  constexpr int l = lanes<T>;
  Vec<T> factor[n];
#pragma GCC unroll 8
  for (int r = 0; r < n; r++) factor[r] = splat(x[r * x_step]);
  auto sum = [&](int64_t j) __attribute__((always_inline)) {
    Vec<T> even = start ? load(start + j) : Vec<T>{}, odd{};
#pragma GCC unroll 8
    for (int r = 0; r < n; r++) (r % 2 ? odd : even) += factor[r] * load(b + r * b_row + j);
    store(c + j, n > 1 ? even + odd : even);
  };
  int64_t j = 0;
#pragma GCC unroll 2
  for (; j + l <= width; j += l) sum(j);
  for (; j < width; j++) {
    T value = start ? start[j] : T(0);
#pragma GCC unroll 8
    for (int r = 0; r < n; r++) value += factor[r][0] * b[r * b_row + j];
    c[j] = value;
  }
}

template <class T, int n>
TIDU_INLINE void add_rest(int64_t rows, const T* x, int64_t x_step, const T* b, int64_t b_row, const T* start,
                          T* c, int64_t width) {
  if (rows == n) add_rows<T, n>(x, x_step, b, b_row, start, c, width);
  else if constexpr (n > 1) add_rest<T, n - 1>(rows, x, x_step, b, b_row, start, c, width);
}

template <class T>
void sum_rows(const Product<T>& p, int64_t column, int64_t width) {
  constexpr int at_once = 8;
  for (int64_t i = 0; i < p.m; i++) {
    T* c = p.c + i * p.c_row + column;
    const T *x = p.a + i * p.a_row, *b = p.b + column, *start = p.accumulate ? c : nullptr;
    if (p.bias && start)
      for (int64_t j = 0; j < width; j++) c[j] += p.bias[column + j];
    else if (p.bias) start = p.bias + column;
    for (int64_t left = p.k; left > 0; left -= at_once) {
      if (left >= at_once) add_rows<T, at_once>(x, p.a_column, b, p.b_row, start, c, width);
      else add_rest<T, at_once - 1>(left, x, p.a_column, b, p.b_row, start, c, width);
      x += at_once * p.a_column, b += at_once * p.b_row, start = c;
    }
  }
}

// The dot products of a vector with `n` others.
template <class T, int n>
TIDU_INLINE void dots(int64_t k, const T* a, const T* b, int64_t distance, T (&out)[n]) {
  constexpr int l = lanes<T>, chains = n == 1 ? 8 : 2;
  Vec<T> sum[n][chains] = {};
  int64_t q = 0;
  for (; q + chains * l <= k; q += chains * l)
#pragma GCC unroll 8
    for (int c = 0; c < chains; c++) {
      const Vec<T> x = load(a + q + c * l);
#pragma GCC unroll 4
      for (int j = 0; j < n; j++) sum[j][c] += x * load(b + j * distance + q + c * l);
    }
#pragma GCC unroll 4
  for (int j = 0; j < n; j++) {
#pragma GCC unroll 3
    for (int half = chains / 2; half > 0; half /= 2)
#pragma GCC unroll 4
      for (int c = 0; c < half; c++) sum[j][c] += sum[j][c + half];
    T total = 0;
    for (int64_t r = q; r < k; r++) total += a[r] * b[j * distance + r];
    T part[l];
    store(part, sum[j][0]);
#pragma GCC unroll 4
    for (int half = l / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (int i = 0; i < half; i++) part[i] += part[i + half];
    out[j] = part[0] + total;
  }
}

template <class T>
void dot_products(const Product<T>& p, int64_t column, int64_t width) {
  for (int64_t i = 0; i < p.m; i++) {
    const T* a = p.a + i * p.a_row;
    T* c = p.c + i * p.c_row;
    auto put = [&](int64_t j, T value) {
      c[j] = value + (p.accumulate ? c[j] : T(0)) + (p.bias ? p.bias[j] : T(0));
    };
    int64_t j = column;
    for (; j + 4 <= column + width; j += 4) {
      T out[4];
      dots(p.k, a, p.b + j * p.b_column, p.b_column, out);
      for (int r = 0; r < 4; r++) put(j + r, out[r]);
    }
    for (; j < column + width; j++) {
      T out[1];
      dots(p.k, a, p.b + j * p.b_column, p.b_column, out);
      put(j, out[0]);
    }
  }
}

template <class T>
GemmKernels<T> kernels() {
  return {tile_rows, tile_columns<T>, pack_b<T>, block<T>, direct<T>, sum_rows<T>, dot_products<T>};
}

}  // namespace

void fill(GemmTable& table) { table = {kernels<float>(), kernels<double>()}; }

}  // namespace tidu::TIDU_ISA
